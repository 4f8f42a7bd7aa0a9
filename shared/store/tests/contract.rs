//! One contract for every implementation of [`OrderStore`].
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what goes wrong here fails the test"
)]

use serde_json::json;
use sluice_order::{
    ContentHash, CustomerId, Lane, ListQuery, Order, OrderId, OrderKey, RejectReason, Sku,
    Timestamp, smoke, testing::secrets,
};
use sluice_store::{
    DynamoStore, Found, MemoryStore, OrderStore, PutOutcome, Rejection, StoredOrder,
};
use sluice_testing::dynamodb::{self, TABLE};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000 + millis)
}

/// An order of a customer, named by `key`, with the given products.
fn order(customer: &str, key: u8, accepted: i64, skus: &[&str]) -> StoredOrder {
    let order = Order::sample()
        .customer(customer)
        .skus(skus)
        .with_in_lines("quantity", 3)
        .with_in_lines("unit_price", 9_007_199_254_u64)
        .with("ship_to", json!({"name": "Zoë", "country": "GB"}))
        .order();
    let content = ContentHash::of(&order);
    StoredOrder {
        order_id: id(key, &content, &order),
        accepted_at: at(accepted),
        stored_at: at(accepted + 40),
        content,
        traceparent: Some("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01".into()),
        order,
    }
}

fn id(key: u8, content: &ContentHash, order: &Order) -> OrderId {
    secrets().seal(OrderKey::from([key; 12]), content, order.customer_id())
}

fn rejection(of: &StoredOrder, reason: RejectReason, whole: bool) -> Rejection {
    Rejection {
        order_id: of.order_id,
        reason,
        rejected_at: at(1_000),
        content: whole.then(|| (of.accepted_at, of.content, of.order.clone())),
    }
}

async fn found(store: &impl OrderStore, of: &StoredOrder) -> Option<Found> {
    store.find(&of.order_id).await.unwrap()
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
    assert_eq!(
        found(store, &first).await,
        Some(Found::Order(Box::new(first)))
    );
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
    assert_eq!(
        found(store, &first).await,
        Some(Found::Order(Box::new(first)))
    );
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
        Some(Found::Rejection(Box::new(purged)))
    );
    assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Stored);
    assert_eq!(found(store, &it).await, Some(Found::Order(Box::new(it))));
}

async fn a_late_rejection_never_touches_an_order(store: &impl OrderStore) {
    let it = order("late", 4, 0, &["a"]);
    store.put(&it).await.unwrap();
    for whole in [false, true] {
        store
            .reject(&rejection(&it, RejectReason::Panic, whole))
            .await
            .unwrap();
        assert_eq!(
            found(store, &it).await,
            Some(Found::Order(Box::new(it.clone())))
        );
    }
    assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Duplicate);
}

/// Two contents whose hashes begin with the same bytes: the second is no less a conflict, and is kept.
#[tokio::test]
async fn a_shared_fingerprint_hides_no_conflict() {
    let store = MemoryStore::default();
    let it = order("twin", 5, 0, &["a"]);
    store.put(&it).await.unwrap();
    let mut text = it.content.to_string();
    let last = if text.ends_with('A') { 'E' } else { 'A' };
    text.pop();
    text.push(last);
    let twin = StoredOrder {
        content: text.parse().unwrap(),
        ..it.clone()
    };
    assert_eq!(twin.content.fingerprint(), it.content.fingerprint());
    assert_eq!(store.put(&twin).await.unwrap(), PutOutcome::Conflict);
    store
        .reject(&rejection(&twin, RejectReason::KeyReused, true))
        .await
        .unwrap();
    store
        .reject(&rejection(&it, RejectReason::KeyReused, true))
        .await
        .unwrap();
    assert_eq!(
        store.rejections().len(),
        1,
        "of the twin, not of the order that is stored"
    );
}

