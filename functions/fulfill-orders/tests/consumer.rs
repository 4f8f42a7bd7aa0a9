//! What becomes of a batch when things go wrong around it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what goes wrong here fails the test, or is meant to"
)]

mod support;

use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use sluice_consumer::{
    Pace,
    message::{Attribute, AttributeValue, Message},
    queue::MemoryQueue,
};
use sluice_order::{DeadLetter, LetterType, ListQuery, OrderId, RejectReason, Timestamp};
use sluice_store::{
    Found, MemoryStore, OrderStore, Page, PutOutcome, Rejection, StoreError, StoredOrder,
};
use support::{CARE, NOW, accepted, consumer, draws_from, message, unpaced};

/// Storage that misbehaves for the products `unavailable`, `refused`, `panics`, and after writing `lost`.
#[derive(Default)]
struct FaultyStore {
    inner: MemoryStore,
    puts: AtomicUsize,
    rejections_fail: bool,
    rejections_panic: bool,
}

impl OrderStore for FaultyStore {
    async fn put(&self, order: &StoredOrder) -> Result<PutOutcome, StoreError> {
        self.puts.fetch_add(1, Relaxed);
        let skus = order.order.skus();
        match skus.first().unwrap().as_str() {
            "unavailable" => Err(StoreError::Unavailable("throttled".into())),
            "refused" => Err(StoreError::Refused {
                reason: RejectReason::TooLarge,
                message: "Item size has exceeded\u{0} the maximum allowed size".into(),
            }),
            "panics" => panic!("on purpose"),
            "lost" => {
                self.inner.put(order).await?;
                Err(StoreError::Unavailable("the answer was lost".into()))
            }
            _ => self.inner.put(order).await,
        }
    }

    async fn is_stored(&self, rejection: &Rejection) -> Result<bool, StoreError> {
        self.inner.is_stored(rejection).await
    }

    async fn record(&self, rejection: &Rejection) -> Result<(), StoreError> {
        assert!(!self.rejections_panic, "on purpose");
        if self.rejections_fail {
            return Err(StoreError::Unavailable("throttled".into()));
        }
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

/// Consumes with a minute left, and returns what must come again.
async fn consume(store: &FaultyStore, queue: &MemoryQueue, messages: Vec<Message>) -> Vec<String> {
    consume_until(store, queue, messages, 60_000).await
}

async fn consume_until(
    store: &FaultyStore,
    queue: &MemoryQueue,
    messages: Vec<Message>,
    left: i64,
) -> Vec<String> {
    let clock = Timestamp::from_millis(NOW);
    consumer(store, queue, clock, unpaced())
        .with_random(draws_from(CARE))
        .consume(messages, Timestamp::from_millis(NOW + left))
        .await
}

fn stored(store: &FaultyStore) -> Vec<String> {
    let mut keys: Vec<_> = store
        .inner
        .orders()
        .iter()
        .map(|o| o.order_id.key().to_string())
        .collect();
    keys.sort();
    keys
}

fn keys(of: &[&str]) -> Vec<String> {
    let mut keys: Vec<_> = of
        .iter()
        .map(|k| accepted(k, "any").order_id.key().to_string())
        .collect();
    keys.sort();
    keys
}

/// P2, P5, P6.
#[tokio::test]
async fn what_storage_does_not_take_comes_again_and_the_others_are_done() {
    let (store, queue) = (FaultyStore::default(), MemoryQueue::default());
    let batch = vec![
        message("a", "fine", 1),
        message("b", "unavailable", 3),
        message("c", "fine", 1),
    ];
    assert_eq!(consume(&store, &queue, batch).await, ["b"]);
    assert_eq!(stored(&store), keys(&["a", "c"]));
    let changes = queue.visibility_changes();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].receipt_handle, "receipt of b");
    assert!(changes[0].seconds <= 4, "the third receive waits up to 4 s");
    assert!(
        queue.dead_letters().is_empty(),
        "an outage is no reason to give an order up"
    );
}

/// P4.
#[tokio::test]
async fn each_attempt_is_one_write() {
    let (store, queue) = (FaultyStore::default(), MemoryQueue::default());
    consume(
        &store,
        &queue,
        vec![message("a", "unavailable", 1), message("b", "fine", 1)],
    )
    .await;
    assert_eq!(store.puts.load(Relaxed), 2);
}

