//! From a request to an answer.

use lambda_http::{
    Body, Request, Response,
    http::{
        HeaderName,
        header::{CONTENT_TYPE, LOCATION, RETRY_AFTER},
    },
};
use metrics::counter;
use serde::Serialize;
use sluice_api::{NotOneText, Offences, Problem, ProblemType};
use sluice_order::{
    Clock, Currency, HotSkus, IdempotencyKey, Order, OrderAccepted, OrderId, OrderKey, Secrets,
    Timestamp, TooLarge, TraceParent, json,
};
use tracing::{Span, record_all};

use crate::{Publication, PublishError, Publisher};

/// The largest request body that is read, in bytes: no order that is longer fits a message.
pub const MAX_REQUEST: usize = 256 * 1024;

/// After how many seconds a client repeats a request that SNS did not confirm.
const RETRY_AFTER_SECONDS: &str = "2";

/// The header that names an order for its customer.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The function, ready to serve.
#[derive(Debug)]
pub struct AcceptOrder<P, C> {
    publisher: P,
    clock: C,
    secrets: Secrets,
    hot_skus: HotSkus,
}

/// The answer to an accepted order.
#[derive(Serialize)]
struct Receipt {
    order_id: OrderId,
    status: &'static str,
    total: u64,
    currency: Currency,
    accepted_at: Timestamp,
}

/// Why a request is not accepted: the problem, and what it tells the client.
struct Refusal(ProblemType, String, Vec<sluice_order::FieldError>);

fn refuse(problem: ProblemType, detail: impl Into<String>) -> Refusal {
    Refusal(problem, detail.into(), Vec::new())
}

impl<P: Publisher, C: Clock> AcceptOrder<P, C> {
    /// The function with its parts.
    pub fn new(publisher: P, clock: C, secrets: Secrets, hot_skus: HotSkus) -> Self {
        Self {
            publisher,
            clock,
            secrets,
            hot_skus,
        }
    }

    /// Answers one request. `trace_header` is the invocation's X-Ray header.
    pub async fn handle(&self, request: &Request, trace_header: Option<&str>) -> Response<Body> {
        let span = Span::current();
        record_all!(
            span,
            correlation_id = sluice_api::request_id(request),
            metadata.api_started_ms = sluice_api::taken_ms(request)
        );
        let answer = self.accept(request, trace_header).await;
        let outcome = match &answer {
            Ok(_) => "Accepted",
            Err(Refusal(ProblemType::OutcomeUnknown, ..)) => "Unknown",
            Err(_) => "Refused",
        };
        span.record("outcome", outcome);
        if let Err(Refusal(problem, ..)) = &answer {
            let reason = problem.name();
            counter!("OrdersRefused", "reason" => reason).increment(1);
            // What went wrong on our side was logged where it did.
            if !matches!(
                problem,
                ProblemType::OutcomeUnknown | ProblemType::NotAccepted | ProblemType::Throttled
            ) {
                tracing::info!(reason, "refused");
            }
        }
        match answer {
            // Relative to the request, since only the client knows the stage or the domain in front of it.
            Ok(receipt) => {
                let location = format!("orders/{}", receipt.order_id);
                let answer = Response::builder().status(202).header(LOCATION, location);
                sluice_api::json(answer, &receipt)
            }
            Err(Refusal(problem, detail, errors)) => {
                let problem = Problem::new(problem, detail, sluice_api::request_id(request))
                    .with_errors(Offences::Fields(errors));
                let mut answer = Response::builder();
                if matches!(problem.status(), 429 | 503) {
                    answer = answer.header(RETRY_AFTER, RETRY_AFTER_SECONDS);
                }
                sluice_api::problem(answer, &problem)
            }
        }
    }