fn all(customer: &str) -> ListQuery {
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

/// The keys listed, page by page; pages beyond what the list can need fail the test.
async fn keys(store: &impl OrderStore, mut query: ListQuery) -> Vec<u8> {
    let mut keys = Vec::new();
    for _ in 0..20 {
        let page = store.list(&query).await.unwrap();
        assert!(page.orders.len() <= query.limit);
        keys.extend(page.orders.iter().map(|o| o.order_id.key().as_bytes()[0]));
        query.after = page.next;
        if page.next.is_none() {
            return keys;
        }
    }
    panic!("the list has no end");
}

async fn a_customer_s_orders_are_listed(store: &impl OrderStore) {
    for (key, accepted, skus) in [
        (10, 0, ["x", "y"]),
        (11, 10, ["x", "z"]),
        (13, 20, ["y", "z"]),
        (12, 20, ["x", "z"]),
        (14, 30, ["cafe\u{301} ", "y"]),
    ] {
        store
            .put(&order("lister", key, accepted, &skus))
            .await
            .unwrap();
    }
    store.put(&order("liste", 15, 5, &["x"])).await.unwrap();
    let refused = order("lister", 16, 6, &["x"]);
    store
        .reject(&rejection(&refused, RejectReason::KeyReused, true))
        .await
        .unwrap();

    for limit in [1, 2, 5, 100] {
        let query = ListQuery {
            limit,
            ..all("lister")
        };
        assert_eq!(
            keys(store, query.clone()).await,
            [14, 13, 12, 11, 10],
            "ties by key"
        );
        let oldest = ListQuery {
            newest_first: false,
            ..query.clone()
        };
        assert_eq!(keys(store, oldest).await, [10, 11, 12, 13, 14]);
        let range = ListQuery {
            from: at(10),
            to: at(30),
            ..query.clone()
        };
        assert_eq!(
            keys(store, range).await,
            [13, 12, 11],
            "from is in, to is out"
        );
        let product = ListQuery {
            sku: Sku::new("x".into()),
            ..query.clone()
        };
        assert_eq!(keys(store, product).await, [12, 11, 10]);
        for name in ["cafe\u{301} ", "café", "\u{feff}café\n"] {
            let product = ListQuery {
                sku: Sku::new(name.into()),
                ..query.clone()
            };
            assert_eq!(keys(store, product).await, [14], "{name:?}");
        }
    }
    let page = store
        .list(&ListQuery {
            limit: 5,
            ..all("lister")
        })
        .await
        .unwrap();
    assert_eq!(
        page.next, None,
        "a full last page knows that it is the last"
    );
    assert_eq!(page.orders[4].total, 2 * 3 * 9_007_199_254);
    assert_eq!(page.orders[4].stored_at, at(40));
    assert_eq!(keys(store, all("nobody")).await, Vec::<u8>::new());
    let empty = ListQuery {
        from: at(10),
        to: at(10),
        ..all("lister")
    };
    assert_eq!(keys(store, empty).await, Vec::<u8>::new());
}

async fn a_smoke_order_is_no_order(store: &impl OrderStore) {
    let order = Order::smoke_from_json(smoke::body(Lane::Hot)).unwrap();
    let content = ContentHash::of(&order);
    let it = StoredOrder {
        order_id: id(6, &content, &order),
        content,
        order,
        ..self::order("lister", 6, 0, &["x"])
    };
    assert!(!store.has_smoke(&it.order_id).await.unwrap());
    assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Stored);
    assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Duplicate);
    assert!(store.has_smoke(&it.order_id).await.unwrap());
    assert_eq!(found(store, &it).await, None);
    assert_eq!(keys(store, all(smoke::CUSTOMER)).await, Vec::<u8>::new());
    let order = self::order("once", 1, 0, &["a", "b"]);
    assert!(!store.has_smoke(&order.order_id).await.unwrap());
}

async fn contract(store: &impl OrderStore) {
    an_order_is_written_once(store).await;
    a_rejection_stands_beside_an_order(store).await;
    a_rejection_never_holds_the_key(store).await;
    a_late_rejection_never_touches_an_order(store).await;
    a_customer_s_orders_are_listed(store).await;
    a_smoke_order_is_no_order(store).await;
}

#[tokio::test]
async fn in_memory() {
    contract(&MemoryStore::default()).await;
}

#[tokio::test]
async fn in_dynamodb() {
    contract(&DynamoStore::new(dynamodb::client().await, TABLE)).await;
}
