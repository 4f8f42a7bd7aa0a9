//! The spans that a function opens itself.
//!
//! A field that is recorded into a span is in every log line that is written within the span. The fields in [`ANNOTATIONS`] also
//! become annotations of the trace, by which an operator can search.

use tracing::{Span, field::Empty};

use crate::{TARGET, TraceContext};

/// The fields that become annotations, which X-Ray indexes, whichever span they are recorded into.
pub const ANNOTATIONS: [&str; 7] = [
    "order_id",
    "customer_hash",
    "lane",
    "outcome",
    "receives",
    "attempts",
    "retries",
];

/// The span of an invocation, below Lambda's own segment of it.
///
/// `header` is the invocation's trace header; without one nothing is traced. `request_id` is Lambda's id of the invocation.
/// `is_cold` is true for the first invocation of the process.
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

/// The span of an order in a batch: a segment of the order's own trace. `receives` is how often the message was received.
///
/// The trace continues from the message's trace header, or from the `traceparent` in its envelope, which also decide whether it
/// is recorded. Without either it is a new trace, which is recorded if the invocation is.
pub fn order(header: Option<&str>, traceparent: Option<&str>, receives: u32) -> Span {
    let here = TraceContext::at(&Span::current());
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
        Some(context) => context.of_lineage(here.as_ref()).lead_to(&span),
        None if is_traced => TraceContext::none().lead_to(&span),
        None => TraceContext::unsampled().start(&span),
    }
    span
}

/// Why a call failed that was dropped before its answer came.
pub(crate) const CUT_OFF: &str = "cut off: the function had no more time for it";

/// Records why a call failed. `cause` never holds the other side's message, which may quote an order.
pub(crate) fn fail(span: &Span, cause: &str) {
    span.record("otel.status_code", "ERROR");
    tracing::error!(target: TARGET, parent: span, { exception.message = cause }, "exception");
}
