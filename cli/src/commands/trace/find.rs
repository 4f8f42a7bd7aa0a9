//! Which trace is an order's.

use sluice_order::Timestamp;
use sluice_store::Found;

use crate::terminal::failure::Failure;

/// X-Ray keeps traces [for 30 days](https://docs.aws.amazon.com/general/latest/gr/xray.html).
const KEPT_SECONDS: i64 = 30 * 86_400;

/// A trace that X-Ray does not have after this time will not come any more.
const LATE_SECONDS: i64 = 60;

/// The id of a trace, as X-Ray writes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TraceId(pub(crate) String);

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
                let sampled = order.traceparent.as_deref().and_then(TraceId::of);
                sampled.map_or(Self::NotSampled, Self::In)
            }
            Some(Found::Rejection(_)) => Self::Unknown { is_rejected: true },
            None => Self::Unknown { is_rejected: false },
        }
    }
}

impl TraceId {
    /// That of a W3C `traceparent`, if its flags say that it is recorded.
    fn of(traceparent: &str) -> Option<Self> {
        let parts: Vec<_> = traceparent.split('-').collect();
        let [_, trace, _, flags] = parts[..] else {
            return None;
        };
        let is_sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        let (epoch, unique) = trace.split_at_checked(8)?;
        is_sampled.then(|| Self(format!("1-{epoch}-{unique}")))
    }

    /// When it began, in seconds since 1970.
    fn began(&self) -> Option<i64> {
        i64::from_str_radix(self.0.split('-').nth(1)?, 16).ok()
    }

    /// Why X-Ray does not have it.
    pub(crate) fn not_there(&self, now: Timestamp) -> Failure {
        let Self(id) = self;
        let now = now.as_millis().div_euclid(1_000);
        let age = self.began().map_or(0, |began| now.saturating_sub(began));
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
