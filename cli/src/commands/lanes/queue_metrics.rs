//! What `CloudWatch` says of a queue, and what follows from it.
//!
//! A point has the time at which its minute begins. The minute that is not over yet is less than a minute, the last one
//! comes late, and any may be missing: what is not there is not known, and never counts as zero.

use std::collections::BTreeMap;

use serde::Serialize;
use sluice_order::Timestamp;

/// How long a point is, in seconds.
pub(crate) const PERIOD: i64 = 60;

/// How many minutes are asked for: more than are used, because the last ones may not have come yet.
pub(crate) const LOOK_BACK: i64 = 10;

/// Rates are of so many minutes at most, and an age that is older than that says nothing.
const USED: usize = 5;

/// The value of each minute that has one, by the second at which it begins.
pub(crate) type Series = BTreeMap<i64, f64>;

/// What `CloudWatch` says of a queue.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Figures {
    /// Messages that were put into it.
    pub(crate) sent: Series,
    /// Messages that were deleted, because they were stored or settled otherwise.
    pub(crate) deleted: Series,
    /// How old the oldest message was at most, in seconds.
    pub(crate) age: Series,
}

/// What came and went.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub(crate) struct Measured {
    /// Over so many minutes.
    pub(crate) minutes: u32,
    /// When the last of them ended.
    pub(crate) until: Timestamp,
    /// Orders that came, a second.
    pub(crate) in_per_second: f64,
    /// Orders that went, a second.
    pub(crate) out_per_second: f64,
}

impl Figures {
    /// Without the minutes that were over before something changed: what came and went then says nothing of now.
    pub(crate) fn since(mut self, changed: Option<i64>) -> Self {
        let changed = changed.unwrap_or(i64::MIN);
        for series in [&mut self.sent, &mut self.deleted] {
            series.retain(|begin, _| begin + PERIOD > changed);
        }
        self
    }

    /// The rates over the last minutes that are over and have both figures. None: there is none.
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

    /// How old the oldest message is, as far as is known. The minute that is not over counts: it can only be too low.
    pub(crate) fn oldest(&self, now: i64) -> Option<f64> {
        let (begin, age) = self.age.last_key_value()?;
        let fresh = i64::try_from(USED).ok()? * PERIOD;
        (now - begin < fresh + PERIOD).then_some(*age)
    }
}

/// When the minute begins that is under way.
pub(crate) fn minute(now: i64) -> i64 {
    now - now.rem_euclid(PERIOD)
}

#[cfg(test)]
#[path = "figures_tests.rs"]
mod tests;
