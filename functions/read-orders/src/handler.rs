//! From a request to an answer.

use std::fmt::Display;

use lambda_http::{Body, Request, RequestExt, Response, http::header::RETRY_AFTER};
use serde::Serialize;
use sluice_api::{NoCaller, Offences, Problem, ProblemType};
use sluice_order::{
    Caller, Clock, Order, OrderId, OrderLine, Position, RejectReason, ShipTo, SystemClock,
    Timestamp,
};
use sluice_runtime::LiveSecrets;
use sluice_store::{Found, OrderStatus, OrderStore, Summary};

use tracing::Span;

use crate::query;

/// After how many seconds to look again for an order that is still in the buffer, or when storage is
/// out of reach.
const RETRY_AFTER_SECONDS: &str = "2";

/// The function, ready to serve.
#[derive(Debug)]
pub struct ReadOrders<S, C = SystemClock> {
    store: S,
    clock: C,
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
        Self::with_clock(store, SystemClock, secrets)
    }
}

impl<S: OrderStore, C: Clock> ReadOrders<S, C> {
    /// The function with its parts, and a clock that says whether a token has ended.
    pub fn with_clock(store: S, clock: C, secrets: impl Into<LiveSecrets>) -> Self {
        Self {
            store,
            clock,
            secrets: secrets.into(),
        }
    }

    /// Answers one request.
    pub async fn handle(&self, request: &Request) -> Response<Body> {
        Span::current().record("correlation_id", sluice_api::request_id(request));
        let answer = match sluice_api::caller(request, self.clock.now()) {
            Ok(caller) => match sluice_api::order_id(request) {
                Some(id) => self.get(id, &caller, request).await,
                None => self.list(&caller, request).await,
            },
            Err(why) => no_caller(why, request),
        };
        sluice_api::for_browsers(request, answer)
    }

    async fn get(&self, id: &str, caller: &Caller, request: &Request) -> Response<Body> {
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
            Ok(secrets) if caller.verify(&id, &secrets).is_ok() => {}
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
        let found = match self.store.find(&id).await {
            Ok(found) => found,
            Err(error) => return unavailable(&error, Some(id), request),
        };
        let order = found.as_ref().and_then(Found::order);
        // To a customer the order of another is as if it were not there (P9).
        if !caller.may_see(&id, order.map(Order::customer_id)) {
            return not_found();
        }
        let mut answer = Response::builder();
        match &found {
            None => answer = answer.header(RETRY_AFTER, RETRY_AFTER_SECONDS),
            Some(Found::Order(stored)) => {
                view.status = OrderStatus::InFulfillment;
                view.accepted_at = Some(stored.accepted_at);
                view.stored_at = Some(stored.stored_at);
            }
            Some(Found::Rejection(rejection)) => {
                view.status = OrderStatus::Rejected;
                view.reason = Some(rejection.reason);
                view.accepted_at = rejection.content.as_ref().map(|(at, ..)| *at);
            }
        }
        view.content = order.map(ContentView::from);
        let answer = sluice_api::json(answer, &view);
        match caller {
            // A browser asks again and again.
            Caller::Customer(_) => sluice_api::revalidated(request, answer),
            Caller::Backend => answer,
        }
    }

    async fn list(&self, caller: &Caller, request: &Request) -> Response<Body> {
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
        let query = match query::read(request, caller, &secrets) {
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
        if !caller.may_act_for(&query.customer_id) {
            let detail = "The query names another customer than the token: leave customer_id out.";
            let id = sluice_api::request_id(request);
            let problem = Problem::new(ProblemType::NotYourOrders, detail, id);
            return sluice_api::problem(Response::builder(), &problem);
        }
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

fn no_caller(why: NoCaller, request: &Request) -> Response<Body> {
    let (problem, detail) = match why {
        NoCaller::Expired => (ProblemType::TokenExpired, "Sign in again."),
        NoCaller::NoCustomer => {
            tracing::error!(
                "the API for tokens names no customer: its authorizer or its stage variables are not the template's"
            );
            (ProblemType::NotYourOrders, "The call names no customer.")
        }
    };
    let problem = Problem::new(problem, detail, sluice_api::request_id(request));
    sluice_api::problem(Response::builder(), &problem)
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
