//! Storage as a whole.

use sluice_order::RejectReason;

use super::{order, rejection, smoke_order, stored};
use crate::{Found, OrderStore, ReadAll, Rejection, StoredOrder};

/// More than a database reads at once.
const ORDERS: u8 = 130;

pub(super) async fn all_is_read_once(store: &(impl OrderStore + ReadAll)) {
    let orders: Vec<StoredOrder> = (0..ORDERS)
        .map(|n| {
            let mut key = [0xd0; 12];
            key[11] = n;
            stored(
                order("whole", 0, i64::from(n), &["x"]).order,
                key.into(),
                i64::from(n),
            )
        })
        .collect();
    for order in &orders {
        store.put(order).await.unwrap();
    }
    let rejections = [true, false].map(|whole| {
        let other = order("whole", 0xd1, 0, &["rejected"]);
        rejection(&other, RejectReason::KeyReused, whole)
    });
    for rejection in &rejections {
        store.record(rejection).await.unwrap();
    }
    store.put(&smoke_order(0xd2, 0)).await.unwrap();

    let (found_orders, found_rejections) = read(store).await;
    for order in &orders {
        let same = found_orders.iter().filter(|found| *found == order);
        assert_eq!(same.count(), 1, "{order:?}");
    }
    for rejection in &rejections {
        let same = found_rejections.iter().filter(|found| *found == rejection);
        assert_eq!(same.count(), 1, "{rejection:?}");
    }
    assert!(found_orders.iter().all(|found| !found.order.is_smoke()));
    let mut keys: Vec<_> = found_orders.iter().map(|o| o.order_id.key()).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), found_orders.len(), "none is there twice");
}

async fn read(store: &impl ReadAll) -> (Vec<StoredOrder>, Vec<Rejection>) {
    let (mut orders, mut rejections) = (Vec::new(), Vec::new());
    let mut behind: Option<String> = None;
    loop {
        let part = store.read_all(behind.as_deref()).await.unwrap();
        for record in part.records {
            match record {
                Found::Order(order) => orders.push(*order),
                Found::Rejection(rejection) => rejections.push(*rejection),
            }
        }
        behind = part.next;
        if behind.is_none() {
            return (orders, rejections);
        }
    }
}
