//! What the consumer does while storage is out of reach (promise P6), and with its time.
#![expect(
    clippy::unwrap_used,
    reason = "what goes wrong here fails the test, or is meant to"
)]

mod support;

use std::{
    future::pending,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use sluice_consumer::{
    Pace,
    message::Message,
    queue::{MemoryQueue, QueueControl, QueueError, VisibilityChange},
};
use sluice_order::{Clock, DeadLetter, ListQuery, OrderId, Timestamp};
use sluice_store::{
    Found, MemoryStore, OrderStore, Page, PutOutcome, Rejection, StoreError, StoredOrder,
};
use support::{CARE, NOW, consumer, draws_from, message, unpaced};
use tokio::time::{Instant, sleep};

/// Storage that is down until some time, then takes its time, and counts.
struct SlowStore {
    inner: MemoryStore,
    down_until: Instant,
    takes: Duration,
    calls: AtomicUsize,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl SlowStore {
    fn new(down: Duration, takes: Duration) -> Self {
        Self {
            inner: MemoryStore::default(),
            down_until: Instant::now() + down,
            takes,
            calls: AtomicUsize::new(0),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        }
    }
}

impl OrderStore for SlowStore {
    async fn put(&self, order: &StoredOrder) -> Result<PutOutcome, StoreError> {
        self.calls.fetch_add(1, Relaxed);
        let at_once = self.at_once.fetch_add(1, Relaxed) + 1;
        self.most_at_once.fetch_max(at_once, Relaxed);
        sleep(self.takes).await;
        self.at_once.fetch_sub(1, Relaxed);
        let never = order
            .order
            .skus()
            .first()
            .is_some_and(|sku| sku.as_str() == "never");
        if never || Instant::now() < self.down_until {
            return Err(StoreError::Unavailable("down".into()));
        }
        self.inner.put(order).await
    }

    async fn is_stored(&self, rejection: &Rejection) -> Result<bool, StoreError> {
        self.inner.is_stored(rejection).await
    }

    async fn record(&self, rejection: &Rejection) -> Result<(), StoreError> {
        self.inner.record(rejection).await
    }

    async fn find(&self, id: &OrderId) -> Result<Option<Found>, StoreError> {
        self.inner.find(id).await
    }

    async fn has_smoke(&self, id: &OrderId) -> Result<bool, StoreError> {
        self.inner.has_smoke(id).await
    }

    async fn list(&self, query: &ListQuery) -> Result<Page, StoreError> {
        self.inner.list(query).await
    }
}

/// The clock of the test's virtual time.
struct VirtualClock(Instant);

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.0.elapsed().as_millis()).unwrap();
        Timestamp::from_millis(NOW + elapsed)
    }
}

fn batch(count: usize, receives: u32) -> Vec<Message> {
    (0..count)
        .map(|n| message(&format!("{n:03}"), "fine", receives))
        .collect()
}

/// Consumes with a minute left: what must come again, and how long it took.
async fn consume(
    store: &SlowStore,
    queue: &MemoryQueue,
    messages: Vec<Message>,
) -> (Vec<String>, Duration) {
    consume_with(CARE, store, queue, messages).await
}

async fn consume_with(
    first_draw: u32,
    store: &SlowStore,
    queue: &MemoryQueue,
    messages: Vec<Message>,
) -> (Vec<String>, Duration) {
    let start = Instant::now();
    let consumer =
        consumer(store, queue, VirtualClock(start), unpaced()).with_random(draws_from(first_draw));
    let again = consumer
        .consume(messages, Timestamp::from_millis(NOW + 60_000))
        .await;
    (again, start.elapsed())
}

const MOMENT: Duration = Duration::from_millis(10);