/// P3.
#[tokio::test]
async fn a_write_whose_answer_was_lost_ends_as_one_order() {
    let (store, queue) = (FaultyStore::default(), MemoryQueue::default());
    assert_eq!(
        consume(&store, &queue, vec![message("a", "lost", 1)]).await,
        ["a"]
    );
    let again = MemoryStore::default();
    for order in store.inner.orders() {
        again.put(&order).await.unwrap();
    }
    let clock = Timestamp::from_millis(NOW);
    let consumer = consumer(&again, &queue, clock, unpaced());
    let failed = consumer
        .consume(
            vec![message("a", "lost", 2)],
            Timestamp::from_millis(NOW + 60_000),
        )
        .await;
    assert!(failed.is_empty());
    assert_eq!(again.orders().len(), 1);
}

/// P5.
#[tokio::test]
async fn a_panic_is_its_record_s_own_and_is_tried_again_until_the_fifth_receive() {
    let (store, queue) = (FaultyStore::default(), MemoryQueue::default());
    for receives in 1..=4 {
        let batch = vec![message("p", "panics", receives), message("a", "fine", 1)];
        assert_eq!(consume(&store, &queue, batch).await, ["p"]);
    }
    assert_eq!(stored(&store), keys(&["a"]));
    assert!(queue.dead_letters().is_empty());
    let failed = consume(&store, &queue, vec![message("p", "panics", 5)]).await;
    assert!(failed.is_empty());
    let letters = queue.dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].1.reason, Some(RejectReason::Panic));
    let id = accepted("p", "panics").order_id;
    assert!(matches!(
        store.find(&id).await.unwrap(),
        Some(Found::Rejection(rejection)) if rejection.reason == RejectReason::Panic
    ));
}

/// P5.
#[tokio::test]
async fn what_was_received_often_is_begun_last() {
    let (store, queue) = (FaultyStore::default(), MemoryQueue::default());
    let batch = vec![
        message("x", "unavailable", 8),
        message("y", "unavailable", 1),
        message("z", "unavailable", 2),
    ];
    assert_eq!(consume(&store, &queue, batch).await, ["y", "z", "x"]);
}

/// P2.
#[tokio::test]
async fn a_dead_letter_keeps_body_group_and_attributes() {
    let (store, queue) = (FaultyStore::default(), MemoryQueue::default());
    let poison = Message {
        body: "poison".into(),
        group: Some("g".into()),
        trace_header: Some("Root=1-6a1b2c3d-0123456789abcdef01234567".into()),
        attributes: vec![Attribute {
            name: "lane".into(),
            data_type: "String".into(),
            value: AttributeValue::Text("standard".into()),
        }],
        ..message("a", "fine", 7)
    };
    assert!(
        consume(&store, &queue, vec![poison.clone()])
            .await
            .is_empty()
    );
    let [(copy, letter)] = &queue.dead_letters()[..] else {
        panic!("one letter")
    };
    assert_eq!(copy, &poison);
    assert_eq!(letter.reason, Some(RejectReason::NotJson));
    assert_eq!(
        (letter.original_message_id.as_str(), letter.receives),
        ("a", 7)
    );
    assert_eq!(letter.trace, poison.trace_header);
}

/// P2.
#[tokio::test]
async fn a_letter_says_how_often_its_message_was_replayed() {
    let (store, queue) = (FaultyStore::default(), MemoryQueue::default());
    let earlier = DeadLetter {
        r#type: LetterType::Moved,
        reason: None,
        detail: String::new(),
        original_message_id: "before".into(),
        receives: 1_000,
        replays: 2,
        trace: None,
    };
    let replayed = Message {
        attributes: vec![Attribute {
            name: "sluice.dead_letter".into(),
            data_type: "String".into(),
            value: AttributeValue::Text(serde_json::to_string(&earlier).unwrap()),
        }],
        ..message("a", "refused", 1)
    };
    assert!(consume(&store, &queue, vec![replayed]).await.is_empty());
    let (_, letter) = &queue.dead_letters()[0];
    assert_eq!(
        letter.detail,
        "Item size has exceeded the maximum allowed size"
    );
    assert_eq!(
        (
            letter.replays,
            letter.receives,
            letter.original_message_id.as_str()
        ),
        (2, 1, "a")
    );
}

/// P2, P3.
#[tokio::test]
async fn what_was_rejected_fixed_and_replayed_ends_stored() {
    let (store, queue) = (FaultyStore::default(), MemoryQueue::default());
    assert!(
        consume(&store, &queue, vec![message("a", "refused", 1)])
            .await
            .is_empty()
    );
    let id = accepted("a", "refused").order_id;
    assert!(matches!(
        store.find(&id).await.unwrap(),
        Some(Found::Rejection(_))
    ));
    let (letter, _) = queue.dead_letters().swap_remove(0);
    let clock = Timestamp::from_millis(NOW);
    let deadline = Timestamp::from_millis(NOW + 60_000);
    let fixed = consumer(&store.inner, &queue, clock, unpaced());
    assert!(
        fixed
            .consume(vec![letter.clone()], deadline)
            .await
            .is_empty()
    );
    assert!(matches!(
        store.find(&id).await.unwrap(),
        Some(Found::Order(_))
    ));
    // A copy of the message that was late, and met the fault once more.
    assert!(consume(&store, &queue, vec![letter]).await.is_empty());
    assert!(matches!(
        store.find(&id).await.unwrap(),
        Some(Found::Order(_))
    ));
}

