//! What `CloudWatch` says of a queue, and what follows from it.
//!
//! A point has the time at which its minute begins. The current minute is not complete, the last one comes late, and any
//! may be missing. A point that is missing is unknown, and never counts as zero.

use std::collections::BTreeMap;

use serde::Serialize;
use sluice_order::Timestamp;

/// How long the time of one point is, in seconds.
pub(crate) const PERIOD: i64 = 60;

/// How many minutes `CloudWatch` is asked for. More than are used, because the last ones may not have come yet.
pub(crate) const LOOK_BACK: i64 = 10;

/// Rates are measured over at most this many minutes, and an age from before them is not used.
const USED: usize = 5;

/// The value of each minute that has one, by the time at which it begins in seconds since 1970.
pub(crate) type Series = BTreeMap<i64, f64>;

/// What `CloudWatch` says of a queue.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct QueueMetrics {
    /// Messages that were put into it.
    pub(crate) sent: Series,
    /// Messages that were deleted, because they were stored or settled otherwise.
    pub(crate) deleted: Series,
    /// The age of the oldest message in seconds, at most, in each minute.
    pub(crate) age: Series,
}

/// What came and went.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub(crate) struct Measured {
    /// Over this many minutes.
    pub(crate) minutes: u32,
    /// When the last of them ended.
    pub(crate) until: Timestamp,
    /// Orders that came, a second.
    pub(crate) in_per_second: f64,
    /// Orders that went, a second.
    pub(crate) out_per_second: f64,
}

impl QueueMetrics {
    /// Without the minutes that ended before the lane was changed: their rates say nothing of now. `changed` is in seconds
    /// since 1970.
    pub(crate) fn since(mut self, changed: Option<i64>) -> Self {
        let changed = changed.unwrap_or(i64::MIN);
        for series in [&mut self.sent, &mut self.deleted] {
            series.retain(|begin, _| begin + PERIOD > changed);
        }
        self
    }

    /// The rates over the last complete minutes that have both figures. `None` if there are none.
    pub(crate) fn measured(&self, now: i64) -> Option<Measured> {
        let both = self.sent.iter().rev().filter_map(|(begin, sent)| {
            let is_over = begin + PERIOD <= now;
            is_over.then_some((begin, sent, self.deleted.get(begin)?))
        });
        let minutes: Vec<_> = both.take(USED).collect();
        let (last, ..) = minutes.first()?;
        let count = u32::try_from(minutes.len()).ok()?;
        let seconds = f64::from(count) * 60.0;
        Some(Measured {
            minutes: count,
            until: Timestamp::from_millis((*last + PERIOD) * 1_000),
            in_per_second: minutes.iter().map(|(_, sent, _)| *sent).sum::<f64>() / seconds,
            out_per_second: minutes.iter().map(|(.., gone)| *gone).sum::<f64>() / seconds,
        })
    }

    /// How old the oldest message is in seconds, if it is known. The current minute counts too: its value can only be too
    /// low.
    pub(crate) fn oldest(&self, now: i64) -> Option<f64> {
        let (begin, age) = self.age.last_key_value()?;
        let fresh = i64::try_from(USED).ok()? * PERIOD;
        (now - begin < fresh + PERIOD).then_some(*age)
    }
}

/// When the current minute began, in seconds since 1970.
pub(crate) fn minute(now: i64) -> i64 {
    now - now.rem_euclid(PERIOD)
}

#[cfg(test)]
#[path = "queue_metrics_tests.rs"]
mod tests;
