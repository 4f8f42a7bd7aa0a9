//! From a request to an answer.

use lambda_http::{
    Body, Request, RequestExt, Response,
    http::{
        HeaderName,
        header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION, RETRY_AFTER},
    },
};
use metrics::counter;
use serde::Serialize;
use serde_json::Value;
use sluice_api::{NoCaller, NotOneText, Offences, Problem, ProblemType};
use sluice_order::{
    Caller, Clock, Currency, CustomerId, FieldError, HotSkus, IdempotencyKey, Order, OrderAccepted,
    OrderId, OrderKey, Timestamp, TooLarge, TraceParent,
    fields::{broken_ascii_rule, means_idempotency_key},
    json, not_json, offer,
};
use sluice_runtime::{LiveSecrets, SecretsUnavailable};
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
    secrets: LiveSecrets,
    /// The shop's, where customers may order themselves.
    offers: Option<LiveSecrets>,
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
struct Refusal(ProblemType, String, Vec<FieldError>);

fn refuse(problem: ProblemType, detail: impl Into<String>) -> Refusal {
    Refusal(problem, detail.into(), Vec::new())
}

impl<P: Publisher, C: Clock> AcceptOrder<P, C> {
    /// The function with its parts.
    pub fn new(publisher: P, clock: C, secrets: impl Into<LiveSecrets>, hot_skus: HotSkus) -> Self {
        Self {
            publisher,
            clock,
            secrets: secrets.into(),
            offers: None,
            hot_skus,
        }
    }

    /// With the secrets that the shop signs its offers with, so that customers may order too.
    #[must_use]
    pub fn with_offers(mut self, offers: Option<LiveSecrets>) -> Self {
        self.offers = offers;
        self
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
        let answer = match answer {
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
        };
        sluice_api::for_browsers(request, answer)
    }

