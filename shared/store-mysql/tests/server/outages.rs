//! Servers that end connections and statements, and readers. After each the next call connects again.

use sluice_store::{OrderStore, contract::order};

use crate::{
    database::{Database, Stop},
    stores::{assert_stored, unavailable},
};

/// What a reader says to a write, and what is said of it when it is connected to.
pub(crate) const READ_ONLY: &str = "MySQL error 1290";
pub(crate) const READER: &str = "the server is read-only";

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

/// An administrator ends the statement and leaves the connection. What is sent by it afterwards is answered, but a server that kills
/// statements may be about to stop, so another connection is opened.
#[tokio::test]
async fn a_statement_that_is_killed() {
    let Some(database) = Database::new("killed").await else {
        return;
    };
    database.slow_down(1.5).await;
    let store = database.store();
    store.warm().await.unwrap();
    let connections = database.connections().await;
    let it = order("slow", 1, 0, &["a"]);
    let end = async {
        database.wait_for_a_slow_insert().await;
        database
            .run(&format!("KILL QUERY {}", connections[0]))
            .await;
    };
    let (answer, ()) = tokio::join!(store.put(&it), end);
    assert_eq!(unavailable(answer), "MySQL error 1317");
    database.run("DROP TRIGGER slow").await;
    assert_stored(store.put(&it).await);
    assert_ne!(database.connections().await, connections, "another one");
}

/// How Aurora's readers and a server in recovery look.
#[tokio::test]
async fn a_server_whose_innodb_is_read_only() {
    let Some(database) = Database::own("innodb_reader").await else {
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
    let Some(database) = Database::own("read_only_session").await else {
        return;
    };
    let store = database.store();
    let it = order("c", 1, 0, &["a"]);
    database.run("SET GLOBAL tx_read_only = ON").await;
    let why = unavailable(store.put(&it).await);
    assert_eq!(why, "MySQL error 1792");
    database.run("SET GLOBAL tx_read_only = OFF").await;
    assert_stored(store.put(&it).await);
}

impl Database {
    /// Sets whether the server takes no writes.
    pub(crate) async fn be_read_only(&self, set: &str) {
        self.run(&format!("SET GLOBAL read_only = {set}")).await;
    }
}
