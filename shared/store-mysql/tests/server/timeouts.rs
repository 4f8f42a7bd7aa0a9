//! Statements that take too long: what this server says, and which of its locks end so.

use sluice_store::{OrderStore, contract::order};

use crate::{
    database::Database,
    stores::{assert_stored, unavailable},
};

/// A report that locks the table.
pub(crate) const LOCK: &str = "LOCK TABLES orders READ";
pub(crate) const UNLOCK: &str = "UNLOCK TABLES";

/// After the session's limit for locks, and by MariaDB's own clock.
pub(crate) const LOCKED: &str = "MySQL error 1205";
pub(crate) const SLOW: &str = "MySQL error 1969";

/// Whether a connection is open already when the server stands still.
pub(crate) const STANDS_STILL: [bool; 2] = [false, true];

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
