//! Storage as a whole.

use std::collections::BTreeSet;

use sluice_order::{Order, RejectReason};

use super::{order, rejection, smoke_order, stored, twin};
use crate::{Found, OrderStore, ReadAll, ReadError, Rejection, StoredOrder};

/// More than a database reads at once.
const ORDERS: u8 = 130;

/// Keys with seven rejections each: more than a database reads at once, and its parts end between two of one key.
const REJECTED_KEYS: u8 = 16;

/// So many large orders are more than `DynamoDB` reads at once: 1 MB.
const LARGE: u8 = 6;

fn of_key(first: u8, last: u8, skus: &[&str]) -> StoredOrder {
    let mut key = [first; 12];
    key[11] = last;
    let millis = i64::from(last);
    stored(order("whole", 0, millis, skus).order, key.into(), millis)
}

/// About 200 KB.
fn large_order(last: u8) -> StoredOrder {
    let skus: Vec<String> = (0..400).map(|n| format!("large-{n}")).collect();
    let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
    let order = Order::sample()
        .customer("whole")
        .skus(&skus)
        .with_in_lines("description", "d".repeat(450))
        .order();
    let mut key = [0xd3; 12];
    key[11] = last;
    stored(order, key.into(), 0)
}

/// Of one key: of three contents, each with its message and without, and of one whose hash begins as another's.
fn rejections_of(last: u8) -> Vec<Rejection> {
    let orders = ["x", "y", "z"].map(|sku| of_key(0xd1, last, &[sku]));
    let reason = RejectReason::KeyReused;
    let each = orders
        .iter()
        .flat_map(|order| [true, false].map(|whole| rejection(order, reason, whole)));
    let all = each.chain([rejection(&twin(&orders[0]), reason, true)]);
    all.collect()
}

pub(super) async fn all_is_read_once(store: &(impl OrderStore + ReadAll)) {
    let orders = (0..ORDERS).map(|n| of_key(0xd0, n, &["x"]));
    let orders: Vec<_> = orders.chain((0..LARGE).map(large_order)).collect();
    for order in &orders {
        store.put(order).await.unwrap();
    }
    let rejections: Vec<_> = (0..REJECTED_KEYS).flat_map(rejections_of).collect();
    for rejection in &rejections {
        store.record(rejection).await.unwrap();
    }
    store.put(&smoke_order(0xd2, 0)).await.unwrap();

    let (found_orders, found_rejections) = read(store).await;
    for order in &orders {
        let same = found_orders.iter().filter(|found| *found == order);
        assert_eq!(same.count(), 1, "{:?}", order.order_id);
    }
    for rejection in &rejections {
        let same = found_rejections.iter().filter(|found| *found == rejection);
        assert_eq!(same.count(), 1, "{rejection:?}");
    }
    assert!(found_orders.iter().all(|found| !found.order.is_smoke()));
    let keys: BTreeSet<_> = found_orders.iter().map(|o| o.order_id.key()).collect();
    assert_eq!(keys.len(), found_orders.len(), "none is there twice");
    for mark in ["no place", "", "orders", "-1"] {
        let part = store.read_all(Some(mark)).await;
        assert!(matches!(part, Err(ReadError::NoPlace)), "{mark}: {part:?}");
    }
}

async fn read(store: &impl ReadAll) -> (Vec<StoredOrder>, Vec<Rejection>) {
    let (mut orders, mut rejections) = (Vec::new(), Vec::new());
    let mut behind: Option<String> = None;
    let mut marks = BTreeSet::new();
    loop {
        let part = store.read_all(behind.as_deref()).await.unwrap();
        for record in part.records {
            match record {
                Found::Order(order) => orders.push(*order),
                Found::Rejection(rejection) => rejections.push(*rejection),
            }
        }
        behind = part.next;
        let Some(mark) = &behind else {
            assert!(!marks.is_empty(), "all of it in one part: nothing went on");
            return (orders, rejections);
        };
        assert!(marks.insert(mark.clone()), "it goes round: {mark} again");
    }
}
