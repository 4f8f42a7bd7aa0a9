//! Servers that stop, crash, end connections, and become readers. After each the next call connects again.

use std::sync::Arc;

use sluice_store::{OrderStore, PutOutcome, contract::order};
use sluice_testing::mysql::{Mysql, Stop};

use crate::{
    assert_stored,
    database::{Database, admin},
    unavailable,
};

async fn own_server(name: &str) -> Option<Database> {
    let server = Mysql::start(&[])?;
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

/// The driver hears of it with the next statement only. That call is told that it is unknown what became of it, and the next one
/// connects again.
#[tokio::test]
async fn killed_while_idle() {
    let Some(database) = Database::new("idle").await else {
        return;
    };
    let store = database.store();
    assert_stored(store.put(&order("c", 1, 0, &["a"])).await);
    database.terminate().await;
    let it = order("c", 2, 0, &["a"]);
    unavailable(store.put(&it).await);
    assert_stored(store.put(&it).await);
}

#[tokio::test]
async fn killed_in_mid_statement() {
    let Some(database) = Database::new("mid_statement").await else {
        return;
    };
    database.slow_down(1.5).await;
    let store = database.store();
    store.warm().await.unwrap();
    let it = order("slow", 1, 0, &["a"]);
    let end = async {
        database.wait_for_a_slow_insert().await;
        database.terminate().await;
    };
    let (answer, ()) = tokio::join!(store.put(&it), end);
    let why = unavailable(answer);
    assert!(
        why == "MySQL error 1927" || why.contains("no connection"),
        "{why}"
    );
    database.run("DROP TRIGGER slow").await;
    assert_eq!(database.orders().await, 0);
    assert_stored(store.put(&it).await);
}

/// A failover: the server that one is connected to takes no writes any more. Its connection stays open and would stay wrong.
#[tokio::test]
async fn a_server_that_became_read_only() {
    let Some(database) = own_server("reader").await else {
        return;
    };
    let store = database.store();
    let (first, it) = (order("c", 1, 0, &["a"]), order("c", 2, 0, &["a"]));
    assert_stored(store.put(&first).await);
    let before = database.connections().await;
    database.run("SET GLOBAL read_only = ON").await;
    let why = unavailable(store.put(&it).await);
    assert_eq!(why, "MySQL error 1290", "by the connection that it had");
    let why = unavailable(store.put(&it).await);
    assert_eq!(why, "the server is read-only", "when it connects");
    assert_eq!(database.orders().await, 1);
    database.run("SET GLOBAL read_only = OFF").await;
    assert_stored(store.put(&it).await);
    let after = database.connections().await;
    assert!(
        after.iter().all(|connection| !before.contains(connection)),
        "the reader's connection is kept"
    );
}

/// How Aurora's readers and a server in recovery look.
#[tokio::test]
async fn a_server_whose_innodb_is_read_only() {
    let Some(database) = own_server("innodb_reader").await else {
        return;
    };
    let store = database.store();
    let it = order("c", 1, 0, &["a"]);
    database.server.stop(Stop::Fast);
    database.server.resume(&["innodb-read-only=ON"]);
    let why = unavailable(store.put(&it).await);
    assert_eq!(why, "the server is read-only");
    database.server.stop(Stop::Fast);
    database.server.resume(&[]);
    assert_stored(store.put(&it).await);
}

#[tokio::test]
async fn a_session_that_is_read_only() {
    let Some(database) = own_server("read_only_session").await else {
        return;
    };
    let store = database.store();
    let it = order("c", 1, 0, &["a"]);
    database.run("SET GLOBAL tx_read_only = ON").await;
    let why = unavailable(store.put(&it).await);
    assert_eq!(why, "MySQL error 1792");
    database.run("SET GLOBAL tx_read_only = OFF").await;
    assert_stored(store.put(&it).await);
    drop(admin(&database.server, &database.name).await);
}
