//! How often a call goes to the server, and by how many connections.

use futures::future::join_all;
use sluice_store::{OrderStore, PutOutcome, contract::order};

use super::{assert_stored, behind_a_proxy};
use crate::database::{Database, Store, TO_CONNECT, TO_PREPARE};

#[tokio::test]
async fn a_new_order_is_one_round_trip() {
    let Some(database) = Database::new("trips").await else {
        return;
    };
    let (proxy, settings) = behind_a_proxy(&database).await;
    let store = Store::new(settings).unwrap();
    store.warm().await.unwrap();
    let mut before = proxy.questions();
    assert_stored(store.put(&order("c", 1, 0, &["a"])).await);
    let first = proxy.questions() - before;
    assert_eq!(first, TO_PREPARE + 1, "the first: prepared, then new");
    for key in 2..10 {
        before = proxy.questions();
        assert_stored(store.put(&order("c", key, 0, &["a"])).await);
        assert_eq!(proxy.questions() - before, 1, "new");
    }
    let it = order("c", 1, 0, &["a"]);
    assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Duplicate);
    before = proxy.questions();
    assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Duplicate);
    assert_eq!(proxy.questions() - before, 2, "there: one more to read it");
    assert_eq!(proxy.connections(), 1);
}

/// What the store sets and asks at the beginning is one of them.
#[tokio::test]
async fn how_many_round_trips_a_connection_is() {
    let Some(database) = Database::new("greeting").await else {
        return;
    };
    let (proxy, settings) = behind_a_proxy(&database).await;
    Store::new(settings).unwrap().warm().await.unwrap();
    assert_eq!((proxy.connections(), proxy.questions()), (1, TO_CONNECT));
}

#[tokio::test]
async fn many_calls_share_one_connection() {
    let Some(database) = Database::new("sharing").await else {
        return;
    };
    let (proxy, settings) = behind_a_proxy(&database).await;
    let store = Store::new(settings).unwrap();
    let orders: Vec<_> = (0..100).map(|key| order("c", key, 0, &["a"])).collect();
    for result in join_all(orders.iter().map(|order| store.put(order))).await {
        assert_stored(result);
    }
    assert_eq!(proxy.connections(), 1);
}
