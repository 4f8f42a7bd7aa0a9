//! The pace in virtual time: one instance, and a whole lane.

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
        pace.turn(1, far()).await.unwrap();
        at.push(start.elapsed().as_millis());
    }
    assert_eq!(at, [100, 200, 1_200, 1_300]);
    pace.begin();
    pace.turn(1, far()).await.unwrap();
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
        pace.turn(1, far()).await.unwrap();
    }
    assert_eq!(start.elapsed().as_millis(), 10_200);
}

/// P6: However slow the lane is set, and however often storage throttled, an invocation gets a turn.
#[tokio::test(start_paused = true)]
async fn throttling_never_takes_the_last_turn() {
    for (writes, concurrency, batch) in [(0.1, 2, 1), (2.0, 2, 10), (50.0, 50, 20), (3.0, 2, 8)] {
        let pace = Pace::of(&LaneSettings::fitting(writes, concurrency, batch).unwrap());
        for _ in 0..10 {
            pace.begin();
            let turn = pace.turn(1, Instant::now() + Duration::from_secs(53)).await;
            pace.throttled(turn.expect("a turn"));
        }
    }
}

/// P3: A conflict is two writes of one record.
#[tokio::test(start_paused = true)]
async fn the_slowest_lane_has_two_turns_in_an_invocation() {
    let pace = Pace::of(&LaneSettings::fitting(0.1, 2, 1).unwrap());
    pace.begin();
    let latest = Instant::now() + Duration::from_secs(53);
    assert!(pace.turn(1, latest).await.is_some() && pace.turn(1, latest).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_would_come_too_late_is_none_and_takes_nothing() {
    let pace = Pace::every(Duration::from_secs(1));
    pace.begin();
    assert!(
        pace.turn(1, Instant::now() + Duration::from_millis(500))
            .await
            .is_none()
    );
    let start = Instant::now();
    pace.turn(1, far()).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(1));
}

/// P4.
#[tokio::test(start_paused = true)]
async fn throttling_halves_the_rate_once_and_successes_bring_it_back() {
    let pace = Pace::every(Duration::from_millis(100));
    pace.begin();
    let (first, second) = (
        pace.turn(1, far()).await.unwrap(),
        pace.turn(1, far()).await.unwrap(),
    );
    pace.throttled(first);
    pace.throttled(second);
    assert!(
        (pace.state().part - 0.5).abs() < 1e-9,
        "both were under way together"
    );
    pace.turn(1, far()).await.unwrap();
    let start = Instant::now();
    let turn = pace.turn(1, far()).await.unwrap();
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

/// P4: A call with several items waits for as many turns, in each invocation anew.
#[tokio::test(start_paused = true)]
async fn several_items_at_once_keep_the_pace() {
    let pace = Pace::every(Duration::from_millis(100));
    let start = Instant::now();
    let mut at = Vec::new();
    for invocation in [[1, 5, 3], [5, 1, 1]] {
        pace.begin();
        for items in invocation {
            pace.turn(items, far()).await.unwrap();
            at.push(start.elapsed().as_millis());
        }
    }
    assert_eq!(at, [100, 600, 900, 1_400, 1_500, 1_600]);
    assert_eq!(pace.items_in(Duration::from_secs(1)), 10);
}

/// P6: Throttling leaves a call with many items a turn in each invocation.
#[tokio::test(start_paused = true)]
async fn throttling_leaves_many_items_a_turn() {
    let pace = Pace::every(Duration::from_millis(400));
    for _ in 0..10 {
        pace.begin();
        let turn = pace
            .turn(25, Instant::now() + Duration::from_secs(53))
            .await;
        pace.throttled(turn.expect("a turn"));
    }
}

proptest! {
    /// P4: Whatever the schedule, and whatever instances come, go and end in the middle, in any window of T seconds the
    /// invocations of a lane start at most W·T + C·n writes, where a call has up to n items.
    #[test]
    fn no_window_holds_more_than_the_lane_s_share(
        interval in 10_u64..500,
        items in 1_u32..5,
        slots in prop::collection::vec(prop::collection::vec(invocation(), 1..8), 2..6),
    ) {
        let slots = starts_of(interval, items, slots);
        // W is C divided by the interval. These runs go without AIM, which makes room for what is made up for.
        let late = u64::try_from(LATE.as_millis()).unwrap();
        let holds = |starts: &[u64], concurrency: u64| {
            starts.iter().enumerate().all(|(n, from)| {
                (1..)
                    .zip(&starts[n..])
                    .all(|(count, to)| {
                        let at_once = concurrency * u64::from(items);
                        count <= (to - from + late) * concurrency / interval + at_once
                    })
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
    let record = (times, answer, pause).prop_map(|((parsing, writing), answer, pause)| Record {
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

/// When the items of each slot were written, in milliseconds.
fn starts_of(interval: u64, items: u32, slots: Vec<Vec<Invocation>>) -> Vec<Vec<u64>> {
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
                        let turn = pace.turn(items, far()).await.unwrap();
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
                        vec![u64::try_from(start).unwrap(); items as usize]
                    })
                    .buffer_unordered(invocation.at_once)
                    .collect::<Vec<_>>();
                starts.extend(records.await.concat());
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
