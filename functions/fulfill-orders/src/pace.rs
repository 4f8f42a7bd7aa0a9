//! The pace of a lane's writes, kept by each invocation alone.
//!
//! A lane has C invocations at a time, which the event source's `MaximumConcurrency` guarantees, and may write W times
//! a second. So each of them starts a write C/W seconds after its last one, and the first C/W after its own start:
//! however invocations follow each other, the lane starts at most W·T + C writes in any T seconds. It needs no
//! counter that all share, and none that could fail (T from 1 s). What was not used is not caught up with, nor is what a pause of the
//! process cost: whoever waits then goes on one by one, not all at once.
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
mod tests {
    use super::*;
    use futures::{StreamExt, stream};
    use proptest::prelude::*;
    use tokio::time::{advance, sleep};

    fn far() -> Instant {
        Instant::now() + Duration::from_hours(1)
    }

    /// P4.
    #[tokio::test(start_paused = true)]
    async fn the_first_waits_too_and_nothing_is_caught_up_with() {
        let pace = Pace::every(Duration::from_millis(100));
        let start = Instant::now();
        pace.begin();
        let mut at = Vec::new();
        for pause in [0, 0, 1_000, 0] {
            sleep_until(Instant::now() + Duration::from_millis(pause)).await;
            pace.turn(far()).await.unwrap();
            at.push(start.elapsed().as_millis());
        }
        assert_eq!(at, [100, 200, 1_200, 1_300]);
        pace.begin();
        pace.turn(far()).await.unwrap();
        assert_eq!(
            start.elapsed().as_millis(),
            1_400,
            "a new invocation waits too"
        );
    }

    /// P4: Each timer here is up to a millisecond late.
    #[tokio::test(start_paused = true)]
    async fn late_timers_cost_no_writes() {
        let pace = Pace::every(Duration::from_micros(10_200));
        let start = Instant::now();
        pace.begin();
        for _ in 0..1_000 {
            pace.turn(far()).await.unwrap();
        }
        assert_eq!(start.elapsed().as_millis(), 10_200);
    }

    /// P6: However slow the lane is set, and however often storage throttled, an invocation gets a turn.
    #[tokio::test(start_paused = true)]
    async fn throttling_never_takes_the_last_turn() {
        for (writes, concurrency, batch) in [(0.1, 2, 1), (2.0, 2, 10), (50.0, 50, 20), (3.0, 2, 8)]
        {
            let pace = Pace::fitting(writes, concurrency, batch).unwrap();
            for _ in 0..10 {
                pace.begin();
                let turn = pace.turn(Instant::now() + Duration::from_secs(53)).await;
                pace.throttled(turn.expect("a turn"));
            }
        }
    }

