//! A whole consumer of its own: it counts parcels by their number, five in one transaction. A new consumer needs a reader and
//! a sink, and nothing else.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what goes wrong here fails the test, or is meant to"
)]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use sluice_consumer::{
    Consumer, Envelope, Message, Pace, Sink, SinkError, Unreadable, Written, queue::MemoryQueue,
};
use sluice_order::{RejectReason, Timestamp};

#[derive(Clone, PartialEq, Debug)]
struct Parcel {
    number: u32,
    goes_to: String,
}

/// A body such as `7 Leeds`.
fn read(body: &str) -> Envelope<Parcel> {
    let parcel = body.split_once(' ').and_then(|(number, goes_to)| {
        let (number, goes_to) = (number.parse().ok()?, goes_to.to_owned());
        Some(Parcel { number, goes_to })
    });
    Envelope {
        traceparent: None,
        order_id: None,
        customer_hash: None,
        accepted_at: None,
        item: parcel.ok_or(Unreadable::Never {
            reason: RejectReason::UnknownEvent,
            detail: "it is no parcel".to_owned(),
        }),
    }
}

/// The depot takes five parcels in one transaction.
#[derive(Clone, Default)]
struct Depot {
    parcels: Arc<Mutex<BTreeMap<u32, Parcel>>>,
    calls: Arc<Mutex<Vec<usize>>>,
}

impl Sink for Depot {
    type Item = Parcel;

    fn most_items(&self) -> usize {
        5
    }

    async fn write(&self, items: &mut [Parcel], _: Timestamp) -> Result<Vec<Written>, SinkError> {
        self.calls.lock().unwrap().push(items.len());
        match items.iter().find(|item| item.goes_to.len() > 9) {
            Some(item) if item.goes_to == "Bermuda triangle" => panic!("on purpose"),
            Some(_) => {
                let (reason, detail) = (RejectReason::TooLarge, "too long".to_owned());
                return Err(SinkError::Refused { reason, detail });
            }
            None => {}
        }
        let mut parcels = self.parcels.lock().unwrap();
        let write = |item: &mut Parcel| match parcels.insert(item.number, item.clone()) {
            None => Written::Stored,
            Some(old) if old == *item => Written::Duplicate,
            Some(old) => {
                parcels.insert(item.number, old);
                Written::Conflict
            }
        };
        Ok(items.iter_mut().map(write).collect())
    }
}

// Here ends what a second consumer needs. Below is what it is asked.

async fn consume(
    depot: &Depot,
    queue: &MemoryQueue,
    bodies: &[&str],
    receives: u32,
) -> Vec<String> {
    let pace = Pace::every(Duration::ZERO);
    let now = Timestamp::from_millis(1_795_766_400_000);
    let consumer = Consumer::new("parcels", read, depot.clone(), queue, now, pace);
    let message = |body: &&str| Message {
        id: (*body).to_owned(),
        body: (*body).to_owned(),
        receives,
        ..Message::default()
    };
    let batch = bodies.iter().map(message).collect();
    let deadline = Timestamp::from_millis(now.as_millis() + 60_000);
    consumer.consume(batch, deadline).await
}

fn numbers(depot: &Depot) -> Vec<u32> {
    depot.parcels.lock().unwrap().keys().copied().collect()
}

fn letters(queue: &MemoryQueue) -> Vec<(String, Option<RejectReason>)> {
    let letters = queue.dead_letters().into_iter();
    letters
        .map(|(message, letter)| (message.body, letter.reason))
        .collect()
}

/// P2, P3: Several items are one call, and each has its own outcome.
#[tokio::test]
async fn several_items_are_written_in_one_call() {
    let (depot, queue) = (Depot::default(), MemoryQueue::default());
    let batch = [
        "1 Leeds", "2 York", "1 Leeds", "3 Hull", "4 Ely", "5 Bath", "6 Ayr",
    ];
    assert!(consume(&depot, &queue, &batch, 1).await.is_empty());
    assert_eq!(numbers(&depot), [1, 2, 3, 4, 5, 6]);
    assert_eq!(*depot.calls.lock().unwrap(), [5, 2]);
    assert!(queue.dead_letters().is_empty());
}

/// P5: What failed before may have been a record's own fault.
#[tokio::test]
async fn what_was_received_before_goes_alone() {
    let (depot, queue) = (Depot::default(), MemoryQueue::default());
    let batch = ["1 Leeds", "2 York", "3 Hull"];
    assert!(consume(&depot, &queue, &batch, 2).await.is_empty());
    assert_eq!(*depot.calls.lock().unwrap(), [1, 1, 1]);
}

/// P5: Where a call is refused, or panics, each of its items goes alone.
#[tokio::test]
async fn one_bad_item_fails_alone() {
    let (depot, queue) = (Depot::default(), MemoryQueue::default());
    let batch = ["1 Leeds", "2 Llanfairpwll", "no parcel", "3 Hull"];
    assert!(consume(&depot, &queue, &batch, 1).await.is_empty());
    let batch = ["4 Ely", "5 Bermuda triangle", "6 Ayr"];
    assert_eq!(
        consume(&depot, &queue, &batch, 1).await,
        ["5 Bermuda triangle"]
    );
    assert_eq!(numbers(&depot), [1, 3, 4, 6]);
    let letters = letters(&queue);
    let expected = [
        ("2 Llanfairpwll", RejectReason::TooLarge),
        ("no parcel", RejectReason::UnknownEvent),
    ];
    assert_eq!(
        letters,
        expected.map(|(body, reason)| (body.to_owned(), Some(reason)))
    );
}

/// P2: A sink that keeps no rejections has its conflicts in the dead-letter queue.
#[tokio::test]
async fn a_conflict_is_not_lost() {
    let (depot, queue) = (Depot::default(), MemoryQueue::default());
    assert!(
        consume(&depot, &queue, &["1 Leeds", "1 York"], 1)
            .await
            .is_empty()
    );
    assert_eq!(depot.parcels.lock().unwrap()[&1].goes_to, "Leeds");
    let expected = ("1 York".to_owned(), Some(RejectReason::KeyReused));
    assert_eq!(letters(&queue), [expected]);
}
