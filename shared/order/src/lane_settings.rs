//! The settings of a lane that have to fit each other: writes a second, concurrency, batch size.
//!
//! This is the only place of the rule. A consumer refuses to start with settings that do not fit, `sluice plan` proposes
//! only settings that do, and a test checks the template's defaults.

use std::{ops::RangeInclusive, time::Duration};

/// The writes a second that a lane may be set to.
pub const WRITES_PER_SECOND: RangeInclusive<f64> = 0.1..=100_000.0;

/// The concurrency that a lane may be set to: what the event source takes.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>
pub const CONCURRENCY: RangeInclusive<u32> = 2..=1_000;

/// How long a full batch may take at the pace, in seconds. A shorter one wastes the time between batches; a longer one does
/// not fit an invocation.
pub const BATCH_SECONDS: RangeInclusive<f64> = 5.0..=48.0;

/// The part of the set pace that an invocation aims at. Timers and networks shift writes, and that must not push a second over
/// the limit.
pub const AIM: f64 = 0.98;

/// What a lane must reach of its pace while orders wait: promise P4.
pub const LEAST_SHARE: f64 = 0.9;

/// What settings must reach on average for that: a minute may hold one pause between two batches more than its share of them.
pub const NEEDED_SHARE: f64 = 0.915;

/// How long the event source gathers a batch, in seconds: what the template sets. It begins when the invocation before has
/// ended. <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html>
pub const WINDOW_SECONDS: f64 = 1.0;

/// How many messages a poller of the event source gathers in a second: 10 calls of 10 messages. AWS says so of the provisioned
/// mode and publishes no figure for the other. <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>
pub const GATHERED_PER_SECOND: f64 = 100.0;

/// The shortest time between two writes of an invocation. Timers tick once a millisecond, so a shorter one is not kept.
pub const MIN_INTERVAL: Duration = Duration::from_millis(10);

/// The most calls to storage that an invocation has under way at once.
pub const CALLS_AT_ONCE: u32 = 32;

/// The longest time between two writes of an invocation. A conflict needs two turns, and both have to come within one
/// invocation.
pub const MAX_INTERVAL: Duration = Duration::from_secs(25);

/// Settings of a lane that fit each other.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LaneSettings {
    interval: Duration,
}

/// The share of its pace that a lane reaches while orders wait, if a poller gathers `gathered` messages a second.
///
/// An invocation stands still while its next batch is gathered, and the event source invokes it with what it has at the end of
/// the window. So each invocation works for n·C/W seconds at n messages a batch, and then waits for as long as it takes to gather
/// n. More than a window's messages do not help: what counts is C/W, the work of one message. 0.9 of the pace in every minute
/// needs 0.14 s of it, at 100 messages gathered a second.
pub fn share(writes: f64, concurrency: u32, batch: u32, gathered: f64) -> f64 {
    let messages = f64::from(batch).min((gathered * WINDOW_SECONDS).max(1.0));
    let gathering = (messages / gathered).min(WINDOW_SECONDS);
    let pace = messages * f64::from(concurrency) / writes;
    pace / (pace / AIM + gathering)
}

/// Settings that do not fit; for the operator.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Unfit {
    /// Writes a second out of range.
    #[error("WRITES_PER_SECOND is {0}, and must be from {start} to {end}", start = WRITES_PER_SECOND.start(), end = WRITES_PER_SECOND.end())]
    WritesPerSecond(f64),
    /// Concurrency out of range.
    #[error("CONCURRENCY is {0}, and must be from {start} to {end}", start = CONCURRENCY.start(), end = CONCURRENCY.end())]
    Concurrency(u32),
    /// Too many writes for one invocation.
    #[error(
        "WRITES_PER_SECOND {writes} at CONCURRENCY {concurrency} is a write every {interval:?} in each invocation, and the least is {MIN_INTERVAL:?}: raise CONCURRENCY"
    )]
    TooFast {
        /// Writes a second.
        writes: f64,
        /// Invocations at once.
        concurrency: u32,
        /// Between two writes of one.
        interval: Duration,
    },
    /// Too few writes for one invocation.
    #[error(
        "WRITES_PER_SECOND {writes} at CONCURRENCY {concurrency} is a write every {interval:?} in each invocation, and the most is {MAX_INTERVAL:?}: lower CONCURRENCY"
    )]
    TooSlow {
        /// Writes a second.
        writes: f64,
        /// Invocations at once.
        concurrency: u32,
        /// Between two writes of one.
        interval: Duration,
    },
    /// A batch that is too small or too large for the pace.
    #[error("BATCH_SIZE {batch} at WRITES_PER_SECOND {writes} and CONCURRENCY {concurrency} is {seconds:.1} s of work, and must be from {start} to {end}: `sluice plan` prints what fits", start = BATCH_SECONDS.start(), end = BATCH_SECONDS.end())]
    Batch {
        /// Records in a batch, at most.
        batch: u32,
        /// Writes a second.
        writes: f64,
        /// Invocations at once.
        concurrency: u32,
        /// How long a full batch takes at this pace.
        seconds: f64,
    },
}

