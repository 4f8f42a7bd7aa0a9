//! What a trace, and every log line, says of a record.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sluice_order::{Lane, message};
use tracing::{
    Span,
    field::{debug, display},
    record_all,
};

use crate::{
    message::Message,
    record::{Failure, Outcome, Parsed},
};

/// So many receives of an order are traced whatever becomes of them.
const TRACED: u32 = 3;

/// The span of one record, in the order's own trace.
pub(crate) fn span(lane: Lane, message: &Message, parsed: &Parsed) -> Span {
    let traceparent = if let Ok(Ok(accepted)) = parsed {
        accepted.traceparent.clone()
    } else {
        // An order that cannot be read has a trace all the same, if the envelope gives it away without a panic.
        let look = || message::traceparent_in(&message.body);
        catch_unwind(AssertUnwindSafe(look)).ok().flatten()
    };
    let header = message.trace_header.as_deref();
    let span = sluice_telemetry::order(header, traceparent.as_deref(), message.receives);
    record_all!(
        span,
        message_id = message.id.as_str(),
        lane = lane.as_str(),
        metadata.sent_ms = message.sent_ms,
        metadata.first_received_ms = message.first_received_ms
    );
    match parsed {
        Ok(Ok(accepted)) => {
            let customer = accepted.order.customer_id();
            record_all!(
                span,
                order_id = %accepted.order_id,
                customer_hash = customer.message_group()
            );
        }
        Ok(Err(Failure::Permanent { order_id, .. })) => {
            span.record("order_id", order_id.map(display));
        }
        Ok(Err(Failure::Transient(_) | Failure::NoTime)) | Err(_) => {}
    }
    span
}

/// Tells the span how the record ended. The first receives tell why an order is late, and the last one how it ended; an
/// order that is received a thousand times must not fill its trace.
pub(crate) fn ended(span: &Span, message: &Message, outcome: Outcome) {
    span.record("outcome", debug(outcome));
    if message.receives > TRACED && outcome.comes_again() {
        span.record("sluice.is_dropped", true);
    }
}