/// P6.
#[tokio::test(start_paused = true)]
async fn a_short_outage_is_waited_for_within_the_invocation() {
    let (store, queue) = (
        SlowStore::new(Duration::from_secs(30), MOMENT),
        MemoryQueue::default(),
    );
    let (again, took) = consume(&store, &queue, batch(10, 1)).await;
    // Those that failed before the fifth opened the breaker go back, and come again in a second.
    assert_eq!((again.len(), store.inner.orders().len()), (4, 6));
    // Each once when it began, a probe after 1, 3, 7, 15, 25 and 35 s, and then the five that were still held.
    assert_eq!(store.calls.load(Relaxed), 10 + 6 + 5);
    assert!(took < Duration::from_secs(36), "{took:?}");
    // When it was stored, not when it was begun to be.
    let stored_at = store.inner.orders()[0].stored_at.as_millis();
    assert!(stored_at > NOW + 30_000, "{stored_at}");
}

/// P6.
#[tokio::test(start_paused = true)]
async fn a_long_outage_holds_the_batch_until_near_the_deadline_and_then_backs_off() {
    let (store, queue) = (
        SlowStore::new(Duration::from_hours(1), MOMENT),
        MemoryQueue::default(),
    );
    let (mut again, took) = consume(&store, &queue, batch(100, 8)).await;
    again.sort();
    let all: Vec<_> = batch(100, 8)
        .into_iter()
        .map(|message| message.id)
        .collect();
    assert_eq!(again, all);
    assert!((50..60).contains(&took.as_secs()), "{took:?}");
    assert!(
        store.calls.load(Relaxed) < 20,
        "suspects go one by one, so few calls open the breaker, and a few are probes"
    );
    let changes = queue.visibility_changes();
    assert_eq!(changes.len(), 100);
    assert!(
        changes.iter().filter(|change| change.seconds == 0).count() < 10,
        "at once would be in vain"
    );
    assert!(changes.iter().any(|change| change.seconds > 60));
}

/// P6: The thirty would be tried at the pace for nine seconds. Two seconds open the breaker, and then there are probes alone.
#[tokio::test(start_paused = true)]
async fn who_waits_for_a_turn_when_the_breaker_opens_makes_no_call() {
    let (store, queue) = (
        SlowStore::new(Duration::from_secs(10), MOMENT),
        MemoryQueue::default(),
    );
    let start = Instant::now();
    let pace = Pace::every(Duration::from_millis(300));
    let consumer = consumer(&store, &queue, VirtualClock(start), pace);
    let deadline = Timestamp::from_millis(NOW + 60_000);
    let again = consumer.consume(batch(30, 1), deadline).await;
    let stored = store.inner.orders().len();
    assert_eq!(again.len() + stored, 30);
    assert!(stored > 20, "{stored}");
    let in_vain = store.calls.load(Relaxed) - stored;
    assert!(in_vain <= 5 + 4, "{in_vain}");
}

/// P6: One instance, several batches: the second meets an open breaker.
#[tokio::test(start_paused = true)]
async fn the_breaker_stays_open_from_one_batch_to_the_next() {
    let store = SlowStore::new(Duration::from_hours(1), MOMENT);
    let queue = MemoryQueue::default();
    let start = Instant::now();
    let consumer = consumer(&store, &queue, VirtualClock(start), unpaced());
    let mut calls = Vec::new();
    for minute in 1..=3 {
        let deadline = Timestamp::from_millis(NOW + minute * 60_000);
        consumer.consume(batch(10, 1), deadline).await;
        calls.push(store.calls.swap(0, Relaxed));
    }
    assert!(calls[0] < 20 && calls[1] <= 8 && calls[2] <= 8, "{calls:?}");
}

/// P2: A call that takes longer than there is time.
#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_given_up_before_the_invocation_ends() {
    let (store, queue) = (
        SlowStore::new(Duration::ZERO, Duration::from_mins(2)),
        MemoryQueue::default(),
    );
    let (again, took) = consume(&store, &queue, batch(40, 1)).await;
    assert_eq!(again.len(), 40);
    assert!(took < Duration::from_secs(57), "{took:?}");
    let at_once = queue
        .visibility_changes()
        .iter()
        .filter(|change| change.seconds == 0)
        .count();
    assert!(at_once >= 8, "those that were not begun are handed back");
}

