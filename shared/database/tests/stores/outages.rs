//! Servers that stop, crash and become readers. After each the next call connects again.

use sluice_store::{OrderStore, PutOutcome, contract::order};

use super::{assert_stored, unavailable};
use crate::{
    database::{Database, Stop},
    outages::{READ_ONLY, READER},
};

/// P2, P6. What was stored before a crash is there after it, and orders wait meanwhile.
#[tokio::test]
async fn a_server_that_stops() {
    let Some(database) = Database::own("stops").await else {
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

/// A failover: the server that one is connected to takes no writes any more. Its connection stays open and would stay wrong.
#[tokio::test]
async fn a_server_that_became_read_only() {
    let Some(database) = Database::own("reader").await else {
        return;
    };
    let store = database.store();
    let (first, it) = (order("c", 1, 0, &["a"]), order("c", 2, 0, &["a"]));
    assert_stored(store.put(&first).await);
    let before = database.connections().await;
    database.be_read_only("on").await;
    let why = unavailable(store.put(&it).await);
    assert_eq!(why, READ_ONLY, "by the connection that it had");
    let why = unavailable(store.put(&it).await);
    assert!(why.contains(READER), "when it connects: {why}");
    assert_eq!(database.orders().await, 1);
    database.be_read_only("off").await;
    assert_stored(store.put(&it).await);
    let after = database.connections().await;
    assert!(
        after.iter().all(|connection| !before.contains(connection)),
        "the reader's connection is kept"
    );
}
