//! The settings of a lane: writes a second, concurrency, and the batch size that fits both.
//!
//! A consumer refuses to start with settings that do not fit: the rule is [`LaneSettings::fitting`](sluice_order::LaneSettings).

use serde::Serialize;
use sluice_order::lane_settings::{
    BATCH_SECONDS, CONCURRENCY, LEAST_SHARE, MAX_INTERVAL, MIN_INTERVAL, NEEDED_SHARE, share,
};

use crate::terminal::units::{bytes, number, whole};

/// How many seconds of work a full batch should be: little is lost between batches, and much is left of the invocation's minute.
pub(crate) const AIM_SECONDS: f64 = 20.0;

/// What the settings have to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    /// Writes a second.
    pub(crate) writes: f64,
    /// How long storage takes for one, in seconds.
    pub(crate) latency: f64,
    /// What a message is in a batch, in bytes.
    pub(crate) record_bytes: f64,
    /// The most records of a batch.
    pub(crate) batch_records: f64,
    /// The most bytes of a batch.
    pub(crate) batch_bytes: f64,
    /// The most messages in flight.
    pub(crate) in_flight: f64,
    /// Messages that the event source gathers a second for one batch.
    pub(crate) gathered: f64,
    /// Writes that one invocation can have under way.
    pub(crate) at_once: u32,
}

/// Settings that a consumer takes.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub(crate) struct Settings {
    /// Writes a second.
    pub(crate) writes_per_second: f64,
    /// Invocations at once.
    pub(crate) concurrency: u32,
    /// Records of a batch.
    pub(crate) batch_size: u32,
    /// How long a full batch takes.
    pub(crate) batch_seconds: f64,
    /// The part of the pace that the lane reaches while orders wait: the rest is lost between batches.
    pub(crate) share: f64,
}

/// Why no batch size fits.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub(crate) enum NoFit {
    /// One write takes an invocation's share of the pace too long.
    #[error("each of {0} invocations would write once in {1} s, and the most is 25 s")]
    TooMany(u32, String),
    /// The timers of an invocation are not that fine.
    #[error("each of {0} invocations would write {1} times a second, and the most is 100")]
    TooFast(u32, String),
    /// Storage does not answer fast enough.
    #[error("{0} invocations have at most {3} under way each, which at {1} ms a write are {2}/s")]
    TooSlow(u32, String, String, String),
    /// What 5 s of work are is too much for one batch.
    #[error(
        "5 s of work are {records} records for each of {concurrency} invocations, {size}, and a batch holds {most}"
    )]
    TooLarge {
        /// Invocations at once.
        concurrency: u32,
        /// Records of the least batch.
        records: String,
        /// Their bytes.
        size: String,
        /// What a batch holds.
        most: String,
    },
    /// The queue does not hand out that many.
    #[error("5 s of work are {0} messages in flight, and the queue's limit is {1}")]
    InFlight(String, String),
}

impl Task {
    /// The settings at this concurrency.
    pub(crate) fn at(&self, concurrency: u32) -> Result<Settings, NoFit> {
        let invocations = f64::from(concurrency);
        let interval = invocations / self.writes;
        if interval > MAX_INTERVAL.as_secs_f64() {
            return Err(NoFit::TooMany(concurrency, number(interval)));
        }
        if interval < MIN_INTERVAL.as_secs_f64() {
            return Err(NoFit::TooFast(concurrency, number(1.0 / interval)));
        }
        let reach = f64::from(self.at_once) * invocations / self.latency;
        if reach < self.writes {
            let latency = number(self.latency * 1_000.0);
            let writes = match self.at_once {
                1 => "1 write".to_owned(),
                many => format!("{many} writes"),
            };
            return Err(NoFit::TooSlow(concurrency, latency, number(reach), writes));
        }
        // What is a whole number but for a rounding is that number.
        let least = (BATCH_SECONDS.start() / interval - 1e-9).ceil().max(1.0);
        let by_size = self
            .batch_records
            .min((self.batch_bytes / self.record_bytes).floor());
        let by_queue = (self.in_flight / invocations).floor();
        if least > by_size {
            return Err(NoFit::TooLarge {
                concurrency,
                records: number(least),
                size: bytes(least * self.record_bytes),
                most: number(by_size),
            });
        }
        if least > by_queue {
            let (messages, most) = (number(least * invocations), number(self.in_flight));
            return Err(NoFit::InFlight(messages, most));
        }
        // About 20 s of work are never more than 48, nor is one write: that was looked at first.
        let batch = round(AIM_SECONDS / interval).clamp(least, by_size.min(by_queue));
        Ok(Settings {
            writes_per_second: self.writes,
            concurrency,
            batch_size: whole(batch),
            batch_seconds: batch * interval,
            share: share(self.writes, concurrency, whole(batch), self.gathered),
        })
    }

    /// The settings at the least concurrency at which the lane reaches what it must of its pace; where none does, at the one
    /// that comes nearest.
    pub(crate) fn least(&self) -> Result<Settings, NoFit> {
        let mut best = self.at(*CONCURRENCY.start());
        for concurrency in CONCURRENCY {
            let now = self.at(concurrency);
            // More invocations only make the share of each smaller.
            let is_over = matches!(now, Err(NoFit::TooMany(..) | NoFit::InFlight(..)));
            best = match (best, now) {
                (Ok(best), Ok(now)) if now.share <= best.share => Ok(best),
                (Ok(best), Err(_)) => Ok(best),
                (_, now) => now,
            };
            if is_over || best.as_ref().is_ok_and(|best| best.share >= NEEDED_SHARE) {
                break;
            }
        }
        best
    }
}

/// Two digits, so that it reads well: a batch size is no exact science.
fn round(value: f64) -> f64 {
    let unit = 10_f64.powf((value.max(1.0).log10() - 1.0).floor().max(0.0));
    (value / unit).round() * unit
}

impl Settings {
    /// Orders that the lane stores a second at least, while there are any.
    pub(crate) fn least_rate(&self) -> f64 {
        self.writes_per_second * self.share.min(LEAST_SHARE)
    }

    /// Messages that are received and not yet deleted, at most.
    pub(crate) fn in_flight(&self) -> f64 {
        f64::from(self.batch_size) * f64::from(self.concurrency)
    }

    /// The settings as parameters of the template.
    pub(crate) fn parameters(&self, lane: sluice_order::Lane) -> Vec<String> {
        let lane = crate::deployment::stack::prefix(lane);
        vec![
            format!("{lane}WritesPerSecond={}", self.writes_per_second),
            format!("{lane}Concurrency={}", self.concurrency),
            format!("{lane}BatchSize={}", self.batch_size),
        ]
    }
}

#[cfg(test)]
#[path = "lane_tests.rs"]
mod tests;