/// P2.
#[tokio::test]
async fn poison_that_cannot_be_put_away_comes_again() {
    let (store, queue) = (FaultyStore::default(), MemoryQueue::failing());
    let batch = vec![message("big", "refused", 1), message("a", "fine", 1)];
    assert_eq!(consume(&store, &queue, batch).await, ["big"]);
    let (store, queue) = (
        FaultyStore {
            rejections_fail: true,
            ..FaultyStore::default()
        },
        MemoryQueue::default(),
    );
    assert_eq!(
        consume(&store, &queue, vec![message("big", "refused", 1)]).await,
        ["big"]
    );
    assert!(
        queue.dead_letters().is_empty(),
        "the rejection is recorded first"
    );
}

/// P2, P3.
#[tokio::test]
async fn a_conflict_that_cannot_be_recorded_comes_again() {
    let (store, queue) = (
        FaultyStore {
            rejections_fail: true,
            ..FaultyStore::default()
        },
        MemoryQueue::default(),
    );
    assert!(
        consume(&store, &queue, vec![message("k", "first", 1)])
            .await
            .is_empty()
    );
    assert_eq!(
        consume(&store, &queue, vec![message("k", "second", 1)]).await,
        ["k"]
    );
    assert_eq!(store.inner.orders()[0].order, accepted("k", "first").order);
}

/// P3.
#[tokio::test]
async fn a_conflict_keeps_both_contents() {
    let (store, queue) = (FaultyStore::default(), MemoryQueue::default());
    let both = vec![message("k", "first", 1), message("k", "second", 1)];
    assert!(consume(&store, &queue, both).await.is_empty());
    assert_eq!(store.inner.orders()[0].order, accepted("k", "first").order);
    let rejections = store.inner.rejections();
    assert_eq!(rejections.len(), 1);
    assert_eq!(rejections[0].reason, RejectReason::KeyReused);
    assert_eq!(
        rejections[0].content.as_ref().unwrap().2,
        accepted("k", "second").order
    );
    assert!(queue.dead_letters().is_empty());
}

/// P2, P4: At this pace one write fits into an invocation.
#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_handed_back_untouched() {
    let (store, queue) = (FaultyStore::default(), MemoryQueue::default());
    let clock = Timestamp::from_millis(NOW);
    let pace = Pace::every(Duration::from_secs(40));
    let consumer = consumer(&store, &queue, clock, pace);
    let batch = vec![
        message("a", "fine", 1),
        message("b", "fine", 1),
        message("c", "fine", 31),
    ];
    let deadline = Timestamp::from_millis(NOW + 60_000);
    assert_eq!(consumer.consume(batch, deadline).await, ["b", "c"]);
    assert_eq!(store.puts.load(Relaxed), 1);
    let changes = queue.visibility_changes();
    assert_eq!(changes[0].seconds, 0);
    assert!(
        changes[1].seconds > 0,
        "again and again at once would use its receives up"
    );
}

/// P5: What goes wrong while a failure is dealt with is the record's own, too.
#[tokio::test]
async fn a_panic_while_settling_is_its_record_s_own() {
    let store = FaultyStore {
        rejections_panic: true,
        ..FaultyStore::default()
    };
    let queue = MemoryQueue::default();
    let batch = vec![
        message("a", "fine", 1),
        message("b", "refused", 9),
        message("c", "fine", 1),
    ];
    assert_eq!(consume(&store, &queue, batch).await, ["b"]);
    assert_eq!(stored(&store), keys(&["a", "c"]));
}

/// P2.
#[tokio::test]
async fn a_visibility_that_cannot_be_set_is_reported_all_the_same() {
    let (store, queue) = (FaultyStore::default(), MemoryQueue::failing());
    assert_eq!(
        consume(&store, &queue, vec![message("a", "unavailable", 1)]).await,
        ["a"]
    );
}

#[tokio::test]
async fn an_empty_batch_is_nothing_to_do() {
    let (store, queue) = (FaultyStore::default(), MemoryQueue::default());
    assert!(consume(&store, &queue, vec![]).await.is_empty());
}
