//! Rows that do not fit, and are refused for good.

use sluice_order::RejectReason;
use sluice_store::{OrderStore, StoredOrder, contract::order};

use crate::{
    database::Database,
    stores::{assert_stored, refused},
};

/// Also what the error says to the operator has nothing of the row in it, though the server's own message prints all of it.
#[tokio::test]
async fn a_rule_of_the_table() {
    let Some(database) = Database::new("rules").await else {
        return;
    };
    let store = database.store();
    store.warm().await.unwrap();
    let connections = database.connections().await;
    // A view keeps the type of its columns.
    database.run("DROP VIEW sluice.orders_to_ship").await;
    let digits: String = (0..20_000).map(|n| n.to_string()).collect();
    for (code, rule, undone, text) in RULES {
        let it = StoredOrder {
            traceparent: text.map(|text| text.replace("DIGITS", &digits)),
            ..order("a-secret", 1, 0, &["a"])
        };
        database.run(rule).await;
        let reason = match code {
            "22001" | "54000" => RejectReason::TooLarge,
            _ => RejectReason::RefusedByStorage,
        };
        let expected = (reason, format!("SQLSTATE {code}"));
        assert_eq!(refused(store.put(&it).await), expected);
        database.run(undone).await;
    }
    assert_eq!(
        database.connections().await,
        connections,
        "the same connection"
    );
    assert_eq!(database.orders().await, 0);
    assert_stored(store.put(&order("c", 1, 0, &["a"])).await);
}

/// A code, a rule that the table has for a moment, how it is undone, and the text in `traceparent` that breaks it, unless the
/// amount does.
const RULES: [(&str, &str, &str, Option<&str>); 8] = [
    (
        "23514",
        "ALTER TABLE sluice.orders ADD CONSTRAINT cheap CHECK (total < 100)",
        "ALTER TABLE sluice.orders DROP CONSTRAINT cheap",
        None,
    ),
    (
        "22003",
        "ALTER TABLE sluice.orders ALTER total TYPE integer",
        "ALTER TABLE sluice.orders ALTER total TYPE bigint",
        None,
    ),
    (
        "23502",
        "ALTER TABLE sluice.orders ALTER traceparent SET NOT NULL",
        "ALTER TABLE sluice.orders ALTER traceparent DROP NOT NULL",
        None,
    ),
    (
        "22001",
        "ALTER TABLE sluice.orders ALTER traceparent TYPE varchar(4)",
        "ALTER TABLE sluice.orders ALTER traceparent TYPE text",
        Some("00-57"),
    ),
    ("22021", "", "", Some("00\0")),
    (
        "22P02",
        "CREATE INDEX added ON sluice.orders ((traceparent::integer))",
        "DROP INDEX sluice.added",
        Some("00-57"),
    ),
    (
        "22P05",
        "ALTER TABLE sluice.orders ADD CONSTRAINT latin CHECK (convert_to(traceparent, 'LATIN1') <> '')",
        "ALTER TABLE sluice.orders DROP CONSTRAINT latin",
        Some("00-€"),
    ),
    (
        "54000",
        "CREATE INDEX added ON sluice.orders (traceparent)",
        "DROP INDEX sluice.added",
        Some("DIGITS"),
    ),
];
