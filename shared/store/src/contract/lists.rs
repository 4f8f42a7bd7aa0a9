//! Lists: what is on them, in which order, page by page.

use sluice_order::{ListQuery, OrderId, RejectReason, Sku};

use super::{all, at, listed, order, rejection};
use crate::{OrderStore, PutOutcome};

/// The first bytes of the keys listed.
async fn keys(store: &impl OrderStore, query: ListQuery) -> Vec<u8> {
    let ids = listed(store, query).await;
    ids.iter().map(|id| id.key().as_bytes()[0]).collect()
}

pub(super) async fn a_customer_s_orders_are_listed(store: &impl OrderStore) {
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
        assert_eq!(keys(store, oldest.clone()).await, [10, 11, 12, 13, 14]);
        for query in [query.clone(), oldest] {
            let range = ListQuery {
                from: at(10),
                to: at(30),
                ..query
            };
            let mut keys = keys(store, range).await;
            keys.sort_unstable();
            assert_eq!(keys, [11, 12, 13], "from is in, to is out");
        }
        let product = ListQuery {
            sku: Sku::new("x".into()),
            ..query.clone()
        };
        assert_eq!(keys(store, product.clone()).await, [12, 11, 10]);
        let oldest = ListQuery {
            newest_first: false,
            ..product
        };
        assert_eq!(keys(store, oldest).await, [10, 11, 12]);
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

/// Stores may break ties in their own ways, but each in one way, whatever the size of a page and the direction.
pub(super) async fn equal_times_page_both_ways(store: &impl OrderStore) {
    let times = [(130, 7), (131, 7), (194, 7), (230, 7), (251, 7), (255, 8)];
    let mut stored: Vec<OrderId> = Vec::new();
    for (key, accepted) in times {
        let it = order("at-once", key, accepted, &["x"]);
        assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Stored);
        stored.push(it.order_id);
    }
    let whole = listed(store, all("at-once")).await;
    assert_eq!(whole[0], stored[5]);
    let mut sorted = whole.clone();
    sorted.sort_by_key(OrderId::key);
    assert_eq!(sorted, stored);
    for limit in 1..=6 {
        for sku in [None, Sku::new("x".into())] {
            let newest = ListQuery {
                limit,
                sku,
                ..all("at-once")
            };
            assert_eq!(listed(store, newest.clone()).await, whole);
            let oldest = ListQuery {
                newest_first: false,
                ..newest
            };
            let mut reversed = listed(store, oldest).await;
            reversed.reverse();
            assert_eq!(reversed, whole);
        }
    }
}
