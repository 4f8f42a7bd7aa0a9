//! One contract for every implementation of [`OrderStore`]. The feature `testing` has it, which no function switches on.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "what goes wrong here fails the test"
)]

mod bytes;
mod lists;
mod whole;

use serde_json::json;
use sluice_order::{
    ContentHash, CustomerId, Lane, ListQuery, Order, OrderId, OrderKey, RejectReason, Timestamp,
    smoke, testing::secrets,
};

use crate::{Found, OrderStore, PutOutcome, ReadAll, Rejection, StoredOrder};

/// Whether an empty store keeps the contract. It panics where the store does not.
pub async fn holds(store: &(impl OrderStore + ReadAll)) {
    an_order_is_written_once(store).await;
    a_rejection_stands_beside_an_order(store).await;
    a_rejection_never_holds_the_key(store).await;
    a_late_rejection_never_touches_an_order(store).await;
    a_shared_fingerprint_hides_no_conflict(store).await;
    an_order_of_a_thousand_lines_is_stored(store).await;
    lists::a_customer_s_orders_are_listed(store).await;
    lists::equal_times_page_both_ways(store).await;
    bytes::every_text_comes_back(store).await;
    bytes::the_largest_amount_comes_back(store).await;
    bytes::keys_compare_byte_for_byte(store).await;
    bytes::customers_compare_byte_for_byte(store).await;
    bytes::products_compare_byte_for_byte(store).await;
    a_smoke_order_is_no_order(store).await;
    whole::all_is_read_once(store).await;
}

/// A time on 2026-11-18.
pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000 + millis)
}

/// An order of a customer, named by `key`, accepted [`at`] this time, with these products.
pub fn order(customer: &str, key: u8, accepted: i64, skus: &[&str]) -> StoredOrder {
    let order = Order::sample()
        .customer(customer)
        .skus(skus)
        .with_in_lines("quantity", 3)
        .with_in_lines("unit_price", 9_007_199_254_u64)
        .with("ship_to", json!({"name": "Zoë", "country": "GB"}))
        .order();
    stored(order, [key; 12].into(), accepted)
}

/// This order as it is stored under this key.
pub fn stored(order: Order, key: OrderKey, accepted: i64) -> StoredOrder {
    let content = ContentHash::of(&order);
    StoredOrder {
        order_id: secrets().seal(key, &content, order.customer_id()),
        accepted_at: at(accepted),
        stored_at: at(accepted + 40),
        content,
        traceparent: Some("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01".into()),
        order,
    }
}

/// The smoke order of the hot lane, named by `key`, stored [`at`] this time.
pub fn smoke_order(key: u8, stored_at: i64) -> StoredOrder {
    let order = Order::smoke_from_json(smoke::body(Lane::Hot)).unwrap();
    StoredOrder {
        stored_at: at(stored_at),
        ..stored(order, [key; 12].into(), 0)
    }
}

/// A rejection of this order; `whole` if its message could be read.
pub fn rejection(of: &StoredOrder, reason: RejectReason, whole: bool) -> Rejection {
    Rejection {
        order_id: of.order_id,
        reason,
        rejected_at: at(1_000),
        content: whole.then(|| (of.accepted_at, of.content, of.order.clone())),
    }
}

/// All orders of a customer, the newest first.
pub fn all(customer: &str) -> ListQuery {
    ListQuery {
        customer_id: CustomerId::new(customer.into()).unwrap(),
        from: Timestamp::MIN,
        to: Timestamp::MAX,
        sku: None,
        newest_first: true,
        limit: 100,
        after: None,
    }
}

/// The ids listed, page by page; pages beyond what the list can need fail the test.
pub async fn listed(store: &impl OrderStore, mut query: ListQuery) -> Vec<OrderId> {
    let mut ids = Vec::new();
    for _ in 0..40 {
        let page = store.list(&query).await.unwrap();
        assert!(page.orders.len() <= query.limit);
        ids.extend(page.orders.iter().map(|o| o.order_id));
        query.after = page.next;
        if page.next.is_none() {
            return ids;
        }
    }
    panic!("the list has no end");
}

/// What is found for the id of this order.
pub async fn found(store: &impl OrderStore, of: &StoredOrder) -> Option<Found> {
    store.find(&of.order_id).await.unwrap()
}

async fn assert_found(store: &impl OrderStore, order: &StoredOrder) {
    let order = Found::Order(Box::new(order.clone()));
    let Found::Order(it) = &order else { return };
    assert_eq!(found(store, it).await, Some(order));
}

async fn an_order_is_written_once(store: &impl OrderStore) {
    let first = order("once", 1, 0, &["a", "b"]);
    assert_eq!(found(store, &first).await, None);
    assert_eq!(store.put(&first).await.unwrap(), PutOutcome::Stored);
    let again = StoredOrder {
        stored_at: at(9_999),
        ..first.clone()
    };
    assert_eq!(store.put(&again).await.unwrap(), PutOutcome::Duplicate);
    let other = order("once", 1, 5, &["c"]);
    assert_eq!(store.put(&other).await.unwrap(), PutOutcome::Conflict);
    assert_found(store, &first).await;
    assert_eq!(
        found(store, &other).await,
        None,
        "the key is taken, but not by this content"
    );
}

