//! The pace of a lane's writes. Each invocation keeps it alone.
//!
//! A lane has at most C invocations at a time; the event source's `MaximumConcurrency` guarantees that. It may write W items
//! a second. So each invocation starts a write C/W seconds after its last one, and its first one C/W seconds after its own
//! start. Then the lane starts at most W·T + C writes in any T seconds (T ≥ 1), however invocations follow each other.
//! There is no shared counter that could fail. Unused time is not made up for, and neither is time that the process lost
//! by standing still: the records that wait then go on one by one.
//!
//! A sink that takes up to n items a call gets them n intervals after the call before. The bound is then W·T + C·n items.
//!
//! Storage that throttles slows the lane further: each sign of it halves the rate, and each write that succeeds brings a
//! little back, up to the set pace. (Chiu and Jain, "Analysis of the Increase and Decrease Algorithms for
//! Congestion Avoidance", 1989.)

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sluice_order::{LaneSettings, lane_settings::AIM};
use tokio::time::{Instant, sleep_until};

/// The smallest part of the set rate that throttling leaves.
const LEAST: f64 = 1.0 / 64.0;

/// The longest time between two turns that throttling can cause. An invocation that got no turn at all would never learn
/// that storage has recovered.
const SLOWEST: Duration = Duration::from_secs(10);

/// What a successful write adds to the part of the set rate that is used.
const STEP: f64 = 1.0 / 128.0;

/// How late a turn may be and still be made up for by the next one. `AIM` leaves more room than that in any second.
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
    /// When the last write started, or else the invocation. What is due next follows from it.
    last: Instant,
    /// The part of the set rate that is used.
    part: f64,
    /// When it was last made smaller.
    slowed: Option<Instant>,
}

/// Permission to start a write, now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn(Instant);

impl Pace {
    /// The pace of one invocation of a lane with these settings.
    pub fn of(settings: &LaneSettings) -> Self {
        Self::every(settings.interval().div_f64(AIM))
    }

    /// One item after each interval.
    pub fn every(interval: Duration) -> Self {
        Self {
            interval,
            line: tokio::sync::Mutex::default(),
            state: Mutex::new(State {
                last: Instant::now(),
                part: 1.0,
                slowed: None,
            }),
        }
    }

    /// An invocation starts.
    pub(crate) fn begin(&self) {
        self.state().last = Instant::now();
    }

    /// How many items have their turn within this time, at the set pace.
    pub(crate) fn items_in(&self, time: Duration) -> usize {
        let interval = self.interval.as_nanos().max(1);
        usize::try_from(time.as_nanos() / interval).unwrap_or(usize::MAX)
    }

    /// The time before a call with so many items, at this part of the set rate.
    fn pause(&self, items: u32, part: f64) -> Duration {
        let set = self.interval * items;
        set.div_f64(part).min(SLOWEST.max(set))
    }

    /// Waits for the turn to write `items` items in one call; `None` if it would come only after `latest`. A call with several
    /// items comes as many intervals after the one before it: the wait stands before the call, because the next invocation may
    /// run in another process, which would not know of it.
    pub(crate) async fn turn(&self, items: u32, latest: Instant) -> Option<Turn> {
        let _first_in_line = self.line.lock().await;
        let due = {
            let state = self.state();
            state.last + self.pause(items, state.part)
        };
        if due.max(Instant::now()) > latest {
            return None;
        }
        sleep_until(due).await;
        // After a pause of the process this may be later than `latest`; the cutoff ends the call then.
        let now = Instant::now();
        self.state().last = if now > due + LATE { now } else { due };
        Some(Turn(now))
    }

    /// Storage throttled the write of this turn. Other writes that were under way then are no further sign of it.
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
