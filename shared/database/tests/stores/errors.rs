//! Errors that leave the server as it is: an operator's mistakes, and too many connections.

use sluice_store::{OrderStore, StoreError, contract::order};
use sluice_testing::wait_for;

use super::{assert_stored, throttled, unavailable};
use crate::{
    database::{Database, Store},
    errors::{CROWDED, FULL, MISTAKES, ONE_CONNECTION, ONE_TOO_MANY},
};

/// The order waits on the connection that it has, until the mistake is mended.
#[tokio::test]
async fn an_operator_s_mistake() {
    let Some(database) = Database::new("mistakes").await else {
        return;
    };
    let store = database.store();
    store.warm().await.unwrap();
    let connections = database.connections().await;
    for (key, (code, mistake, mended)) in (1..).zip(MISTAKES) {
        let it = order("c", key, 0, &["a"]);
        database.run(mistake).await;
        assert_eq!(unavailable(store.put(&it).await), code);
        database.run(mended).await;
        assert_stored(store.put(&it).await);
        let now = database.connections().await;
        assert_eq!(now, connections, "the same connection");
    }
}

#[tokio::test]
async fn a_user_without_connections_left() {
    let Some(database) = Database::new("limited").await else {
        return;
    };
    database.run(ONE_CONNECTION).await;
    let (first, second) = (database.store(), database.store());
    let it = order("c", 1, 0, &["a"]);
    first.warm().await.unwrap();
    assert_eq!(throttled(second.put(&it).await), ONE_TOO_MANY);
    drop(first);
    wait_for("a free connection", async || {
        database.connections().await.is_empty()
    })
    .await;
    assert_stored(second.put(&it).await);
}

#[tokio::test]
async fn a_full_connection_table() {
    let Some(database) = Database::own_with("crowded", &[CROWDED]).await else {
        return;
    };
    let mut crowd: Vec<Store> = Vec::new();
    let late = database.store();
    let it = order("c", 1, 0, &["a"]);
    let why = loop {
        assert!(crowd.len() <= 10, "there is no end of connections");
        let store = database.store();
        match store.warm().await {
            Ok(()) => crowd.push(store),
            Err(StoreError::Throttled(why)) => break why,
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(why, FULL);
    assert_eq!(throttled(late.put(&it).await), FULL);
    assert_stored(crowd[0].put(&order("c", 2, 0, &["a"])).await);
    drop(crowd);
    wait_for("a free connection", async || {
        database.connections().await.is_empty()
    })
    .await;
    assert_stored(late.put(&it).await);
}
