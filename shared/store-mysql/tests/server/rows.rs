//! Rows that do not fit, and are refused for good.

use sluice_order::RejectReason;
use sluice_store::{OrderStore, StoreError, StoredOrder, contract::order};
use sluice_testing::wait_for;

use crate::{
    database::Database,
    stores::{assert_stored, refused},
};

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

/// The server closes the connection before it has read the rest of the packet. So its answer may be lost on the way; then the order
/// comes again.
#[tokio::test]
async fn a_packet_that_is_too_large() {
    let Some(database) = Database::own_with("packets", &["max-allowed-packet=1M"]).await else {
        return;
    };
    let store = database.store();
    assert_stored(store.put(&order("c", 1, 0, &["a"])).await);
    let connections = database.connections().await;
    let it = StoredOrder {
        traceparent: Some("0".repeat(3 << 19)),
        ..order("c", 2, 0, &["a"])
    };
    let expected = (RejectReason::TooLarge, "MySQL error 1153".to_owned());
    wait_for("the server's answer", async || match store.put(&it).await {
        Err(StoreError::Unavailable(_)) => false,
        told => refused(told) == expected,
    })
    .await;
    assert_stored(store.put(&order("c", 2, 0, &["a"])).await);
    assert_ne!(database.connections().await, connections, "another one");
}

/// Each column alone may be as long, and the server finds that out when the row is written.
#[tokio::test]
async fn a_row_that_is_too_large() {
    let Some(database) = Database::new("large_rows").await else {
        return;
    };
    let columns: Vec<_> = (0..12)
        .map(|n| format!(", ADD c{n} VARBINARY(1000) NOT NULL DEFAULT (REPEAT('x', 1000))"))
        .collect();
    database
        .run(&format!(
            "SET innodb_strict_mode = OFF; ALTER TABLE orders ROW_FORMAT = COMPACT{}",
            columns.concat()
        ))
        .await;
    let it = order("c", 1, 0, &["a"]);
    assert_refused(&database, &it, RejectReason::TooLarge, 1118).await;
}

#[tokio::test]
async fn a_missing_value() {
    let Some(database) = Database::new("missing").await else {
        return;
    };
    database
        .run("ALTER TABLE orders MODIFY traceparent VARBINARY(255) NOT NULL")
        .await;
    let it = StoredOrder {
        traceparent: None,
        ..order("c", 1, 0, &["a"])
    };
    assert_refused(&database, &it, RejectReason::RefusedByStorage, 1048).await;
}

#[tokio::test]
async fn a_text_that_is_no_time() {
    let Some(database) = Database::new("no_times").await else {
        return;
    };
    database
        .run("ALTER TABLE orders MODIFY traceparent DATETIME")
        .await;
    let it = order("c", 1, 0, &["a"]);
    assert_refused(&database, &it, RejectReason::RefusedByStorage, 1292).await;
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
