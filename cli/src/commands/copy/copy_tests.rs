use std::{
    collections::BTreeSet,
    future::pending,
    sync::atomic::{AtomicU32, Ordering},
};

use clap::Parser;
use sluice_order::{RejectReason, smoke};
use sluice_store::{
    Found, MemoryStore, Page, Part, PutOutcome, Rejection, StoreError, StoredOrder,
    contract::{at, order, rejection, smoke_order},
};
use tokio::{sync::watch, time::Instant};

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

async fn copied(from: &impl ReadAll, to: &impl OrderStore) -> Result<Copied, Failure> {
    let (_keep, stop) = Stop::with_sender();
    copy(from, to, 100_000.0, None, &stop).await
}

async fn compared_with(from: &impl ReadAll, to: &impl ReadAll) -> Comparison {
    let progress = Progress::counting("Comparing");
    compare(from, to, &progress).await.unwrap()
}

/// The options of a copy.
fn options(more: &[&str]) -> CopyArguments {
    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        copy: CopyArguments,
    }
    let line = [&["sluice", "--from", "table", "--to", "x"], more].concat();
    Only::try_parse_from(line).unwrap().copy
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
    let before = compared_with(&from, &to).await;
    assert!(!before.is_same(), "{before:?}");
    let second = copied(&from, &to).await.unwrap();
    assert_eq!((second.orders, second.there_already), (1, 20));
    let after = compared_with(&from, &to).await;
    assert!(after.is_same(), "{after:?}");
    assert_eq!(
        after.readable(),
        "same     21 orders and 2 rejections in both"
    );
}

/// Neither is lost silently: the one that is there stands, and the command fails.
#[tokio::test(start_paused = true)]
async fn other_content_under_a_key_is_a_conflict() {
    let from = holding(&orders(0..2), &[]).await;
    let to = holding(&[order("copied", 1, 1, &["other"])], &[]).await;
    let outcome = copied(&from, &to).await.unwrap();
    assert_eq!((outcome.orders, outcome.conflicts), (1, 1));
    let told = compared_with(&from, &to).await;
    assert!(!told.is_same());
    let told = told.readable();
    let one =
        "orders: 0 only in the first place, 0 only in the second, 1 with other content, 0 with";
    assert!(told.contains(one), "{told}");
    let id = orders(1..2)[0].order_id.to_string();
    assert!(told.ends_with(&format!("ids      {id}")), "{told}");
    let (_keep, stop) = Stop::with_sender();
    let exit = between(&from, &to, &options(&[]), &stop).await;
    assert_eq!(exit, Ok(Exit::Wrong));
}

/// What was purged there after the first copy stays purged.
#[tokio::test(start_paused = true)]
async fn a_later_rejection_is_left_alone_and_told() {
    let it = order("copied", 1, 0, &["y"]);
    let panicked = rejection(&it, RejectReason::Panic, true);
    let purged = Rejection {
        rejected_at: at(9_000),
        ..rejection(&it, RejectReason::Purged, true)
    };
    let (from, to) = (
        holding(&[], &[panicked]).await,
        holding(&[], &[purged]).await,
    );
    copied(&from, &to).await.unwrap();
    assert_eq!(to.rejections()[0].reason, RejectReason::Purged);
    let told = compared_with(&from, &to).await;
    assert!(!told.is_same());
    let told = told.readable();
    assert!(
        told.contains("rejections: 0 only in the first place, 0 only in the second, 0 with other content, 1 with another"),
        "{told}"
    );
    assert!(told.contains(&it.order_id.to_string()), "{told}");
    // The other way the later one is news.
    copied(&to, &from).await.unwrap();
    assert!(compared_with(&from, &to).await.is_same());
}

/// The reason alone.
#[tokio::test(start_paused = true)]
async fn another_reason_is_a_difference() {
    let it = order("copied", 1, 0, &["y"]);
    let one = holding(&[], &[rejection(&it, RejectReason::Panic, true)]).await;
    let other = holding(&[], &[rejection(&it, RejectReason::Purged, true)]).await;
    assert!(!compared_with(&one, &other).await.is_same());
}

