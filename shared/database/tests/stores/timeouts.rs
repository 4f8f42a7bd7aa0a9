//! Statements that take too long, on the server's clock and on ours.

use std::time::{Duration, Instant};

use futures::future::join_all;
use sluice_database::Settings;
use sluice_store::{OrderStore, PutOutcome, contract::order};
use sluice_testing::wait_for;

use super::{assert_stored, unavailable};
use crate::{
    database::{Database, Store},
    timeouts::{LOCK, LOCKED, SLOW, STANDS_STILL, UNLOCK},
};

/// A report that locks the table: the write gives up after the lock's timeout, and the connection stays.
#[tokio::test]
async fn a_locked_table() {
    let Some(database) = Database::new("locked").await else {
        return;
    };
    let store = database.store();
    store.warm().await.unwrap();
    let connections = database.connections().await;
    let it = order("c", 1, 0, &["a"]);
    database.run(LOCK).await;
    assert_eq!(unavailable(store.put(&it).await), LOCKED);
    // Readers go on.
    assert_eq!(store.find(&it.order_id).await.unwrap(), None);
    database.run(UNLOCK).await;
    assert_stored(store.put(&it).await);
    let now = database.connections().await;
    assert_eq!(now, connections, "the same connection");
}

/// The server's own clock.
#[tokio::test]
async fn a_slow_statement() {
    let Some(database) = Database::new("slow").await else {
        return;
    };
    database.slow_down(30.0).await;
    let store = database.store();
    store.warm().await.unwrap();
    let connections = database.connections().await;
    let it = order("slow", 1, 0, &["a"]);
    assert_eq!(unavailable(store.put(&it).await), SLOW);
    assert_eq!(database.orders().await, 0);
    assert_stored(store.put(&order("quick", 2, 0, &["a"])).await);
    let now = database.connections().await;
    assert_eq!(now, connections, "the same connection");
}

/// The server may still do what we gave up: the effect is unknown, and a repeat tells. So it is always with MySQL, whose clock ends
/// no INSERT.
#[tokio::test]
async fn an_answer_that_comes_too_late() {
    let Some(database) = Database::new("too_late").await else {
        return;
    };
    database.slow_down(1.5).await;
    let hasty = Settings {
        call_timeout: Duration::from_millis(500),
        ..database.settings()
    };
    let store = Store::new(hasty).unwrap();
    store.warm().await.unwrap();
    let connections = database.connections().await;
    let it = order("slow", 1, 0, &["a"]);
    let why = unavailable(store.put(&it).await);
    assert!(why.contains("no answer within 500ms"), "{why}");
    assert_stored(store.put(&order("quick", 2, 0, &["a"])).await);
    assert_ne!(database.connections().await, connections, "another one");
    wait_for("the late commit", async || database.orders().await == 2).await;
    let again = database.store().put(&it).await;
    assert_eq!(again.unwrap(), PutOutcome::Duplicate);
}

/// A caller that goes away while the server answers leaves nothing that the next call could take for its own answer.
#[tokio::test]
async fn a_caller_that_goes_away() {
    let Some(database) = Database::new("goes_away").await else {
        return;
    };
    database.slow_down(1.0).await;
    let store = database.store();
    store.warm().await.unwrap();
    let first = order("slow", 1, 0, &["a"]);
    tokio::select! {
        _ = store.put(&first) => panic!("it is slow"),
        () = database.wait_for_a_slow_insert() => {}
    }
    let missing = order("quick", 2, 0, &["a"]);
    assert_eq!(store.find(&missing.order_id).await.unwrap(), None);
    assert_stored(store.put(&missing).await);
    assert_eq!(store.put(&missing).await.unwrap(), PutOutcome::Duplicate);
}

/// A server that stands still answers nothing, not even to a new connection. Calls end in time all the same, many at once too.
#[tokio::test]
async fn a_server_that_stands_still() {
    let Some(database) = Database::own("still").await else {
        return;
    };
    let settings = Settings {
        connect_timeout: Duration::from_millis(400),
        call_timeout: Duration::from_millis(600),
        ..database.settings()
    };
    let store = Store::new(settings).unwrap();
    let orders: Vec<_> = (0..32).map(|key| order("c", key, 0, &["a"])).collect();
    for is_connected in STANDS_STILL {
        if is_connected {
            store.warm().await.unwrap();
        }
        database.server.signal("STOP");
        let begun = Instant::now();
        for result in join_all(orders.iter().map(|order| store.put(order))).await {
            unavailable(result);
        }
        let took = begun.elapsed();
        database.server.signal("CONT");
        assert!(took < Duration::from_secs(2), "one after another: {took:?}");
        wait_for("the server", async || {
            Store::client(database.settings()).await.is_ok()
        })
        .await;
    }
    wait_for("an order to be stored or found", async || {
        store.put(&orders[0]).await.is_ok()
    })
    .await;
}
