//! What a record's trace, and every log line about it, says.

use sluice_order::Outcome;
use tracing::{Span, field::display, record_all};

use crate::{message::Message, sink::Envelope};

/// The first receives of a message are traced whatever becomes of them: this many. They show why an order is late.
const TRACED_RECEIVES: u32 = 3;

/// The span of one record, in the trace of the order that it is about. `envelope` is none where reading it panicked.
pub(crate) fn span<T>(lane: &str, message: &Message, envelope: Option<&Envelope<T>>) -> Span {
    let header = message.trace_header.as_deref();
    let traceparent = envelope.and_then(|envelope| envelope.traceparent.as_deref());
    let span = sluice_telemetry::order(header, traceparent, message.receives);
    record_all!(
        span,
        message_id = message.id.as_str(),
        lane = lane,
        metadata.sent_ms = message.sent_ms,
        metadata.first_received_ms = message.first_received_ms
    );
    if let Some(envelope) = envelope {
        record_all!(
            span,
            order_id = envelope.order_id.map(display),
            customer_hash = envelope.customer_hash.as_deref()
        );
    }
    span
}

/// Adds how the record ended. An order that is received a thousand times must not fill its trace, so of the later receives
/// only the last one is kept.
pub(crate) fn ended(span: &Span, message: &Message, outcome: Outcome) {
    span.record("outcome", display(outcome));
    if message.receives > TRACED_RECEIVES && outcome.comes_again() {
        span.record("sluice.is_dropped", true);
    }
}
