use clap::Parser;
use sluice_order::{Lane, ListQuery, Order, OrderAccepted, OrderId, Timestamp, testing::secrets};
use sluice_store::{Found, MemoryStore, Page, PutOutcome, StoredOrder};

use super::*;
use crate::commands::{
    Arguments, Command,
    dlq::{
        arguments::DlqCommand,
        letter::tests::{PANIC, note},
        memory::{Deed, MemoryQueues},
    },
};

fn arguments(rest: &[&str]) -> PurgeArguments {
    let line = [&["sluice", "dlq", "purge"], rest].concat();
    match Arguments::try_parse_from(line).unwrap().command {
        Command::Dlq(dlq) => match dlq.command {
            DlqCommand::Purge(arguments) => arguments,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

const NOW: i64 = 1_795_000_000_000;

fn accepted(key: &str) -> OrderAccepted {
    let at = Timestamp::from_millis(1);
    let sample = Order::sample().key(key).accepted_at(at);
    sample.message(&secrets())
}

/// An order, an order with a broken body, and something that is no order.
fn three() -> MemoryQueues {
    let queues = MemoryQueues::default();
    let whole = accepted("whole").to_body().unwrap();
    let broken = accepted("broken").to_body().unwrap();
    let broken = broken.replace("\"quantity\":2", "\"quantity\":0");
    queues.put(Lane::Standard, "a", &whole, &[note(PANIC)]);
    queues.put(Lane::Standard, "b", &broken, &[]);
    queues.put(Lane::Hot, "c", "not JSON", &[]);
    queues
}

async fn purge<S: OrderStore>(
    queues: &MemoryQueues,
    store: &S,
    rest: &[&str],
    answer: Option<bool>,
) -> Result<Exit, Failure> {
    let (_sender, stop) = Stop::with_sender();
    let purge = Purge {
        queues,
        store,
        clock: Timestamp::from_millis(NOW),
        arguments: &arguments(rest),
        stop: &stop,
    };
    run(&purge, async |_| Ok(answer.expect("nobody is to be asked"))).await
}

fn visible(queues: &MemoryQueues) -> usize {
    Lane::ALL.iter().map(|lane| queues.visible(*lane)).sum()
}

/// A store that refuses rejections with content, or all of them, or is out of reach; looks whether a letter
/// was removed before its record.
#[derive(Default)]
struct Grumpy {
    inner: MemoryStore,
    refuses_content: bool,
    refuses_all: bool,
    is_away: bool,
}

impl OrderStore for Grumpy {
    async fn put(&self, order: &StoredOrder) -> Result<PutOutcome, StoreError> {
        self.inner.put(order).await
    }

    async fn is_stored(&self, rejection: &Rejection) -> Result<bool, StoreError> {
        self.inner.is_stored(rejection).await
    }

    async fn record(&self, rejection: &Rejection) -> Result<(), StoreError> {
        if self.is_away {
            return Err(StoreError::Unavailable("away".to_owned()));
        }
        if self.refuses_all || self.refuses_content && rejection.content.is_some() {
            return Err(StoreError::Refused {
                reason: RejectReason::TooLarge,
                message: "size".to_owned(),
            });
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

#[tokio::test(start_paused = true)]
async fn what_names_an_order_is_on_record_and_everything_is_removed() {
    let (queues, store) = (three(), MemoryStore::default());
    assert_eq!(
        purge(&queues, &store, &["--yes"], None).await,
        Ok(Exit::Fine)
    );
    assert_eq!(queues.deeds().len(), 3);
    assert!(queues.sent().is_empty());
    assert_eq!(store.rejections().len(), 2);
    let whole = accepted("whole");
    let found = store.find(&whole.order_id).await.unwrap();
    let rejection = Rejection {
        order_id: whole.order_id,
        reason: RejectReason::Purged,
        rejected_at: Timestamp::from_millis(NOW),
        content: Some((whole.accepted_at, whole.content, whole.order)),
    };
    assert_eq!(found, Some(Found::Rejection(rejection.into())));
    let broken = store.find(&accepted("broken").order_id).await.unwrap();
    let Some(Found::Rejection(broken)) = broken else {
        panic!("{broken:?}")
    };
    assert_eq!(
        (broken.reason, broken.content),
        (RejectReason::Purged, None)
    );
}

#[tokio::test(start_paused = true)]
async fn a_forged_id_is_no_order_s() {
    let (queues, store) = (MemoryQueues::default(), MemoryStore::default());
    let body = accepted("whole").to_body().unwrap();
    let forged = r#"{"type":"permanent","reason":"FORGED_ID"}"#;
    queues.put(Lane::Standard, "a", &body, &[note(forged)]);
    let exit = purge(&queues, &store, &["--yes"], None).await;
    assert_eq!(exit, Ok(Exit::Fine));
    assert_eq!(visible(&queues), 0);
    assert_eq!(store.rejections().len(), 0);
}

/// P2: which of them would be recorded?
#[tokio::test(start_paused = true)]
async fn a_letter_with_several_orders_is_not_removed() {
    let (queues, store) = (MemoryQueues::default(), MemoryStore::default());
    let bodies = ["one", "two"].map(|key| accepted(key).to_body().unwrap());
    let batch = format!("[{}]", bodies.join(","));
    queues.put(Lane::Standard, "a", &batch, &[note(PANIC)]);
    let exit = purge(&queues, &store, &["--yes"], None).await;
    assert_eq!((exit, visible(&queues)), (Ok(Exit::Wrong), 1));
    assert!(store.rejections().is_empty());
}

/// P2: what was accepted does not vanish without a record.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_recorded_is_not_removed() {
    let queues = three();
    let away = Grumpy {
        is_away: true,
        ..Grumpy::default()
    };
    let failure = purge(&queues, &away, &["--yes", "a"], None)
        .await
        .unwrap_err();
    assert!(
        failure.to_string().contains("so the letter stays"),
        "{failure}"
    );
    let refusing = Grumpy {
        refuses_all: true,
        ..Grumpy::default()
    };
    assert_eq!(
        purge(&queues, &refusing, &["--yes"], None).await,
        Ok(Exit::Wrong)
    );
    assert_eq!(queues.deeds(), [Deed::Deleted("c".to_owned())]);
    assert_eq!(visible(&queues), 2);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_recorded_without_its_content() {
    let queues = three();
    let store = Grumpy {
        refuses_content: true,
        ..Grumpy::default()
    };
    assert_eq!(
        purge(&queues, &store, &["--yes"], None).await,
        Ok(Exit::Fine)
    );
    let rejections = store.inner.rejections();
    assert_eq!(rejections.len(), 2);
    assert!(rejections.iter().all(|r| r.content.is_none()));
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_stored_stays_as_it_is() {
    let (queues, store) = (three(), MemoryStore::default());
    let stored = StoredOrder::new(accepted("whole"), Timestamp::from_millis(2));
    store.put(&stored).await.unwrap();
    assert_eq!(
        purge(&queues, &store, &["--yes", "a"], None).await,
        Ok(Exit::Fine)
    );
    assert!(store.rejections().is_empty());
    assert_eq!(store.orders(), [stored]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_removed_unless_it_is_meant() {
    let (queues, store) = (three(), MemoryStore::default());
    assert!(purge(&queues, &store, &[], Some(false)).await.is_err());
    assert_eq!(
        purge(&queues, &store, &["--dry-run"], None).await,
        Ok(Exit::Fine)
    );
    let missing = purge(&queues, &store, &["nobody"], None).await;
    assert_eq!(missing.unwrap_err().exit(), Exit::Wrong);
    assert!(queues.deeds().is_empty() && store.rejections().is_empty());
    assert_eq!(visible(&queues), 3);
    let limited = purge(&queues, &store, &["--limit", "1"], Some(true)).await;
    assert_eq!((limited, visible(&queues)), (Ok(Exit::Fine), 2));
}
