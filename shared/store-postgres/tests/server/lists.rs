//! Lists on many orders: their work is bounded, by the index.

use sluice_order::{ListQuery, Sku};
use sluice_store::{
    OrderStore,
    contract::{all, listed, order},
};
use sluice_testing::wait_for;

use crate::{database::Database, stores::assert_stored};

impl Database {
    /// 20,000 orders of 20 customers, copies of one.
    pub(crate) async fn fill(&self) {
        let one = order("few", 1, 0, &["rare", "x"]);
        assert_stored(self.store().put(&one).await);
        // The id need not match the key: a list only shows both.
        self.run(
            "INSERT INTO sluice.orders SELECT 'k' || to_char(n, 'FM0000000') || 'AAAAAAAA', order_id, \
                 'many-' || n % 20, content_hash, accepted_at + n * interval '1 s', stored_at, currency, total, \
                 CASE WHEN n = 700 * 20 THEN skus ELSE '{x}' END, traceparent, document \
             FROM sluice.orders, generate_series(1, 20000) AS n; ANALYZE sluice.orders",
        )
        .await;
    }
}

/// Neither a list nor the view of what to ship reads the whole table.
#[tokio::test]
async fn the_index_is_used() {
    let Some(database) = Database::new("indexed").await else {
        return;
    };
    database.fill().await;
    // A connection reports what it has read only now and then.
    database.run("SELECT pg_stat_force_next_flush()").await;
    let scans = async |kind: &str| {
        database
            .number(&format!(
                "SELECT {kind}::bigint FROM pg_stat_user_tables WHERE relname = 'orders'"
            ))
            .await
    };
    let (whole, by_index) = (scans("seq_scan").await, scans("idx_scan").await);
    let store = database.store();
    let mut lists = 0;
    for sku in [None, Sku::new("rare".into())] {
        for newest_first in [true, false] {
            let query = ListQuery {
                sku: sku.clone(),
                newest_first,
                limit: 20,
                ..all("many-3")
            };
            store.list(&query).await.unwrap();
            lists += 1;
        }
    }
    assert_eq!(listed(&store, all("few")).await.len(), 1);
    // A connection reports its counts when it ends.
    drop(store);
    wait_for("the server's counts", async || {
        scans("idx_scan").await > by_index + lists
    })
    .await;
    assert_eq!(
        scans("seq_scan").await,
        whole,
        "a list read the whole table"
    );
    let explain = "EXPLAIN SELECT * FROM sluice.orders_to_ship LIMIT 10";
    let plan = database.admin.simple_query(explain).await.unwrap();
    let plan = format!("{plan:?}");
    assert!(plan.contains("orders_by_time"), "{plan}");
}