async fn a_rejection_stands_beside_an_order(store: &impl OrderStore) {
    let (first, other) = (
        order("conflict", 2, 0, &["a"]),
        order("conflict", 2, 5, &["b"]),
    );
    store.put(&first).await.unwrap();
    let reused = rejection(&other, RejectReason::KeyReused, true);
    store.reject(&reused).await.unwrap();
    store.reject(&reused).await.unwrap();
    assert_found(store, &first).await;
    assert_eq!(
        found(store, &other).await,
        Some(Found::Rejection(Box::new(reused)))
    );
}

async fn a_rejection_never_holds_the_key(store: &impl OrderStore) {
    let it = order("fixed", 3, 0, &["a"]);
    let panicked = rejection(&it, RejectReason::Panic, false);
    store.reject(&panicked).await.unwrap();
    assert_eq!(
        found(store, &it).await,
        Some(Found::Rejection(Box::new(panicked)))
    );
    let purged = Rejection {
        rejected_at: at(2_000),
        ..rejection(&it, RejectReason::TooLarge, false)
    };
    store.reject(&purged).await.unwrap();
    assert_eq!(
        found(store, &it).await,
        Some(Found::Rejection(Box::new(purged.clone())))
    );
    store
        .reject(&rejection(&it, RejectReason::Panic, false))
        .await
        .unwrap();
    assert_eq!(
        found(store, &it).await,
        Some(Found::Rejection(Box::new(purged.clone()))),
        "of two of the same content the later one stands, whichever is written first"
    );
    let earlier = rejection(&it, RejectReason::Panic, true);
    store.reject(&earlier).await.unwrap();
    assert_eq!(
        found(store, &it).await,
        Some(Found::Rejection(Box::new(purged))),
        "of two that differ in their content the latest is shown"
    );
    assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Stored);
    assert_found(store, &it).await;
}

async fn a_late_rejection_never_touches_an_order(store: &impl OrderStore) {
    let it = order("late", 4, 0, &["a"]);
    store.put(&it).await.unwrap();
    for whole in [false, true] {
        let late = rejection(&it, RejectReason::Panic, whole);
        store.reject(&late).await.unwrap();
        assert_found(store, &it).await;
        store.record(&late).await.unwrap();
        assert_found(store, &it).await;
    }
    assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Duplicate);
}

/// Two contents whose hashes begin with the same bytes: the second is no less a conflict.
async fn a_shared_fingerprint_hides_no_conflict(store: &impl OrderStore) {
    let it = order("twin", 5, 0, &["a"]);
    store.put(&it).await.unwrap();
    let twin = twin(&it);
    assert_eq!(store.put(&twin).await.unwrap(), PutOutcome::Conflict);
    let rejects = |order| rejection(order, RejectReason::KeyReused, true);
    assert!(store.is_stored(&rejects(&it)).await.unwrap());
    assert!(!store.is_stored(&rejects(&twin)).await.unwrap());
}

/// The same order under another hash, which begins with the same bytes.
pub fn twin(of: &StoredOrder) -> StoredOrder {
    let mut text = of.content.to_string();
    let last = if text.ends_with('A') { 'E' } else { 'A' };
    text.pop();
    text.push(last);
    let twin = StoredOrder {
        content: text.parse().unwrap(),
        ..of.clone()
    };
    assert_eq!(twin.content.fingerprint(), of.content.fingerprint());
    twin
}

async fn an_order_of_a_thousand_lines_is_stored(store: &impl OrderStore) {
    let skus: Vec<String> = (0..1_000).map(|n| format!("product-{n}")).collect();
    let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
    let order = Order::sample()
        .customer("wholesale")
        .skus(&skus)
        .with_in_lines("description", "WHITE HANGING HEART T-LIGHT HOLDER")
        .order();
    let it = stored(order, [7; 12].into(), 0);
    assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Stored);
    assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Duplicate);
    assert_found(store, &it).await;
    let query = ListQuery {
        sku: sluice_order::Sku::new("product-999".into()),
        ..all("wholesale")
    };
    assert_eq!(listed(store, query).await, [it.order_id]);
}

async fn a_smoke_order_is_no_order(store: &impl OrderStore) {
    let it = smoke_order(6, 40);
    assert!(!store.has_smoke(&it.order_id).await.unwrap());
    assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Stored);
    assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Duplicate);
    assert!(store.has_smoke(&it.order_id).await.unwrap());
    assert_eq!(found(store, &it).await, None);
    assert_eq!(listed(store, all(smoke::CUSTOMER)).await, []);
    let other = StoredOrder {
        content: twin(&it).content,
        ..it
    };
    assert_eq!(store.put(&other).await.unwrap(), PutOutcome::Conflict);
    let order = order("once", 1, 0, &["a", "b"]);
    assert!(!store.has_smoke(&order.order_id).await.unwrap());
}