    async fn accept(
        &self,
        request: &Request,
        trace_header: Option<&str>,
    ) -> Result<Receipt, Refusal> {
        let caller = sluice_api::caller(request, self.clock.now()).map_err(no_caller)?;
        check_content_type(request)?;
        check_content_encoding(request)?;
        let idempotency_key = read_idempotency_key(request)?;
        let (order, secrets) = match &caller {
            Caller::Backend => (read_order(request)?, self.secrets.ready().await),
            Caller::Customer(customer) => {
                if idempotency_key.is_none() {
                    let detail = "A browser repeats what it gets no answer to. Send a key that it keeps in the header Idempotency-Key.";
                    return Err(refuse(ProblemType::InvalidIdempotencyKey, detail));
                }
                // At once, because each may take 2 s, and SNS 7 s of the function's 10.
                let (order, secrets) =
                    tokio::join!(self.read_order_of(customer, request), self.secrets.ready());
                (order?, secrets)
            }
        };
        let secrets = secrets.map_err(not_now)?;
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
            &secrets,
        );
        let publication = Publication {
            order_id: accepted.order_id,
            body: accepted.to_body().map_err(too_large)?,
            lane: self.hot_skus.lane_of(&accepted.order),
            is_smoke: accepted.order.is_smoke(),
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

    /// Reads an order that a customer makes himself, at the shop's prices.
    async fn read_order_of(
        &self,
        customer: &CustomerId,
        request: &Request,
    ) -> Result<Order, Refusal> {
        let value = read_json(request)?;
        let Some(offers) = &self.offers else {
            tracing::error!("a customer orders, and OFFER_SECRETS is not set");
            return Err(refuse(ProblemType::NotAccepted, "Repeat the request."));
        };
        let known = offers.ready().await.map_err(not_now)?;
        let secrets = match offer::unknown_secret(&value, &known) {
            Some(number) => offers.knowing(number).await.map_err(not_now)?,
            None => known,
        };
        let order = offer::read_order(value, customer, &secrets, self.clock.now());
        order.map_err(|refused| match refused {
            offer::Refused::OtherCustomer => refuse(
                ProblemType::NotYourOrders,
                "The order names another customer than the token: leave customer_id out.",
            ),
            offer::Refused::Fields(errors) => invalid_order(errors),
        })
    }
}

fn no_caller(why: NoCaller) -> Refusal {
    match why {
        NoCaller::Expired => refuse(
            ProblemType::TokenExpired,
            "Nothing was accepted. Sign in again, then repeat the request with the same Idempotency-Key.",
        ),
        NoCaller::NoCustomer => {
            tracing::error!(
                "the API for tokens names no customer: its authorizer or its stage variables are not the template's"
            );
            refuse(ProblemType::NotYourOrders, "The call names no customer.")
        }
    }
}

fn not_now(_: SecretsUnavailable) -> Refusal {
    refuse(ProblemType::NotAccepted, "Repeat the request.")
}

fn check_content_type(request: &Request) -> Result<(), Refusal> {
    let unsupported = |what: &str| {
        let detail = format!("{what} Send the order as application/json in UTF-8.");
        Err(refuse(ProblemType::UnsupportedMediaType, detail))
    };
    let content_type = match sluice_api::header(request, &CONTENT_TYPE) {
        Ok(None | Some("")) => {
            let missing = "The request has no Content-Type.";
            return unsupported(sluice_api::foreign(request).unwrap_or(missing));
        }
        Ok(Some(content_type)) => content_type,
        Err(NotOneText) => {
            return unsupported("The Content-Type is there more than once, or is no text.");
        }
    };
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    if !essence.eq_ignore_ascii_case("application/json") {
        return unsupported(&format!("The Content-Type is {}.", shown(essence)));
    }
    let is_charset = |(name, _): &(&str, &str)| name.trim().eq_ignore_ascii_case("charset");
    for (_, charset) in parts
        .filter_map(|part| part.split_once('='))
        .filter(is_charset)
    {
        let charset = charset.trim().trim_matches(['"', '\'']);
        if !["utf-8", "utf8"]
            .iter()
            .any(|known| charset.eq_ignore_ascii_case(known))
        {
            return unsupported(&format!("The charset is {}.", shown(charset)));
        }
    }
    Ok(())
}

fn check_content_encoding(request: &Request) -> Result<(), Refusal> {
    let found = match sluice_api::header(request, &CONTENT_ENCODING) {
        Ok(None | Some("")) => return Ok(()),
        Ok(Some(encoding)) if encoding.eq_ignore_ascii_case("identity") => return Ok(()),
        Ok(Some(encoding)) => format!("The Content-Encoding is {}.", shown(encoding)),
        Err(NotOneText) => "There is more than one Content-Encoding.".to_owned(),
    };
    let detail = format!("{found} Send the order uncompressed.");
    Err(refuse(ProblemType::UnsupportedMediaType, detail))
}

/// The start of what a client sent, for its own eyes.
fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

fn read_idempotency_key(request: &Request) -> Result<Option<IdempotencyKey>, Refusal> {
    let invalid = |what: String| {
        let detail = format!(
            "{what} Send one key of 1 to 255 visible ASCII characters in the header Idempotency-Key."
        );
        Err(refuse(ProblemType::InvalidIdempotencyKey, detail))
    };
    // A key that goes unnoticed is a second order when the request is repeated.
    let names = request
        .headers()
        .keys()
        .filter(|name| **name != IDEMPOTENCY_KEY);
    if let Some(name) = names
        .map(HeaderName::as_str)
        .find(|name| means_idempotency_key(name))
    {
        return invalid(format!("The header {} is not known.", shown(name)));
    }
    let query = request.query_string_parameters_ref();
    let mut parameters = query.into_iter().flat_map(|query| query.iter());
    if let Some((name, _)) = parameters.find(|(name, _)| means_idempotency_key(name)) {
        return invalid(format!(
            "The query's parameter {} is not known.",
            shown(name)
        ));
    }
    let key = match sluice_api::header(request, &IDEMPOTENCY_KEY) {
        Ok(None) => return Ok(None),
        Ok(Some(key)) => key,
        Err(NotOneText) => {
            return invalid("The key is there more than once, or is no text.".to_owned());
        }
    };
    let Some(read) = IdempotencyKey::new(key.to_owned()) else {
        let rule = broken_ascii_rule(key, 255).unwrap_or_default();
        return invalid(format!("The key {rule}."));
    };
    Ok(Some(read))
}

fn read_json(request: &Request) -> Result<Value, Refusal> {
    let body = sluice_api::body(request).map_err(|why| refuse(ProblemType::InvalidJson, why))?;
    if body.len() > MAX_REQUEST {
        let detail = format!(
            "A request is at most {} KiB. Split the order.",
            MAX_REQUEST / 1024
        );
        return Err(refuse(ProblemType::OrderTooLarge, detail));
    }
    json::parse(body).map_err(|error| {
        let likely = not_json::likely(body, &error).unwrap_or_default();
        let detail = format!("The parser says: {error}. {likely}");
        refuse(ProblemType::InvalidJson, detail.trim_end())
    })
}

fn read_order(request: &Request) -> Result<Order, Refusal> {
    let value = read_json(request)?;
    let read = if sluice_api::is_smoke(request) {
        Order::smoke_from_json
    } else {
        Order::from_json
    };
    read(value).map_err(invalid_order)
}

fn invalid_order(errors: Vec<FieldError>) -> Refusal {
    let detail =
        "Each entry of errors names a field by its JSON pointer, and the rule that it breaks.";
    Refusal(ProblemType::InvalidOrder, detail.to_owned(), errors)
}

fn too_large(error: TooLarge) -> Refusal {
    refuse(ProblemType::OrderTooLarge, format!("{error}. Split it."))
}
