//! Which trace is an order's.

use sluice_order::{Timestamp, TraceId, TraceParent};
use sluice_store::Found;

use crate::terminal::failure::Failure;

/// X-Ray keeps traces [for 30 days](https://docs.aws.amazon.com/general/latest/gr/xray.html).
const KEPT_SECONDS: i64 = 30 * 86_400;

/// A trace that X-Ray does not have after this time will not come any more.
const LATE_SECONDS: i64 = 60;

/// What storage says of an order's trace.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Stored {
    /// It is this one.
    In(TraceId),
    /// The order is stored, and was not sampled.
    NotSampled,
    /// Nothing: the order is not stored. `is_rejected`: its rejection is.
    Unknown { is_rejected: bool },
}

impl Stored {
    /// What follows from what storage has.
    pub(crate) fn of(found: Option<&Found>) -> Self {
        match found {
            Some(Found::Order(order)) => {
                let place = order.traceparent.as_deref();
                let sampled = place
                    .and_then(TraceParent::from_traceparent)
                    .filter(|place| place.is_sampled);
                sampled.map_or(Self::NotSampled, |place| Self::In(place.trace_id))
            }
            Some(Found::Rejection(_)) => Self::Unknown { is_rejected: true },
            None => Self::Unknown { is_rejected: false },
        }
    }
}

/// Why X-Ray does not have this trace.
pub(crate) fn not_there(id: TraceId, now: Timestamp) -> Failure {
    let now = now.as_millis().div_euclid(1_000);
    let age = now.saturating_sub_unsigned(id.began_seconds());
    if age > KEPT_SECONDS {
        return Failure::wrong(
            format!(
                "the order is stored, but its trace {id} began {} days ago: X-Ray keeps 30",
                age / 86_400
            ),
            "see the order itself (`sluice status`)",
        );
    }
    let next = if age > LATE_SECONDS {
        "check that the functions may send traces (xray:PutTraceSegments), and that the region is the stack's; on a local stack, that receive-traces ran when the order was posted"
    } else {
        "run it again: X-Ray has a trace after some seconds"
    };
    Failure::wrong(
        format!("the order is stored, but X-Ray has no trace {id}"),
        next,
    )
}

/// The order is stored without a trace.
pub(crate) fn not_sampled() -> Failure {
    Failure::wrong(
        "the order is stored, but was not sampled: X-Ray has no trace of it",
        "see the order itself (`sluice status`), or raise the sampling rule's rate for later ones",
    )
}

/// Nobody knows the order's trace.
pub(crate) fn no_trace(is_rejected: bool, hours: &str) -> Failure {
    let what = if is_rejected {
        "the order was rejected, and"
    } else {
        "no such order is stored, and"
    };
    Failure::wrong(
        format!("{what} X-Ray has no trace of it that began in the last {hours}"),
        "check the id and the stack; look further back (--since 24h); X-Ray has a trace after some seconds, if it was sampled",
    )
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
