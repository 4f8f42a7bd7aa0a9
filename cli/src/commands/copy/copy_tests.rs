use std::sync::atomic::{AtomicU32, Ordering};

use sluice_order::RejectReason;
use sluice_store::{
    MemoryStore, Page, Rejection, StoredOrder,
    contract::{order, rejection},
};

use super::*;

fn orders(numbers: std::ops::Range<u8>) -> Vec<StoredOrder> {
    numbers
        .map(|n| order("copied", n, i64::from(n), &["x"]))
        .collect()
}

async fn holding(orders: &[StoredOrder], rejections: &[Rejection]) -> MemoryStore {
    let store = MemoryStore::default();
    for order in orders {
        store.put(order).await.unwrap();
    }
    for rejection in rejections {
        store.record(rejection).await.unwrap();
    }
    store
}

async fn copied(from: &MemoryStore, to: &impl OrderStore) -> Result<Copied, Failure> {
    let (_keep, stop) = Stop::with_sender();
    copy(from, to, 100_000.0, None, &stop).await
}

#[tokio::test(start_paused = true)]
async fn all_is_copied_as_it_is_and_a_second_pass_brings_the_difference() {
    let rejected = order("copied", 99, 0, &["y"]);
    let rejections =
        [true, false].map(|whole| rejection(&rejected, RejectReason::KeyReused, whole));
    let from = holding(&orders(0..20), &rejections).await;
    let to = MemoryStore::default();
    let first = copied(&from, &to).await.unwrap();
    assert_eq!(
        (first.orders, first.rejections, first.there_already),
        (20, 2, 0)
    );
    assert_eq!(to.orders(), from.orders(), "times and traces too");
    assert_eq!(to.rejections(), from.rejections());

    from.put(&orders(20..21)[0]).await.unwrap();
    let before = compare(&from, &to).await.unwrap();
    assert!(!before.is_same(), "{before:?}");
    let second = copied(&from, &to).await.unwrap();
    assert_eq!((second.orders, second.there_already), (1, 20));
    let after = compare(&from, &to).await.unwrap();
    assert!(after.is_same(), "{after:?}");
    assert_eq!(
        after.readable(),
        "same     21 orders and 2 rejections in both\n"
    );
}

/// Neither is lost silently: the one that is there stands, and the command fails.
#[tokio::test(start_paused = true)]
async fn other_content_under_a_key_is_a_conflict() {
    let from = holding(&orders(0..2), &[]).await;
    let to = holding(&[order("copied", 1, 1, &["other"])], &[]).await;
    let outcome = copied(&from, &to).await.unwrap();
    assert_eq!((outcome.orders, outcome.conflicts), (1, 1));
    let compared = compare(&from, &to).await.unwrap();
    assert!(!compared.is_same());
    let told = compared.readable();
    assert!(
        told.contains("1 orders only in the first place, 1 only in the second"),
        "{told}"
    );
}

/// Storage that fails at the calls with these numbers, each once.
struct Failing<'a> {
    store: MemoryStore,
    fails: &'a (dyn Fn(u32) -> bool + Sync),
    calls: AtomicU32,
}

impl OrderStore for Failing<'_> {
    async fn put(&self, order: &StoredOrder) -> Result<PutOutcome, StoreError> {
        if (self.fails)(self.calls.fetch_add(1, Ordering::Relaxed)) {
            return Err(StoreError::Throttled("busy".to_owned()));
        }
        self.store.put(order).await
    }

    async fn is_stored(&self, rejection: &Rejection) -> Result<bool, StoreError> {
        self.store.is_stored(rejection).await
    }

    async fn record(&self, rejection: &Rejection) -> Result<(), StoreError> {
        self.store.record(rejection).await
    }

    async fn find(&self, id: &sluice_order::OrderId) -> Result<Option<Found>, StoreError> {
        self.store.find(id).await
    }

    async fn has_smoke(&self, id: &sluice_order::OrderId) -> Result<bool, StoreError> {
        self.store.has_smoke(id).await
    }

    async fn list(&self, query: &sluice_order::ListQuery) -> Result<Page, StoreError> {
        self.store.list(query).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_is_busy_is_asked_again() {
    let from = holding(&orders(0..10), &[]).await;
    let busy = Failing {
        store: MemoryStore::default(),
        fails: &|call| call % 2 == 0,
        calls: AtomicU32::new(0),
    };
    let outcome = copied(&from, &busy).await.unwrap();
    assert_eq!(outcome.orders, 10);
}

/// What it says is enough to go on.
#[tokio::test(start_paused = true)]
async fn a_copy_that_fails_says_where_to_go_on() {
    let from = holding(&orders(0..10), &[]).await;
    let dead = Failing {
        store: MemoryStore::default(),
        fails: &|call| call >= 4,
        calls: AtomicU32::new(0),
    };
    let failure = copied(&from, &dead).await.unwrap_err().to_string();
    assert!(failure.contains("--after '4'"), "{failure}");
    let (_keep, stop) = Stop::with_sender();
    let rest = copy(&from, &dead.store, 1e5, Some("4".to_owned()), &stop)
        .await
        .unwrap();
    assert_eq!(rest.orders, 6);
    assert_eq!(dead.store.orders().len(), 10);
}

#[test]
fn a_place_is_the_table_or_an_address_and_shows_no_password() {
    assert_eq!("table".parse(), Ok(Place::Table));
    let place: Place = "postgres://u:geheim@127.0.0.1/d".parse().unwrap();
    assert!(!format!("{place:?}").contains("geheim"));
    for text in ["", "Table", "redis://geheim@h/d"] {
        let why = text.parse::<Place>().unwrap_err();
        assert!(why.contains("table") && !why.contains("geheim"), "{why}");
    }
}
