//! Statements that take too long, on the server's clock and on ours.

use std::time::{Duration, Instant};

use sluice_postgres::{PostgresStore, Settings};
use sluice_store::{OrderStore, PutOutcome, contract::order};
use sluice_testing::wait_for;

use crate::{
    assert_stored,
    database::{Database, admin},
    unavailable,
};

/// A report that locks the table: the write gives up after the role's lock timeout, and the connection stays.
#[tokio::test]
async fn somebody_s_open_transaction() {
    let Some(database) = Database::new("locked").await else {
        return;
    };
    let store = database.store();
    store.warm().await.unwrap();
    let backends = database.backends().await;
    let it = order("c", 1, 0, &["a"]);
    database
        .run("BEGIN; LOCK TABLE sluice.orders IN SHARE MODE")
        .await;
    assert_eq!(unavailable(store.put(&it).await), "SQLSTATE 55P03");
    // Readers go on.
    assert_eq!(store.find(&it.order_id).await.unwrap(), None);
    database.run("ROLLBACK").await;
    assert_stored(store.put(&it).await);
    assert_eq!(database.backends().await, backends, "the same connection");
}

#[tokio::test]
async fn a_slow_statement() {
    let Some(database) = Database::new("slow").await else {
        return;
    };
    database.slow_down(30.0).await;
    database
        .run("ALTER ROLE slow SET statement_timeout = '200ms'")
        .await;
    let store = database.store();
    store.warm().await.unwrap();
    let backends = database.backends().await;
    let it = order("slow", 1, 0, &["a"]);
    assert_eq!(unavailable(store.put(&it).await), "SQLSTATE 57014");
    assert_eq!(database.orders().await, 0);
    assert_stored(store.put(&order("quick", 2, 0, &["a"])).await);
    assert_eq!(database.backends().await, backends, "the same connection");
}

/// The server may still do what we gave up: the effect is unknown, and a repeat tells.
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
    let store = PostgresStore::new(hasty).unwrap();
    store.warm().await.unwrap();
    let backends = database.backends().await;
    let it = order("slow", 1, 0, &["a"]);
    let why = unavailable(store.put(&it).await);
    assert!(why.contains("no answer within 500ms"), "{why}");
    assert_stored(store.put(&order("quick", 2, 0, &["a"])).await);
    assert_ne!(database.backends().await, backends, "another connection");
    wait_for("the late commit", async || database.orders().await == 2).await;
    assert_eq!(
        database.store().put(&it).await.unwrap(),
        PutOutcome::Duplicate
    );
}

/// A server that stands still answers nothing, not even to a new connection. Calls end in time all the same, many at once too.
#[tokio::test]
async fn a_server_that_stands_still() {
    let Some(server) = sluice_testing::postgres::Postgres::start(&[]) else {
        return;
    };
    let database = Database::on(std::sync::Arc::new(server), "still").await;
    let settings = Settings {
        connect_timeout: Duration::from_millis(400),
        call_timeout: Duration::from_millis(600),
        ..database.settings()
    };
    let store = PostgresStore::new(settings).unwrap();
    database.server.signal("STOP");
    let begun = Instant::now();
    let orders: Vec<_> = (0..32).map(|key| order("c", key, 0, &["a"])).collect();
    let puts = orders.iter().map(|order| store.put(order));
    for result in futures::future::join_all(puts).await {
        unavailable(result);
    }
    let took = begun.elapsed();
    database.server.signal("CONT");
    assert!(took < Duration::from_secs(2), "one after another: {took:?}");
    let _ = admin(&database.server, "still").await;
    assert_stored(store.put(&orders[0]).await);
}
