//! From a request to an answer.

use std::fmt::Display;

use lambda_http::{Body, Request, RequestExt, Response, http::header::RETRY_AFTER};
use serde::Serialize;
use sluice_api::{Offences, Problem, ProblemType};
use sluice_order::{Order, OrderId, OrderLine, Position, RejectReason, ShipTo, Timestamp};
use sluice_runtime::LiveSecrets;
use sluice_store::{Found, OrderStatus, OrderStore, Summary};

use tracing::Span;

use crate::query;

/// After how many seconds to look again for an order that is still in the buffer, or when storage is
/// out of reach.
const RETRY_AFTER_SECONDS: &str = "2";

/// The function, ready to serve.
#[derive(Debug)]
pub struct ReadOrders<S> {
    store: S,
    secrets: LiveSecrets,
}

/// What is known of an order.
#[derive(Serialize)]
struct OrderView<'a> {
    order_id: OrderId,
    status: OrderStatus,
    #[serde(flatten)]
    content: Option<ContentView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<RejectReason>,
}

#[derive(Serialize)]
struct ContentView<'a> {
    customer_id: &'a str,
    currency: &'a str,
    lines: &'a [OrderLine],
    #[serde(skip_serializing_if = "Option::is_none")]
    ship_to: Option<&'a ShipTo>,
    total: u64,
}

impl<'a> From<&'a Order> for ContentView<'a> {
    fn from(order: &'a Order) -> Self {
        Self {
            customer_id: order.customer_id().as_str(),
            currency: order.currency().code(),
            lines: order.lines(),
            ship_to: order.ship_to(),
            total: order.total(),
        }
    }
}

#[derive(Serialize)]
struct ListView {
    orders: Vec<Summary>,
    next_cursor: Option<String>,
}

impl<S: OrderStore> ReadOrders<S> {
    /// The function with its parts.
    pub fn new(store: S, secrets: impl Into<LiveSecrets>) -> Self {
        Self {
            store,
            secrets: secrets.into(),
        }
    }

    /// Answers one request.
    pub async fn handle(&self, request: &Request) -> Response<Body> {
        Span::current().record("correlation_id", sluice_api::request_id(request));
        match sluice_api::order_id(request) {
            Some(id) => self.get(id, request).await,
            None => self.list(request).await,
        }
    }

    async fn get(&self, id: &str, request: &Request) -> Response<Body> {
        let parsed = id.parse::<OrderId>();
        let not_found = || {
            let request_id = sluice_api::request_id(request);
            let detail = match &parsed {
                Ok(_) => "No order has this id.".to_owned(),
                Err(error) => format!("What stands behind orders/ is {error}."),
            };
            let problem = Problem::new(ProblemType::OrderNotFound, detail, request_id);
            sluice_api::problem(Response::builder(), &problem)
        };
        let Ok(id) = parsed else {
            return not_found();
        };
        match self.secrets.knowing(id.secret_number()).await {
            Ok(secrets) if secrets.verify(&id).is_ok() => {}
            Ok(_) => return not_found(),
            Err(error) => return unavailable(&error, None, request),
        }
        // The id asked for is the one answered: after a rotation the stored order may carry another text.
        let mut view = OrderView {
            order_id: id,
            status: OrderStatus::Accepted,
            content: None,
            accepted_at: None,
            stored_at: None,
            reason: None,
        };
        if sluice_api::is_smoke(request) {
            match self.store.has_smoke(&id).await {
                Ok(true) => {
                    view.status = OrderStatus::Smoke;
                    return sluice_api::json(Response::builder(), &view);
                }
                // It may be rejected.
                Ok(false) => {}
                Err(error) => return unavailable(&error, Some(id), request),
            }
        }
        match self.store.find(&id).await {
            Ok(None) => {
                let answer = Response::builder().header(RETRY_AFTER, RETRY_AFTER_SECONDS);
                sluice_api::json(answer, &view)
            }
            Ok(Some(Found::Order(stored))) => {
                view.status = OrderStatus::InFulfillment;
                view.content = Some(ContentView::from(&stored.order));
                view.accepted_at = Some(stored.accepted_at);
                view.stored_at = Some(stored.stored_at);
                sluice_api::json(Response::builder(), &view)
            }
            Ok(Some(Found::Rejection(rejection))) => {
                view.status = OrderStatus::Rejected;
                view.reason = Some(rejection.reason);
                if let Some((accepted_at, _, order)) = &rejection.content {
                    view.content = Some(ContentView::from(order));
                    view.accepted_at = Some(*accepted_at);
                }
                sluice_api::json(Response::builder(), &view)
            }
            Err(error) => unavailable(&error, Some(id), request),
        }
    }

    async fn list(&self, request: &Request) -> Response<Body> {
        let parameters = request.query_string_parameters_ref();
        let cursor = parameters.and_then(|parameters| parameters.first("cursor"));
        let secrets = match cursor.and_then(Position::secret_number) {
            Some(number) => self.secrets.knowing(number).await,
            None => self.secrets.ready().await,
        };
        let secrets = match secrets {
            Ok(secrets) => secrets,
            Err(error) => return unavailable(&error, None, request),
        };
        let query = match query::read(request, &secrets) {
            Ok(query) => query,
            Err(errors) => {
                let each = "Each entry of errors names a parameter, and the rule that it breaks.";
                let detail = sluice_api::foreign(request).unwrap_or(each);
                let id = sluice_api::request_id(request);
                let problem = Problem::new(ProblemType::InvalidQuery, detail, id)
                    .with_errors(Offences::Parameters(errors));
                return sluice_api::problem(Response::builder(), &problem);
            }
        };
        match self.store.list(&query).await {
            Ok(page) => sluice_api::json(
                Response::builder(),
                &ListView {
                    next_cursor: page.next.map(|next| next.to_cursor(&query, &secrets)),
                    orders: page.orders,
                },
            ),
            Err(error) => unavailable(&error, None, request),
        }
    }
}

fn unavailable(
    error: &impl Display,
    order_id: Option<OrderId>,
    request: &Request,
) -> Response<Body> {
    tracing::error!(%error, order_id = order_id.map(tracing::field::display), "a read cannot be answered");
    let problem = Problem::new(
        ProblemType::StorageUnavailable,
        "Accepted orders are safe; only reading them has to wait. Repeat the request.",
        sluice_api::request_id(request),
    );
    let answer = Response::builder().header(RETRY_AFTER, RETRY_AFTER_SECONDS);
    sluice_api::problem(answer, &problem)
}