#[tokio::test(start_paused = true)]
async fn rejections_of_smoke_orders_are_no_part() {
    let smoke = rejection(&smoke_order(7, 0), RejectReason::Panic, true);
    assert_eq!(
        smoke.content.as_ref().unwrap().2.customer_id().as_str(),
        smoke::CUSTOMER
    );
    let (from, to) = (holding(&[], &[smoke]).await, MemoryStore::default());
    assert_eq!(copied(&from, &to).await.unwrap().rejections, 0);
    assert_eq!(to.rejections(), []);
    assert!(compared_with(&from, &to).await.is_same());
}

/// The hash beside the content says nothing of the content.
#[tokio::test(start_paused = true)]
async fn what_is_there_is_compared_and_not_what_is_said_of_it() {
    let it = order("copied", 1, 0, &["x"]);
    let erased = StoredOrder {
        order: order("erased", 1, 0, &["erased"]).order,
        ..it.clone()
    };
    let (from, to) = (
        holding(std::slice::from_ref(&it), &[]).await,
        holding(std::slice::from_ref(&erased), &[]).await,
    );
    let told = compared_with(&from, &to).await;
    assert!(!told.is_same());
    let told = told.readable();
    assert!(told.contains("1 with other content"), "{told}");
    assert!(told.contains("altered  the content of 1 records"), "{told}");
    // Erased in both they are the same, and it is told.
    let from = holding(&[erased], &[]).await;
    let told = compared_with(&from, &to).await;
    assert!(told.is_same());
    let told = told.readable();
    assert!(told.contains("altered  the content of 2 records"), "{told}");
    assert!(told.contains(&it.order_id.to_string()), "{told}");
}

#[tokio::test(start_paused = true)]
async fn ids_and_times_are_compared() {
    let it = order("copied", 1, 0, &["x"]);
    let of_a_rotated_secret = it.order_id.to_string().replace("ord_", "");
    let from = holding(std::slice::from_ref(&it), &[]).await;
    for other in [
        StoredOrder {
            accepted_at: at(7),
            ..it.clone()
        },
        StoredOrder {
            stored_at: at(7),
            ..it.clone()
        },
        StoredOrder {
            order_id: format!("ord_{}A", &of_a_rotated_secret[..35])
                .parse()
                .unwrap(),
            ..it.clone()
        },
    ] {
        assert_ne!(other, it);
        let told = compared_with(&from, &holding(&[other], &[]).await).await;
        assert!(!told.is_same());
        let told = told.readable();
        assert!(told.contains("1 with another id, time or reason"), "{told}");
    }
}

/// Storage that behaves badly at calls with certain numbers.
struct Failing<'a> {
    store: MemoryStore,
    /// What becomes of the write with this number.
    writes: &'a (dyn Fn(u32) -> Option<StoreError> + Sync),
    /// What becomes of the read with this number.
    reads: &'a (dyn Fn(u32) -> Option<ReadError> + Sync),
    written: AtomicU32,
    read: AtomicU32,
    /// It is sent when the calls of this number, and those after it, never end.
    hangs: Option<(u32, watch::Sender<bool>)>,
}

impl Failing<'_> {
    fn new(store: MemoryStore) -> Self {
        Self {
            store,
            writes: &|_| None,
            reads: &|_| None,
            written: AtomicU32::new(0),
            read: AtomicU32::new(0),
            hangs: None,
        }
    }

    async fn hang(&self, call: u32) {
        if let Some((first, sender)) = &self.hangs
            && call >= *first
        {
            sender.send_replace(true);
            pending::<()>().await;
        }
    }
}

