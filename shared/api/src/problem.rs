//! Errors, as the client sees them: RFC 9457.
//!
//! A problem tells the client what it can do. Whatever the operator needs goes to the log; no internal
//! message is ever part of an answer.

use serde::Serialize;
use sluice_order::FieldError;

/// What kind of problem it is. The `type` URI and the status never change once released.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProblemType {
    /// The body is not JSON, or ambiguous.
    InvalidJson,
    /// The `Idempotency-Key` breaks its rule.
    InvalidIdempotencyKey,
    /// A query parameter breaks its rule.
    InvalidQuery,
    /// The caller's token has ended.
    TokenExpired,
    /// The caller acts for another customer.
    NotYourOrders,
    /// No such order.
    OrderNotFound,
    /// The order is too large.
    OrderTooLarge,
    /// The body is not `application/json`.
    UnsupportedMediaType,
    /// The order breaks a rule.
    InvalidOrder,
    /// The buffer has no room for more orders at once: it did not take this one.
    Throttled,
    /// The buffer did not confirm the order: the outcome is unknown.
    OutcomeUnknown,
    /// The order was not accepted, and may be sent again.
    NotAccepted,
    /// Storage is out of reach.
    StorageUnavailable,
}

impl ProblemType {
    /// Its name: the last part of its `type` URI.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Status, name and title.
    #[rustfmt::skip]
    fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::InvalidJson => (400, "invalid-json", "The body is not valid JSON"),
            Self::InvalidIdempotencyKey => (400, "invalid-idempotency-key", "The Idempotency-Key header is not valid"),
            Self::InvalidQuery => (400, "invalid-query", "The query is not valid"),
            Self::TokenExpired => (401, "token-expired", "The token has ended"),
            Self::NotYourOrders => (403, "not-your-orders", "These are another customer's orders"),
            Self::OrderNotFound => (404, "order-not-found", "There is no such order"),
            Self::OrderTooLarge => (413, "order-too-large", "The order is too large"),
            Self::UnsupportedMediaType => (415, "unsupported-media-type", "The content type is not supported"),
            Self::InvalidOrder => (422, "invalid-order", "The order is not valid"),
            Self::Throttled => (429, "throttled", "There are too many orders at once"),
            Self::OutcomeUnknown => (503, "outcome-unknown", "It is not known whether the order was accepted"),
            Self::NotAccepted => (503, "not-accepted", "The order was not accepted"),
            Self::StorageUnavailable => (503, "storage-unavailable", "Orders cannot be read at the moment"),
        }
    }
}

/// One problem, ready to be answered with.
#[derive(Clone, Debug, Serialize)]
pub struct Problem<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Offences::is_empty")]
    errors: Offences,
}

/// What exactly is wrong with the request.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Offences {
    /// In its body.
    Fields(Vec<FieldError>),
    /// In its query.
    Parameters(Vec<ParameterError>),
}

impl Offences {
    fn is_empty(&self) -> bool {
        match self {
            Self::Fields(errors) => errors.is_empty(),
            Self::Parameters(errors) => errors.is_empty(),
        }
    }
}

/// One query parameter that breaks a rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ParameterError {
    /// Its name.
    pub parameter: String,
    /// Which rule, as the rest of a sentence that starts with the parameter.
    pub message: String,
}

impl<'a> Problem<'a> {
    /// A problem with one request. `detail` is for the client.
    pub fn new(r#type: ProblemType, detail: impl Into<String>, request_id: &'a str) -> Self {
        let (status, name, title) = r#type.row();
        Self {
            r#type: format!("urn:sluice:problem:{name}"),
            title,
            status,
            detail: detail.into(),
            request_id,
            errors: Offences::Fields(Vec::new()),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The problem with an entry for each offence.
    #[must_use]
    pub fn with_errors(mut self, errors: Offences) -> Self {
        self.errors = errors;
        self
    }
}