impl LaneSettings {
    /// A lane of `concurrency` invocations that together write `writes` times a second, and take batches of up to `batch`
    /// records.
    ///
    /// # Errors
    /// The values do not fit, one by one or together.
    pub fn fitting(writes: f64, concurrency: u32, batch: u32) -> Result<Self, Unfit> {
        if !WRITES_PER_SECOND.contains(&writes) {
            return Err(Unfit::WritesPerSecond(writes));
        }
        if !CONCURRENCY.contains(&concurrency) {
            return Err(Unfit::Concurrency(concurrency));
        }
        let interval = Duration::from_secs_f64(f64::from(concurrency) / writes);
        if interval < MIN_INTERVAL {
            return Err(Unfit::TooFast {
                writes,
                concurrency,
                interval,
            });
        }
        if interval > MAX_INTERVAL {
            return Err(Unfit::TooSlow {
                writes,
                concurrency,
                interval,
            });
        }
        let seconds = interval.as_secs_f64() * f64::from(batch);
        // What was computed from the rule must not miss it by a rounding.
        let rounded = (seconds * 1e6).round() / 1e6;
        if !BATCH_SECONDS.contains(&rounded) {
            return Err(Unfit::Batch {
                batch,
                writes,
                concurrency,
                seconds,
            });
        }
        Ok(Self { interval })
    }

    /// The time between two writes of one invocation: C/W seconds.
    pub fn interval(&self) -> Duration {
        self.interval
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P4. The figures are worked out by hand from what AWS documents.
    #[test]
    fn a_lane_reaches_less_of_its_pace_the_shorter_its_batches_are() {
        let share = |writes, concurrency, batch| {
            let share = share(writes, concurrency, batch, GATHERED_PER_SECOND);
            format!("{share:.3}")
        };
        // 100 messages at 50 a second of each of two: 2.04 s of work for a second's waiting.
        assert_eq!(share(100.0, 2, 1_000), "0.658");
        assert_eq!(share(100.0, 2, 100), "0.658", "more are not gathered");
        assert_eq!(share(100.0, 12, 200), "0.906");
        assert_eq!(share(100.0, 14, 140), "0.916");
        // A small batch is full before the window ends.
        assert_eq!(share(3.0, 2, 30), "0.966");
        assert_eq!(share(0.1, 2, 1), "0.980");
    }

    /// P4.
    #[test]
    fn what_does_not_fit_is_named() {
        let unfit = |writes, concurrency, batch| {
            LaneSettings::fitting(writes, concurrency, batch)
                .unwrap_err()
                .to_string()
        };
        assert!(unfit(0.0, 2, 10).starts_with("WRITES_PER_SECOND is 0"));
        assert!(unfit(f64::NAN, 2, 10).starts_with("WRITES_PER_SECOND is NaN"));
        assert!(unfit(10.0, 1, 100).starts_with("CONCURRENCY is 1,"));
        assert!(unfit(1_000.0, 2, 10_000).contains("raise CONCURRENCY"));
        assert!(unfit(0.1, 3, 1).contains("lower CONCURRENCY"));
        assert!(unfit(100.0, 2, 249).starts_with("BATCH_SIZE 249 at"));
        assert!(unfit(100.0, 2, 2_401).starts_with("BATCH_SIZE 2401 at"));
        for (writes, concurrency, batch) in
            [(100.0, 2, 250), (100.0, 2, 2_400), (3.0, 2, 8), (0.1, 2, 1)]
        {
            let settings = LaneSettings::fitting(writes, concurrency, batch);
            assert!(settings.is_ok(), "{settings:?}");
        }
    }
}
