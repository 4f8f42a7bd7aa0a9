//! The pace of a lane's writes, kept by each invocation alone.
//!
//! A lane has C invocations at a time, which the event source's `MaximumConcurrency` guarantees, and may write W times
//! a second. So each of them starts a write C/W seconds after its last one, and the first C/W after its own start:
//! however invocations follow each other, the lane starts at most W·T + C writes in any T seconds, from one second on. It
//! needs no counter that all share, and none that could fail. What was not used is not caught up with, nor is what a pause
//! of the process cost: whoever waits then goes on one by one, not all at once.
//!
//! Storage that throttles earlier slows the lane further: half the rate at each sign of it, and a little more after
//! each write that succeeds, up to the set pace. (Chiu and Jain, "Analysis of the Increase and Decrease Algorithms for
//! Congestion Avoidance", 1989.)

use std::{
    ops::RangeInclusive,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// Of the set pace so much is aimed at: what timers and networks shift must not push a second over the limit.
const AIM: f64 = 0.98;

/// The writes a second that a lane may be set to.
pub const WRITES_PER_SECOND: RangeInclusive<f64> = 0.1..=100_000.0;

/// The concurrency that a lane may be set to: what the event source takes.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>
pub const CONCURRENCY: RangeInclusive<u32> = 2..=1_000;

/// How much work a full batch may be, in seconds: less wastes the time between batches, more does not fit an invocation.
pub const BATCH_SECONDS: RangeInclusive<f64> = 5.0..=48.0;

/// The shortest time between two writes of an invocation. The timers tick once a millisecond, so a shorter one would not be kept.
pub const MIN_INTERVAL: Duration = Duration::from_millis(10);

/// The longest: a conflict needs two turns, and both have to come within one invocation.
pub const MAX_INTERVAL: Duration = Duration::from_secs(25);

/// After throttling the rate is never less than this part of the set one,
const LEAST: f64 = 1.0 / 64.0;

/// nor is a turn later than this, unless the set pace is slower: an invocation that gets no turn at all would never learn
/// that storage has recovered.
const SLOWEST: Duration = Duration::from_secs(10);

/// What a successful write adds to the part of the set rate that is used.
const STEP: f64 = 1.0 / 128.0;

/// By so much a turn may be late, and only that is made up for. AIM leaves more room than that in any second.
const LATE: Duration = Duration::from_millis(10);

/// The pace of one instance's writes.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    /// Whoever waits for the next turn; behind it the others wait, first come first served.
    line: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The earliest that the next write may start.
    next: Instant,
    /// The part of the set rate that is used.
    part: f64,
    /// When it was last made smaller.
    slowed: Option<Instant>,
}

/// Leave to start a write, now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn(Instant);

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

impl Pace {
    /// The pace of one of `concurrency` invocations that together write `writes` times a second, and take batches of up
    /// to `batch` records.
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
        Ok(Self::every(interval.div_f64(AIM)))
    }

    /// One write after each interval.
    pub fn every(interval: Duration) -> Self {
        Self {
            interval,
            line: tokio::sync::Mutex::default(),
            state: Mutex::new(State {
                next: Instant::now(),
                part: 1.0,
                slowed: None,
            }),
        }
    }

    /// An invocation starts.
    pub(crate) fn begin(&self) {
        let mut state = self.state();
        state.next = Instant::now() + self.pause(state.part);
    }

    /// The time between two writes at this part of the set rate.
    fn pause(&self, part: f64) -> Duration {
        self.interval.div_f64(part).min(SLOWEST.max(self.interval))
    }

    /// Waits for the turn to write; none if it would come only after `latest`.
    pub(crate) async fn turn(&self, latest: Instant) -> Option<Turn> {
        let _first_in_line = self.line.lock().await;
        let due = self.state().next;
        if due.max(Instant::now()) > latest {
            return None;
        }
        sleep_until(due).await;
        // After a pause of the process this may be later than `latest`; the cutoff ends the call then.
        let now = Instant::now();
        let mut state = self.state();
        let start = if now > due + LATE { now } else { due };
        state.next = start + self.pause(state.part);
        Some(Turn(now))
    }

    /// Storage throttled the write of this turn. Writes that were under way when it was found out tell nothing new.
    pub(crate) fn throttled(&self, turn: Turn) {
        let mut state = self.state();
        if state.slowed.is_none_or(|slowed| slowed < turn.0) {
            state.part = (state.part / 2.0).max(LEAST);
            state.slowed = Some(Instant::now());
            let percent = state.part * 100.0;
            tracing::warn!(percent, "storage throttles: the lane goes slower");
        }
    }

    /// Storage took a write.
    pub(crate) fn succeeded(&self) {
        let mut state = self.state();
        state.part = (state.part + STEP).min(1.0);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