impl OrderStore for Failing<'_> {
    async fn put(&self, order: &StoredOrder) -> Result<PutOutcome, StoreError> {
        let call = self.written.fetch_add(1, Ordering::Relaxed);
        if let Some(error) = (self.writes)(call) {
            return Err(error);
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

impl ReadAll for Failing<'_> {
    async fn read_all(&self, behind: Option<&str>) -> Result<Part, ReadError> {
        let call = self.read.fetch_add(1, Ordering::Relaxed);
        self.hang(call).await;
        match (self.reads)(call) {
            Some(error) => Err(error),
            None => self.store.read_all(behind).await,
        }
    }
}

fn busy() -> StoreError {
    StoreError::Throttled("busy".to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_is_busy_is_asked_again() {
    let fails = |call| (call % 2 == 0).then(busy);
    let reads = |call| fails(call).map(ReadError::from);
    let from = Failing {
        reads: &reads,
        ..Failing::new(holding(&orders(0..10), &[]).await)
    };
    let to = Failing {
        writes: &fails,
        reads: &reads,
        ..Failing::new(MemoryStore::default())
    };
    assert_eq!(copied(&from, &to).await.unwrap().orders, 10);
    assert!(compared_with(&from, &to).await.is_same());
}

/// What it says is enough to go on.
#[tokio::test(start_paused = true)]
async fn a_copy_that_fails_says_where_to_go_on() {
    let from = holding(&orders(0..10), &[]).await;
    let dead = Failing {
        writes: &|call| (call >= 4).then(busy),
        ..Failing::new(MemoryStore::default())
    };
    let failure = copied(&from, &dead).await.unwrap_err();
    assert_eq!(failure.exit(), Exit::Environment);
    let failure = failure.to_string();
    assert!(failure.contains("--after '4'"), "{failure}");
    assert!(failure.contains("copied until then: 4 orders"), "{failure}");
    let (_keep, stop) = Stop::with_sender();
    let rest = copy(&from, &dead.store, 1e5, Some("4".to_owned()), &stop)
        .await
        .unwrap();
    assert_eq!(rest.orders, 6);
    assert_eq!(dead.store.orders().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn what_will_never_be_is_not_tried_again() {
    let from = holding(&orders(0..3), &[]).await;
    let refuses = |call| {
        (call == 1).then(|| StoreError::Refused {
            reason: RejectReason::TooLarge,
            message: "quotes the order".to_owned(),
        })
    };
    let to = Failing {
        writes: &refuses,
        ..Failing::new(MemoryStore::default())
    };
    let failure = copied(&from, &to).await.unwrap_err().to_string();
    let order = orders(1..2)[0].order_id;
    let named = format!(
        "--to refuses the order {order} with the key {}",
        order.key()
    );
    assert!(failure.contains(&named), "{failure}");
    assert!(failure.contains("TOO_LARGE"), "{failure}");
    assert!(failure.contains("1 orders"), "{failure}");
    assert!(
        !failure.contains("again") && !failure.contains("quotes"),
        "{failure}"
    );
    assert_eq!(to.written.load(Ordering::Relaxed), 2);

    let foreign = |call| (call == 1).then(|| ReadError::Foreign("the item \"k\"".to_owned()));
    let from = Failing {
        reads: &foreign,
        ..Failing::new(holding(&orders(0..3), &[]).await)
    };
    let failure = copied(&from, &to).await.unwrap_err();
    assert_eq!(failure.exit(), Exit::Wrong);
    let failure = failure.to_string();
    assert!(
        failure.contains("in --from the item \"k\" is not one of ours"),
        "{failure}"
    );
    assert!(failure.contains("Next: remove or mend it"), "{failure}");
    assert_eq!(from.read.load(Ordering::Relaxed), 2, "once for each part");
    let (_keep, stop) = Stop::with_sender();
    let other = Failing {
        reads: &foreign,
        ..Failing::new(MemoryStore::default())
    };
    let (empty, options) = (holding(&orders(0..2), &[]).await, options(&[]));
    let failure = between(&empty, &other, &options, &stop).await.unwrap_err();
    let failure = failure.to_string();
    assert!(failure.contains("copied 2 orders"), "{failure}");
    assert!(failure.contains("in --to the item \"k\""), "{failure}");
    assert!(failure.contains("--compare"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_mark_of_another_storage_is_wrong_usage() {
    let from = holding(&orders(0..3), &[]).await;
    let (_keep, stop) = Stop::with_sender();
    let after = Some("orders,x".to_owned());
    let failure = copy(&from, &from, 1e5, after, &stop).await.unwrap_err();
    assert_eq!(failure.exit(), Exit::Environment);
    let failure = failure.to_string();
    assert!(
        failure.contains("--after is no place of this storage"),
        "{failure}"
    );
}

/// A signal during a part: what comes after it is not written, and the counts are told.
#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_copy_before_the_next_write() {
    let (sender, stop) = Stop::with_sender();
    let from = OnePart(orders(0..50));
    let to = Failing {
        writes: &|call| {
            if call == 9 {
                sender.send_replace(true);
            }
            None
        },
        ..Failing::new(MemoryStore::default())
    };
    let begun = Instant::now();
    let failure = copy(&from, &to, 1.0, None, &stop).await.unwrap_err();
    assert_eq!(failure.exit(), Exit::Wrong);
    let written = to.written.load(Ordering::Relaxed);
    assert_eq!(written, 10, "of a part of 50");
    assert!(begun.elapsed().as_secs() < 11, "{:?}", begun.elapsed());
    let failure = failure.to_string();
    assert!(
        failure.contains("stopped: not all is copied, but 9 orders")
            || failure.contains("stopped: not all is copied, but 10 orders"),
        "{failure}"
    );
    assert!(
        failure.contains("Next: run the same command again"),
        "{failure}"
    );
}

/// All in one part.
struct OnePart(Vec<StoredOrder>);

impl ReadAll for OnePart {
    async fn read_all(&self, _: Option<&str>) -> Result<Part, ReadError> {
        let all = self.0.iter().cloned().map(Box::new).map(Found::Order);
        Ok(Part {
            records: all.collect(),
            next: None,
        })
    }
}

/// The copy is done, and nobody may think otherwise.
#[tokio::test(start_paused = true)]
async fn a_comparison_that_ends_early_says_what_was_copied() {
    for (more, told) in [
        (&[][..], "stopped: copied 5 orders and 0 rejections"),
        (&["--json"], "stopped: copied 5 orders and 0 rejections"),
        (&["--compare"], "stopped: they were not compared"),
    ] {
        let (sender, stop) = Stop::with_sender();
        let to = Failing {
            hangs: Some((0, sender)),
            ..Failing::new(MemoryStore::default())
        };
        let from = holding(&orders(0..5), &[]).await;
        let failure = between(&from, &to, &options(more), &stop)
            .await
            .unwrap_err();
        assert_eq!(failure.exit(), Exit::Wrong);
        let failure = failure.to_string();
        assert!(failure.starts_with(told), "{failure}");
        assert!(failure.contains("they were not compared"), "{failure}");
        assert!(failure.contains("and --compare"), "{failure}");
        assert!(!failure.contains("nothing was changed"), "{failure}");
    }
    let (_keep, stop) = Stop::with_sender();
    let to = Failing {
        reads: &|_| Some(StoreError::Unavailable("away".to_owned()).into()),
        ..Failing::new(MemoryStore::default())
    };
    let from = holding(&orders(0..5), &[]).await;
    let failure = between(&from, &to, &options(&[]), &stop).await.unwrap_err();
    assert_eq!(failure.exit(), Exit::Environment);
    let failure = failure.to_string();
    assert!(
        failure.starts_with("copied 5 orders") && failure.contains("--to cannot be read"),
        "{failure}"
    );
}

#[test]
fn the_options_show_no_password() {
    let shown = format!(
        "{:?}",
        CopyArguments {
            from: Hidden("postgres://u:geheim@h/d".to_owned()),
            to: Hidden("geheim".to_owned()),
            rate: 1.0,
            after: None,
            compare: false,
            json: false,
        }
    );
    assert!(!shown.contains("geheim"), "{shown}");
}

#[test]
fn only_the_first_ids_are_named_each_once() {
    let ids: Vec<_> = orders(0..30).iter().map(|order| order.order_id).collect();
    let named = super::compare::first([ids.clone(), ids].concat());
    let unique: BTreeSet<_> = named.iter().collect();
    assert_eq!((named.len(), unique.len()), (10, 10));
}
