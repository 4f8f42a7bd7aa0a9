//! Servers that stop, crash, start, end connections, and become readers. After each the next call connects again.

use std::{fs, sync::Arc};

use sluice_store::{OrderStore, PutOutcome, contract::order};
use sluice_testing::{
    postgres::{Postgres, Stop},
    wait_for,
};

use crate::{
    assert_stored,
    database::{Database, admin},
    unavailable,
};

async fn own_server(name: &str) -> Option<Database> {
    let server = Postgres::start(&[])?;
    Some(Database::on(Arc::new(server), name).await)
}

/// P2, P6. What was stored before a crash is there after it, and orders wait meanwhile.
#[tokio::test]
async fn a_server_that_stops() {
    let Some(database) = own_server("stops").await else {
        return;
    };
    let store = database.store();
    for (key, how) in [(1, Stop::Fast), (2, Stop::Kill), (3, Stop::Fast)] {
        let (before, during) = (order("c", key, 0, &["a"]), order("c", key + 10, 0, &["a"]));
        assert_stored(store.put(&before).await);
        database.server.stop(how);
        for _ in 0..2 {
            unavailable(store.put(&during).await);
        }
        database.server.resume(&[]);
        assert_stored(store.put(&during).await);
        assert_eq!(store.put(&before).await.unwrap(), PutOutcome::Duplicate);
    }
}

#[tokio::test]
async fn terminated_while_idle() {
    let Some(database) = Database::new("idle").await else {
        return;
    };
    let store = database.store();
    assert_stored(store.put(&order("c", 1, 0, &["a"])).await);
    database.terminate().await;
    let it = order("c", 2, 0, &["a"]);
    // The server says so before it ends a connection, so the call knows without asking.
    assert_stored(store.put(&it).await);
}

#[tokio::test]
async fn terminated_in_mid_statement() {
    let Some(database) = Database::new("mid_statement").await else {
        return;
    };
    let store = database.store();
    store.warm().await.unwrap();
    let it = order("c", 1, 0, &["a"]);
    let blocking = admin(&database.server, &database.name).await;
    let lock = "BEGIN; LOCK TABLE sluice.orders IN SHARE MODE";
    blocking.batch_execute(lock).await.unwrap();
    let end = async {
        database.wait_for_a_lock().await;
        database.terminate().await;
    };
    let (answer, ()) = tokio::join!(store.put(&it), end);
    assert_eq!(unavailable(answer), "SQLSTATE 57P01");
    blocking.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(database.orders().await, 0);
    assert_stored(store.put(&it).await);
}

/// A standby that does not serve yet says the same as a server that recovers, and says it as long as the test likes.
#[tokio::test]
async fn a_starting_server() {
    let Some(database) = own_server("starting").await else {
        return;
    };
    let store = database.store();
    let it = order("c", 1, 0, &["a"]);
    database.server.stop(Stop::Fast);
    let signal = database.server.private_file("standby.signal", b"");
    database.server.begin(&["hot_standby=off"]);
    wait_for("a server that says that it is starting", async || {
        unavailable(store.put(&it).await) == "SQLSTATE 57P03"
    })
    .await;
    database.server.stop(Stop::Fast);
    fs::remove_file(signal).unwrap();
    database.server.resume(&[]);
    assert_stored(store.put(&it).await);
}

/// A failover: the server that one is connected to takes no writes any more.
#[tokio::test]
async fn a_server_that_became_read_only() {
    let Some(database) = own_server("reader").await else {
        return;
    };
    let store = database.store();
    let (first, it) = (order("c", 1, 0, &["a"]), order("c", 2, 0, &["a"]));
    assert_stored(store.put(&first).await);
    let set = async |value: &str| {
        database
            .run(&format!(
                "ALTER SYSTEM SET default_transaction_read_only = {value}"
            ))
            .await;
        database.run("SELECT pg_reload_conf()").await;
        wait_for("the new setting", async || {
            is_read_only(&database).await == value
        })
        .await;
    };
    set("on").await;
    let why = unavailable(store.put(&it).await);
    assert_eq!(why, "SQLSTATE 25006", "by the connection that it had");
    let why = unavailable(store.put(&it).await);
    assert!(why.contains("no connection"), "when it connects: {why}");
    assert_eq!(database.orders().await, 1);
    set("off").await;
    assert_stored(store.put(&it).await);
}

/// The setting as a connection sees it that was open before.
async fn is_read_only(database: &Database) -> String {
    let sql = "SELECT current_setting('default_transaction_read_only')";
    let rows = database.admin.query_typed(sql, &[]).await.unwrap();
    rows[0].get(0)
}