/// P5, P6: One that storage never answers for, among suspects that it would take. Alone in the line it would be every
/// probe.
#[tokio::test(start_paused = true)]
async fn a_record_that_always_fails_does_not_keep_the_breaker_open() {
    let (store, queue) = (
        SlowStore::new(Duration::ZERO, MOMENT),
        MemoryQueue::default(),
    );
    let mut messages: Vec<_> = (0..20)
        .map(|n| message(&format!("bad-{n}"), "never", 8))
        .collect();
    messages.extend(batch(20, 8));
    let start = Instant::now();
    // All draws are equal, so the bad ones stay the first.
    let consumer = consumer(&store, &queue, VirtualClock(start), unpaced()).with_random(|| CARE);
    consumer
        .consume(messages, Timestamp::from_millis(NOW + 60_000))
        .await;
    assert!(
        store.inner.orders().is_empty(),
        "the pauses grow as in an outage"
    );
    let mut messages = batch(20, 8);
    messages.insert(6, message("bad", "never", 8));
    consumer
        .consume(messages, Timestamp::from_millis(NOW + 120_000))
        .await;
    assert_eq!(
        store.inner.orders().len(),
        20,
        "one bad one spoils one probe"
    );
}

/// P6: A clock that is wrong by more than an invocation must not make every batch come back at once.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_is_not_believed() {
    for deadline in [NOW - 600_000, NOW + 1_000, NOW + 600_000] {
        let (store, queue) = (
            SlowStore::new(Duration::from_hours(1), MOMENT),
            MemoryQueue::default(),
        );
        let start = Instant::now();
        let clock = VirtualClock(start);
        let consumer = consumer(&store, &queue, clock, unpaced());
        consumer
            .consume(batch(10, 1), Timestamp::from_millis(deadline))
            .await;
        assert!(
            (50..60).contains(&start.elapsed().as_secs()),
            "{:?}",
            start.elapsed()
        );
    }
}

/// A queue that never answers.
struct SilentQueue;

impl QueueControl for SilentQueue {
    async fn dead_letter(&self, _: &Message, _: &DeadLetter) -> Result<(), QueueError> {
        pending().await
    }

    async fn change_visibility(&self, _: &[VisibilityChange]) -> Result<(), QueueError> {
        pending().await
    }
}

/// P2: The batch is answered all the same.
#[tokio::test(start_paused = true)]
async fn a_queue_that_is_silent_does_not_keep_the_answer() {
    let store = SlowStore::new(Duration::ZERO, MOMENT);
    let start = Instant::now();
    let consumer = consumer(&store, SilentQueue, VirtualClock(start), unpaced());
    let poison = Message {
        body: "poison".into(),
        ..message("p", "fine", 1)
    };
    let batch = vec![poison, message("a", "fine", 1)];
    let again = consumer
        .consume(batch, Timestamp::from_millis(NOW + 60_000))
        .await;
    assert_eq!(again, ["p"]);
    assert!(
        start.elapsed() < Duration::from_mins(1),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(store.inner.orders().len(), 1);
}

/// P5.
#[tokio::test(start_paused = true)]
async fn what_may_kill_the_process_is_begun_when_all_others_are_done_and_one_at_a_time() {
    let (store, queue) = (
        SlowStore::new(Duration::ZERO, MOMENT),
        MemoryQueue::default(),
    );
    consume(&store, &queue, batch(40, 3)).await;
    assert_eq!(store.most_at_once.swap(0, Relaxed), 32);
    consume(&store, &queue, batch(40, 4)).await;
    assert_eq!(store.most_at_once.swap(0, Relaxed), 1);
    // An outage raises the count of good messages too; those are not slow for ever.
    consume_with(CARE + 1, &store, &queue, batch(40, 4)).await;
    assert_eq!(store.most_at_once.load(Relaxed), 32);
}