    /// P3: A conflict is two writes of one record.
    #[tokio::test(start_paused = true)]
    async fn the_slowest_lane_has_two_turns_in_an_invocation() {
        let pace = Pace::fitting(0.1, 2, 1).unwrap();
        pace.begin();
        let latest = Instant::now() + Duration::from_secs(53);
        assert!(pace.turn(latest).await.is_some() && pace.turn(latest).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_would_come_too_late_is_none_and_takes_nothing() {
        let pace = Pace::every(Duration::from_secs(1));
        pace.begin();
        assert!(
            pace.turn(Instant::now() + Duration::from_millis(500))
                .await
                .is_none()
        );
        let start = Instant::now();
        pace.turn(far()).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }

    /// P4.
    #[tokio::test(start_paused = true)]
    async fn throttling_halves_the_rate_once_and_successes_bring_it_back() {
        let pace = Pace::every(Duration::from_millis(100));
        pace.begin();
        let (first, second) = (
            pace.turn(far()).await.unwrap(),
            pace.turn(far()).await.unwrap(),
        );
        pace.throttled(first);
        pace.throttled(second);
        assert!(
            (pace.state().part - 0.5).abs() < 1e-9,
            "both were under way together"
        );
        pace.turn(far()).await.unwrap();
        let start = Instant::now();
        let turn = pace.turn(far()).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_millis(200));
        pace.throttled(turn);
        assert!((pace.state().part - 0.25).abs() < 1e-9);
        for _ in 0..1_000 {
            pace.succeeded();
        }
        assert!(
            (pace.state().part - 1.0).abs() < 1e-9,
            "never faster than set"
        );
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let unfit = |writes, concurrency, batch| {
            Pace::fitting(writes, concurrency, batch)
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
            let pace = Pace::fitting(writes, concurrency, batch);
            if writes < 0.2 {
                assert!(pace.is_ok(), "20 s for one");
            }
            assert!(pace.is_ok(), "{pace:?}");
        }
    }

    proptest! {
        /// P4: Whatever the schedule, and whatever instances come, go and end in the middle, in any window of T seconds the
        /// invocations of a lane start at most W·T + C writes.
        #[test]
        fn no_window_holds_more_than_the_lane_s_share(
            interval in 10_u64..500,
            slots in prop::collection::vec(prop::collection::vec(invocation(), 1..8), 2..6),
        ) {
            let slots = starts_of(interval, slots);
            // W is C divided by the interval; a window may be as much longer as a timer may be late, which is what AIM is for.
            let late = u64::try_from(LATE.as_millis()).unwrap();
            let holds = |starts: &[u64], concurrency: u64| {
                starts.iter().enumerate().all(|(n, from)| {
                    (1..)
                        .zip(&starts[n..])
                        .all(|(count, to)| count <= (to - from + late) * concurrency / interval + concurrency)
                })
            };
            for starts in &slots {
                prop_assert!(holds(starts, 1), "a slot: {starts:?}");
            }
            let mut all = slots.concat();
            all.sort_unstable();
            prop_assert!(holds(&all, slots.len() as u64), "the lane: {all:?}");
        }
    }

    /// One of the invocations that follow each other in a slot of a lane's concurrency.
    #[derive(Clone, Debug)]
    struct Invocation {
        /// How long the slot was empty before.
        idle: u64,
        /// How many of its records are under way at once.
        at_once: usize,
        /// Whether a new process serves it, though another may be free.
        is_fresh: bool,
        /// Whether its process ends with it.
        is_last: bool,
        /// What becomes of each record.
        records: Vec<Record>,
    }

    #[derive(Clone, Copy, Debug)]
    struct Record {
        /// How long until it asks for its turn.
        parsing: u64,
        /// How long its write takes.
        writing: u64,
        /// What storage says.
        answer: Answer,
        /// For how long the whole process stands still while the write is under way.
        pause: u64,
    }

    #[derive(Clone, Copy, Debug)]
    enum Answer {
        Stored,
        Throttled,
        Lost,
    }

    fn invocation() -> impl Strategy<Value = Invocation> {
        let answer = prop_oneof![
            6 => Just(Answer::Stored),
            1 => Just(Answer::Throttled),
            1 => Just(Answer::Lost),
        ];
        let pause = prop_oneof![9 => Just(0), 1 => 0_u64..2_000];
        let times = (0_u64..100, 0_u64..400);
        let record =
            (times, answer, pause).prop_map(|((parsing, writing), answer, pause)| Record {
                parsing,
                writing,
                answer,
                pause,
            });
        let records = prop::collection::vec(record, 0..40);
        let idle = prop_oneof![Just(0), 0_u64..3_000];
        let at_once = prop_oneof![Just(1), 1_usize..=32];
        (idle, at_once, any::<bool>(), any::<bool>(), records).prop_map(
            |(idle, at_once, is_fresh, is_last, records)| Invocation {
                idle,
                at_once,
                is_fresh,
                is_last,
                records,
            },
        )
    }

    /// When the writes of each slot started, in milliseconds.
    fn starts_of(interval: u64, slots: Vec<Vec<Invocation>>) -> Vec<Vec<u64>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let origin = Instant::now();
            let free: Mutex<Vec<Pace>> = Mutex::default();
            futures::future::join_all(slots.into_iter().map(async |invocations| {
                let mut starts = Vec::new();
                for invocation in invocations {
                    sleep(Duration::from_millis(invocation.idle)).await;
                    let warm = free.lock().unwrap().pop().filter(|_| !invocation.is_fresh);
                    let pace = warm.unwrap_or_else(|| Pace::every(Duration::from_millis(interval)));
                    pace.begin();
                    let records = stream::iter(invocation.records)
                        .map(async |record| {
                            sleep(Duration::from_millis(record.parsing)).await;
                            let turn = pace.turn(far()).await.unwrap();
                            let start = origin.elapsed().as_millis();
                            if record.pause > 0 {
                                advance(Duration::from_millis(record.pause)).await;
                            }
                            sleep(Duration::from_millis(record.writing)).await;
                            match record.answer {
                                Answer::Stored => pace.succeeded(),
                                Answer::Throttled => pace.throttled(turn),
                                Answer::Lost => {}
                            }
                            u64::try_from(start).unwrap()
                        })
                        .buffer_unordered(invocation.at_once)
                        .collect::<Vec<_>>();
                    starts.extend(records.await);
                    if !invocation.is_last {
                        free.lock().unwrap().push(pace);
                    }
                }
                starts.sort_unstable();
                starts
            }))
            .await
        })
    }
}
