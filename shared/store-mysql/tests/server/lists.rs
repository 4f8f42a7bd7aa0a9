//! Lists on many orders: their work is bounded, by the index.

use sluice_order::{ListQuery, Sku};
use sluice_store::{
    OrderStore,
    contract::{all, listed, order},
};

use crate::{database::Database, stores::assert_stored};

impl Database {
    /// 20,000 orders of 20 customers, copies of one.
    pub(crate) async fn fill(&self) {
        let one = order("few", 1, 0, &["rare", "x"]);
        assert_stored(self.store().put(&one).await);
        // The id need not match the key: a list only shows both.
        self.run(
            "INSERT INTO orders SELECT CONCAT('k', LPAD(seq, 7, '0'), 'AAAAAAAA'), order_id, \
                 CONCAT('many-', seq % 20), content_hash, accepted_at + INTERVAL seq SECOND, stored_at, currency, total, \
                 IF(seq = 700 * 20, skus, CONCAT(CHAR(0), 'x', CHAR(0))), traceparent, document \
             FROM orders JOIN seq_1_to_20000; ANALYZE TABLE orders",
        )
        .await;
    }
}

/// How many rows were read since the server started, by a scan or along an index.
async fn rows_read(database: &Database) -> i64 {
    let sql = "SELECT CAST(SUM(variable_value) AS SIGNED) FROM information_schema.global_status \
               WHERE variable_name IN ('HANDLER_READ_NEXT', 'HANDLER_READ_PREV', 'HANDLER_READ_RND_NEXT')";
    database.number(sql).await
}

/// Neither a list nor the view of what to ship reads the whole table.
#[tokio::test]
async fn the_index_is_used() {
    // A server of its own, because it counts what all do.
    let Some(database) = Database::own("indexed").await else {
        return;
    };
    database.fill().await;
    let store = database.store();
    for (sku, most) in [(None, 200), (Sku::new("rare".into()), 3_000)] {
        for newest_first in [true, false] {
            let query = ListQuery {
                sku: sku.clone(),
                newest_first,
                limit: 20,
                ..all("many-3")
            };
            let before = rows_read(&database).await;
            let page = store.list(&query).await.unwrap();
            let read = rows_read(&database).await - before;
            assert!(read < most, "{read} rows for {query:?}");
            let next = ListQuery {
                after: page.next,
                ..query
            };
            let before = rows_read(&database).await;
            store.list(&next).await.unwrap();
            let read = rows_read(&database).await - before;
            assert!(read < most, "{read} rows for {next:?}");
        }
    }
    assert_eq!(listed(&store, all("few")).await.len(), 1);
    let before = rows_read(&database).await;
    database.run("SELECT * FROM orders_to_ship LIMIT 10").await;
    let read = rows_read(&database).await - before;
    assert!(read < 200, "{read} rows for what to ship");
}

/// A space at the end is a difference, as everywhere in Sluice.
#[tokio::test]
async fn spaces_at_the_end_are_a_difference() {
    let Some(database) = Database::new("spaces").await else {
        return;
    };
    let one = order("c", 1, 0, &["a"]);
    let store = database.store();
    assert_stored(store.put(&one).await);
    database
        .run(
            "INSERT INTO orders SELECT CONCAT(order_key, ' '), order_id, 'c ', content_hash, accepted_at, stored_at, \
                 currency, total, CONCAT(CHAR(0), 'a ', CHAR(0)), traceparent, document FROM orders",
        )
        .await;
    assert_eq!(listed(&store, all("c")).await.len(), 1);
    let by_product = ListQuery {
        sku: Sku::new("a".into()),
        ..all("c")
    };
    assert_eq!(listed(&store, by_product).await.len(), 1);
    assert_eq!(database.orders().await, 2);
}
