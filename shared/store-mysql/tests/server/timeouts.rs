//! Statements that take too long, on the server's clock and on ours.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use sluice_mysql::{MysqlStore, Settings};
use sluice_store::{OrderStore, PutOutcome, contract::order};
use sluice_testing::{mysql::Mysql, wait_for};

use crate::{
    assert_stored,
    database::{Database, admin},
    unavailable,
};

/// A transaction that has the key: the write gives up after the lock's timeout, and the connection stays.
#[tokio::test]
async fn somebody_s_open_transaction() {
    let Some(database) = Database::new("held").await else {
        return;
    };
    let store = database.store();
    let it = order("c", 1, 0, &["a"]);
    assert_stored(store.put(&it).await);
    let connections = database.connections().await;
    database.run("BEGIN; DELETE FROM orders").await;
    assert_eq!(unavailable(store.put(&it).await), "MySQL error 1205");
    // Readers go on.
    assert!(store.find(&it.order_id).await.unwrap().is_some());
    database.run("COMMIT").await;
    assert_stored(store.put(&it).await);
    let now = database.connections().await;
    assert_eq!(now, connections, "the same connection");
}

#[tokio::test]
async fn a_locked_table() {
    let Some(database) = Database::new("locked").await else {
        return;
    };
    let store = database.store();
    store.warm().await.unwrap();
    let connections = database.connections().await;
    let it = order("c", 1, 0, &["a"]);
    database.run("LOCK TABLES orders READ").await;
    assert_eq!(unavailable(store.put(&it).await), "MySQL error 1205");
    assert_eq!(store.find(&it.order_id).await.unwrap(), None);
    database.run("UNLOCK TABLES").await;
    assert_stored(store.put(&it).await);
    let now = database.connections().await;
    assert_eq!(now, connections, "the same connection");
}

/// MariaDB's own clock.
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
    assert_eq!(unavailable(store.put(&it).await), "MySQL error 1969");
    assert_eq!(database.orders().await, 0);
    assert_stored(store.put(&order("quick", 2, 0, &["a"])).await);
    let now = database.connections().await;
    assert_eq!(now, connections, "the same connection");
}

/// The server may still do what we gave up: the effect is unknown, and a repeat tells. So it is with MySQL, whose clock ends no
/// INSERT.
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
    let store = MysqlStore::new(hasty).unwrap();
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
    let Some(server) = Mysql::start(&[]) else {
        return;
    };
    let database = Database::on(Arc::new(server), "still").await;
    let settings = Settings {
        connect_timeout: Duration::from_millis(400),
        call_timeout: Duration::from_millis(600),
        ..database.settings()
    };
    let store = MysqlStore::new(settings).unwrap();
    let orders: Vec<_> = (0..32).map(|key| order("c", key, 0, &["a"])).collect();
    for is_connected in [false, true] {
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
            MysqlStore::client(database.settings()).await.is_ok()
        })
        .await;
    }
    drop(admin(&database.server, "still").await);
    wait_for("an order to be stored or found", async || {
        store.put(&orders[0]).await.is_ok()
    })
    .await;
}
