//! Connections that are cut between a question and its answer.

use std::time::Duration;

use futures::future::join_all;
use sluice_database::Settings;
use sluice_store::{OrderStore, PutOutcome, contract::order};
use sluice_testing::{
    server::wire::{Proxy, Way},
    wait_for,
};

use super::{assert_stored, behind_a_proxy, unavailable};
use crate::database::{Database, Store};

/// A store behind a proxy, with a connection on which an order was stored.
async fn begun(database: &Database) -> (Proxy, Store) {
    let (proxy, settings) = behind_a_proxy(database).await;
    let settings = Settings {
        call_timeout: Duration::from_secs(1),
        ..settings
    };
    let store = Store::new(settings).unwrap();
    // Where a statement is prepared first, that is done, so what is cut is its answer.
    assert_stored(store.put(&order("first", 0, 0, &["a"])).await);
    (proxy, store)
}

/// P2, P3. The commit took effect, and nobody heard of it: unknown, and the repeat is a duplicate.
#[tokio::test]
async fn cut_after_the_commit() {
    let Some(database) = Database::new("after_commit").await else {
        return;
    };
    let (proxy, store) = begun(&database).await;
    let it = order("c", 1, 0, &["a"]);
    proxy.set(Way::LoseAnswer);
    unavailable(store.put(&it).await);
    proxy.set(Way::Pass);
    wait_for("the commit", async || database.orders().await == 2).await;
    assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Duplicate);
    let other = order("c", 1, 0, &["b"]);
    assert_eq!(store.put(&other).await.unwrap(), PutOutcome::Conflict);
}

#[tokio::test]
async fn cut_before_the_question_arrived() {
    let Some(database) = Database::new("before_question").await else {
        return;
    };
    let (proxy, store) = begun(&database).await;
    let it = order("c", 1, 0, &["a"]);
    proxy.set(Way::LoseQuestion);
    unavailable(store.put(&it).await);
    assert_eq!(database.orders().await, 1);
    proxy.set(Way::Pass);
    assert_stored(store.put(&it).await);
}

/// Nothing comes back, and no connection is closed: only our own timeout ends it.
#[tokio::test]
async fn a_network_that_swallows_all() {
    let Some(database) = Database::new("hole").await else {
        return;
    };
    let (proxy, store) = begun(&database).await;
    let it = order("c", 1, 0, &["a"]);
    proxy.set(Way::Hole);
    for _ in 0..2 {
        unavailable(store.put(&it).await);
    }
    proxy.set(Way::Pass);
    assert_stored(store.put(&it).await);
    assert!(proxy.connections() >= 3, "{}", proxy.connections());
}

/// Many calls at once try one connection, not one each in turn.
#[tokio::test]
async fn many_calls_share_one_failure() {
    let Some(database) = Database::new("one_failure").await else {
        return;
    };
    let (proxy, settings) = behind_a_proxy(&database).await;
    let settings = Settings {
        connect_timeout: Duration::from_millis(300),
        ..settings
    };
    let store = Store::new(settings).unwrap();
    proxy.set(Way::Hole);
    let orders: Vec<_> = (0..32).map(|key| order("c", key, 0, &["a"])).collect();
    for result in join_all(orders.iter().map(|order| store.put(order))).await {
        unavailable(result);
    }
    assert_eq!(proxy.connections(), 1);
    proxy.set(Way::Pass);
    assert_stored(store.put(&orders[0]).await);
}
