//! The spans that a function opens itself.
//!
//! Their fields are what is known: recorded once, they stand in every log line within, and those that [`ANNOTATIONS`] names
//! are annotations of the trace, by which an operator can search.

use tracing::{Span, field::Empty};

use crate::{TARGET, TraceContext};

/// The fields that X-Ray indexes, whichever span they are recorded into.
pub const ANNOTATIONS: [&str; 7] = [
    "order_id",
    "customer_hash",
    "lane",
    "outcome",
    "receives",
    "attempts",
    "retries",
];

/// An invocation, under Lambda's own segment of it. `header` is the invocation's trace header; without one nothing is
/// traced. `request_id` is Lambda's id of it, `is_cold` says that it is the process's first.
pub fn invocation(service: &str, header: Option<&str>, request_id: &str, is_cold: bool) -> Span {
    let context = header.and_then(TraceContext::of_header);
    let span = tracing::info_span!(
        target: TARGET,
        parent: None,
        "invocation",
        otel.name = service,
        cold_start = is_cold,
        function_arn = Empty,
        function_request_id = request_id,
        correlation_id = Empty,
        xray_trace_id = Empty,
        order_id = Empty,
        customer_hash = Empty,
        lane = Empty,
        outcome = Empty,
        metadata.api_started_ms = Empty,
    );
    match context {
        Some(context) => context.lead_to(&span),
        None => TraceContext::unsampled().start(&span),
    }
    span
}

/// An order in a batch, received so often: a segment of the order's own trace. That goes on from the message's trace header,
/// or from the `traceparent` in its envelope; without either it is a new one. Whether it is recorded is said there; a new
/// one is, if the invocation is.
pub fn order(header: Option<&str>, traceparent: Option<&str>, receives: u32) -> Span {
    let invocation = TraceContext::of_span(&Span::current());
    let is_traced = invocation.is_some();
    let span = tracing::info_span!(
        target: TARGET,
        "order",
        otel.kind = "server",
        message_id = Empty,
        xray_trace_id = Empty,
        order_id = Empty,
        customer_hash = Empty,
        lane = Empty,
        outcome = Empty,
        receives = i64::from(receives),
        metadata.invocation = invocation.map(|of| of.header()),
        metadata.sent_ms = Empty,
        metadata.first_received_ms = Empty,
        sluice.is_dropped = Empty,
    );
    match TraceContext::of_order(header, traceparent) {
        Some(context) => context.lead_to(&span),
        None if is_traced => TraceContext::none().lead_to(&span),
        None => TraceContext::unsampled().start(&span),
    }
    span
}
