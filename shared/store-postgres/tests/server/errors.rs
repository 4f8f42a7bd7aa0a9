//! Errors that leave the server as it is: an operator's mistakes, rows that do not fit, and too many connections.

use std::sync::Arc;

use sluice_order::RejectReason;
use sluice_postgres::PostgresStore;
use sluice_store::{OrderStore, StoreError, StoredOrder, contract::order};
use sluice_testing::{postgres::Postgres, wait_for};

use crate::{assert_stored, database::Database, unavailable};

/// The order waits on the connection that it has, until the mistake is mended.
#[tokio::test]
async fn an_operator_s_mistake() {
    let Some(database) = Database::new("mistakes").await else {
        return;
    };
    let store = database.store();
    store.warm().await.unwrap();
    let backends = database.backends().await;
    let mistakes = [
        (
            "42P01",
            "ALTER TABLE sluice.orders RENAME TO hidden",
            "ALTER TABLE sluice.hidden RENAME TO orders",
        ),
        (
            "42501",
            "REVOKE INSERT ON sluice.orders FROM mistakes",
            "GRANT INSERT ON sluice.orders TO mistakes",
        ),
        (
            "42501",
            "REVOKE USAGE ON SCHEMA sluice FROM mistakes",
            "GRANT USAGE ON SCHEMA sluice TO mistakes",
        ),
    ];
    for (key, (code, mistake, mended)) in (1..).zip(mistakes) {
        let it = order("c", key, 0, &["a"]);
        database.run(mistake).await;
        assert_eq!(
            unavailable(store.put(&it).await),
            format!("SQLSTATE {code}")
        );
        database.run(mended).await;
        assert_stored(store.put(&it).await);
        assert_eq!(database.backends().await, backends, "the same connection");
    }
}

#[tokio::test]
async fn an_operator_s_mistake_before_the_connection() {
    let Some(database) = Database::new("logins").await else {
        return;
    };
    let store = database.store();
    let it = order("c", 1, 0, &["a"]);
    database.run("ALTER ROLE logins NOLOGIN").await;
    assert_eq!(unavailable(store.put(&it).await), "SQLSTATE 28000");
    database.run("ALTER ROLE logins LOGIN").await;
    assert_stored(store.put(&it).await);

    let mut settings = database.settings();
    settings.database = "nowhere".to_owned();
    let store = PostgresStore::new(settings).unwrap();
    assert_eq!(unavailable(store.put(&it).await), "SQLSTATE 3D000");
}

/// Also what the error says to the operator has nothing of the row in it, though the server's own message prints all of it.
#[tokio::test]
async fn a_rule_of_the_table() {
    let Some(database) = Database::new("rules").await else {
        return;
    };
    let store = database.store();
    store.warm().await.unwrap();
    let backends = database.backends().await;
    database
        .run("ALTER TABLE sluice.orders ADD CHECK (total < 100)")
        .await;
    let it = order("a-secret", 1, 0, &["a"]);
    for (code, order) in [
        ("23514", it.clone()),
        ("22021", text_that_no_column_takes(&it)),
    ] {
        match store.put(&order).await {
            Err(StoreError::Refused { reason, message }) => {
                assert_eq!(reason, RejectReason::RefusedByStorage);
                assert_eq!(message, format!("SQLSTATE {code}"));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(database.backends().await, backends, "the same connection");
    assert_eq!(database.orders().await, 0);
}

fn text_that_no_column_takes(order: &StoredOrder) -> StoredOrder {
    StoredOrder {
        traceparent: Some("00\0".to_owned()),
        ..order.clone()
    }
}

fn throttled<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Throttled(why)) => why,
        other => panic!("not throttled: {other:?}"),
    }
}

#[tokio::test]
async fn a_role_without_connections_left() {
    let Some(database) = Database::new("limited").await else {
        return;
    };
    database.run("ALTER ROLE limited CONNECTION LIMIT 1").await;
    let (first, second) = (database.store(), database.store());
    let it = order("c", 1, 0, &["a"]);
    first.warm().await.unwrap();
    assert_eq!(throttled(second.put(&it).await), "SQLSTATE 53300");
    drop(first);
    wait_for("a free connection", async || {
        database.backends().await.is_empty()
    })
    .await;
    assert_stored(second.put(&it).await);
}

#[tokio::test]
async fn a_full_connection_table() {
    let Some(server) = Postgres::start(&["max_connections=6"]) else {
        return;
    };
    let database = Database::on(Arc::new(server), "crowded").await;
    // The superuser's one and three that are kept for superusers leave two.
    let crowd = [database.store(), database.store()];
    for store in &crowd {
        store.warm().await.unwrap();
    }
    let late = database.store();
    let it = order("c", 1, 0, &["a"]);
    assert_eq!(throttled(late.put(&it).await), "SQLSTATE 53300");
    assert_stored(crowd[0].put(&order("c", 2, 0, &["a"])).await);
    drop(crowd);
    wait_for("a free connection", async || {
        database.backends().await.is_empty()
    })
    .await;
    assert_stored(late.put(&it).await);
}
