//! Errors that leave the server as it is: an operator's mistakes, rows that do not fit, and too many connections.

use std::sync::Arc;

use sluice_mysql::MysqlStore;
use sluice_order::RejectReason;
use sluice_store::{OrderStore, StoreError, StoredOrder, contract::order};
use sluice_testing::{mysql::Mysql, wait_for};

use crate::{assert_stored, database::Database, unavailable};

/// The order waits on the connection that it has, until the mistake is mended.
#[tokio::test]
async fn an_operator_s_mistake() {
    let Some(database) = Database::new("mistakes").await else {
        return;
    };
    let store = database.store();
    store.warm().await.unwrap();
    let connections = database.connections().await;
    let mistakes = [
        (
            1146,
            "RENAME TABLE orders TO hidden",
            "RENAME TABLE hidden TO orders",
        ),
        (
            1142,
            "REVOKE INSERT ON orders FROM mistakes@'%'",
            "GRANT INSERT ON orders TO mistakes@'%'",
        ),
        (
            1054,
            "ALTER TABLE orders RENAME COLUMN traceparent TO hidden",
            "ALTER TABLE orders RENAME COLUMN hidden TO traceparent",
        ),
    ];
    for (key, (code, mistake, mended)) in (1..).zip(mistakes) {
        let it = order("c", key, 0, &["a"]);
        database.run(mistake).await;
        let why = unavailable(store.put(&it).await);
        assert_eq!(why, format!("MySQL error {code}"));
        database.run(mended).await;
        assert_stored(store.put(&it).await);
        assert_eq!(
            database.connections().await,
            connections,
            "the same connection"
        );
    }
}

/// A column of somebody else's without which a row is not whole: the schema does not fit, not the order.
#[tokio::test]
async fn a_foreign_column() {
    let Some(database) = Database::new("foreign_column").await else {
        return;
    };
    let store = database.store();
    database
        .run("ALTER TABLE orders ADD shop VARCHAR(9) NOT NULL")
        .await;
    let it = order("c", 1, 0, &["a"]);
    assert_eq!(unavailable(store.put(&it).await), "MySQL error 1364");
    database.run("ALTER TABLE orders DROP shop").await;
    assert_stored(store.put(&it).await);
}

#[tokio::test]
async fn an_operator_s_mistake_before_the_connection() {
    let Some(database) = Database::new("logins").await else {
        return;
    };
    let store = database.store();
    let it = order("c", 1, 0, &["a"]);
    database.run("RENAME USER logins@'%' TO other@'%'").await;
    assert_eq!(unavailable(store.put(&it).await), "MySQL error 1045");
    database.run("RENAME USER other@'%' TO logins@'%'").await;
    assert_stored(store.put(&it).await);

    let mut settings = database.settings();
    settings.database = "nowhere".to_owned();
    let store = MysqlStore::new(settings).unwrap();
    assert_eq!(unavailable(store.put(&it).await), "MySQL error 1044");
    let mut settings = crate::database::settings(&database.server, "nowhere", "root");
    settings.call_timeout *= 2;
    let store = MysqlStore::new(settings).unwrap();
    assert_eq!(unavailable(store.put(&it).await), "MySQL error 1049");
}

/// What a refusal says, which has the number and nothing of the row.
fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>) -> (RejectReason, String) {
    match result {
        Err(StoreError::Refused { reason, message }) => (reason, message),
        other => panic!("not refused: {other:?}"),
    }
}

async fn assert_refused(database: &Database, order: &StoredOrder, reason: RejectReason, code: u16) {
    let store = database.store();
    store.warm().await.unwrap();
    let connections = database.connections().await;
    let expected = (reason, format!("MySQL error {code}"));
    assert_eq!(refused(store.put(order).await), expected);
    assert_eq!(database.orders().await, 0);
    let now = database.connections().await;
    assert_eq!(now, connections, "the same connection");
}

/// Also what the error says to the operator has nothing of the row in it, though the server's own message may.
#[tokio::test]
async fn a_rule_of_the_table() {
    let Some(database) = Database::new("rules").await else {
        return;
    };
    database
        .run("ALTER TABLE orders ADD CONSTRAINT cheap CHECK (total < 100)")
        .await;
    let it = order("a-secret", 1, 0, &["a"]);
    assert_refused(&database, &it, RejectReason::RefusedByStorage, 4025).await;
}

/// `INSERT IGNORE` would store the first half of it.
#[tokio::test]
async fn a_text_that_is_too_long() {
    let Some(database) = Database::new("long_texts").await else {
        return;
    };
    database
        .run("ALTER TABLE orders MODIFY customer_id VARBINARY(4) NOT NULL")
        .await;
    let it = order("longer", 1, 0, &["a"]);
    assert_refused(&database, &it, RejectReason::TooLarge, 1406).await;
    assert_stored(database.store().put(&order("c", 1, 0, &["a"])).await);
}

#[tokio::test]
async fn a_number_out_of_range() {
    let Some(database) = Database::new("numbers").await else {
        return;
    };
    database
        .run("ALTER TABLE orders MODIFY total TINYINT NOT NULL")
        .await;
    let it = order("c", 1, 0, &["a"]);
    assert_refused(&database, &it, RejectReason::RefusedByStorage, 1264).await;
}

#[tokio::test]
async fn a_text_that_is_no_text() {
    let Some(database) = Database::new("no_texts").await else {
        return;
    };
    database
        .run("ALTER TABLE orders MODIFY traceparent VARCHAR(99) CHARACTER SET ascii")
        .await;
    let it = StoredOrder {
        traceparent: Some("00-é".to_owned()),
        ..order("c", 1, 0, &["a"])
    };
    assert_refused(&database, &it, RejectReason::RefusedByStorage, 1366).await;
}

fn throttled<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Throttled(why)) => why,
        other => panic!("not throttled: {other:?}"),
    }
}

#[tokio::test]
async fn a_user_without_connections_left() {
    let Some(database) = Database::new("limited").await else {
        return;
    };
    database
        .run("ALTER USER limited@'%' WITH MAX_USER_CONNECTIONS 1")
        .await;
    let (first, second) = (database.store(), database.store());
    let it = order("c", 1, 0, &["a"]);
    first.warm().await.unwrap();
    assert_eq!(throttled(second.put(&it).await), "MySQL error 1226");
    drop(first);
    wait_for("a free connection", async || {
        database.connections().await.is_empty()
    })
    .await;
    assert_stored(second.put(&it).await);
}

#[tokio::test]
async fn more_users_connections_than_the_server_lets_any_user_have() {
    let Some(server) = Mysql::start(&["max-user-connections=1"]) else {
        return;
    };
    let database = Database::on(Arc::new(server), "any_user").await;
    let (first, second) = (database.store(), database.store());
    first.warm().await.unwrap();
    let why = throttled(second.put(&order("c", 1, 0, &["a"])).await);
    assert_eq!(why, "MySQL error 1203");
}

#[tokio::test]
async fn a_full_connection_table() {
    // The least that MariaDB takes; one more is kept for an administrator.
    let Some(server) = Mysql::start(&["max-connections=10"]) else {
        return;
    };
    let database = Database::on(Arc::new(server), "crowded").await;
    let mut crowd: Vec<MysqlStore> = Vec::new();
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
    assert_eq!(why, "MySQL error 1040");
    assert_eq!(throttled(late.put(&it).await), "MySQL error 1040");
    assert_stored(crowd[0].put(&order("c", 2, 0, &["a"])).await);
    drop(crowd);
    wait_for("a free connection", async || {
        database.connections().await.is_empty()
    })
    .await;
    assert_stored(late.put(&it).await);
}