    async fn accept(
        &self,
        request: &Request,
        trace_header: Option<&str>,
    ) -> Result<Receipt, Refusal> {
        check_content_type(request)?;
        let idempotency_key = read_idempotency_key(request)?;
        let order = read_order(request)?;
        let key = match &idempotency_key {
            Some(key) => OrderKey::derived(order.customer_id(), key),
            None => OrderKey::random().map_err(|error| {
                tracing::error!(%error, "no random bytes to name an order with");
                refuse(ProblemType::NotAccepted, "Repeat the request.")
            })?,
        };
        let accepted = OrderAccepted::new(
            order,
            key,
            self.clock.now(),
            trace_header
                .and_then(TraceParent::from_header)
                .map(|parent| parent.to_string()),
            &self.secrets,
        );
        let publication = Publication {
            order_id: accepted.order_id,
            body: accepted.to_body().map_err(too_large)?,
            lane: self.hot_skus.lane_of(&accepted.order),
            group: accepted.order.customer_id().message_group(),
        };
        let span = Span::current();
        record_all!(
            span,
            order_id = %publication.order_id,
            customer_hash = publication.group.as_str(),
            lane = publication.lane.as_str()
        );
        self.publisher.publish(&publication).await.map_err(|error| {
            tracing::error!(%error, "an order was not confirmed");
            if matches!(error, PublishError::Throttled(_)) {
                let detail = "Nothing was accepted. Wait, then repeat the request.";
                return refuse(ProblemType::Throttled, detail);
            }
            refuse(
                ProblemType::OutcomeUnknown,
                if idempotency_key.is_some() {
                    "Repeat the request with the same Idempotency-Key: it is then one order, however often it is sent."
                } else {
                    "The request had no Idempotency-Key, so a repeat may make a second order."
                },
            )
        })?;
        counter!("OrdersAccepted", "lane" => publication.lane.as_str()).increment(1);
        tracing::info!("accepted");
        Ok(Receipt {
            order_id: accepted.order_id,
            status: "ACCEPTED",
            total: accepted.order.total(),
            currency: accepted.order.currency(),
            accepted_at: accepted.accepted_at,
        })
    }
}

fn check_content_type(request: &Request) -> Result<(), Refusal> {
    let unsupported = || {
        refuse(
            ProblemType::UnsupportedMediaType,
            "Send the order as application/json in UTF-8.",
        )
    };
    let Ok(Some(content_type)) = sluice_api::header(request, &CONTENT_TYPE) else {
        return Err(unsupported());
    };
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|parameter| {
        parameter
            .split_once('=')
            .filter(|(name, _)| name.eq_ignore_ascii_case("charset"))
            .is_none_or(|(_, charset)| charset.trim_matches('"').eq_ignore_ascii_case("utf-8"))
    });
    if is_json && is_utf8 {
        Ok(())
    } else {
        Err(unsupported())
    }
}

fn read_idempotency_key(request: &Request) -> Result<Option<IdempotencyKey>, Refusal> {
    match sluice_api::header(request, &IDEMPOTENCY_KEY) {
        Ok(None) => Some(None),
        Ok(Some(key)) => IdempotencyKey::new(key.to_owned()).map(Some),
        Err(NotOneText) => None,
    }
    .ok_or_else(|| {
        refuse(
            ProblemType::InvalidIdempotencyKey,
            "Send one key of 1 to 255 visible ASCII characters.",
        )
    })
}

fn read_order(request: &Request) -> Result<Order, Refusal> {
    let body = sluice_api::body(request)
        .ok_or_else(|| refuse(ProblemType::InvalidJson, "The body cannot be decoded."))?;
    if body.len() > MAX_REQUEST {
        return Err(too_large(TooLarge));
    }
    let value = json::parse(body).map_err(|error| {
        refuse(
            ProblemType::InvalidJson,
            format!("The parser says: {error}."),
        )
    })?;
    Order::from_json(value).map_err(|errors| {
        let detail =
            "Each entry of errors names a field by its JSON pointer, and the rule that it breaks.";
        Refusal(ProblemType::InvalidOrder, detail.to_owned(), errors)
    })
}

fn too_large(_: TooLarge) -> Refusal {
    refuse(ProblemType::OrderTooLarge, format!("{TooLarge}. Split it."))
}
