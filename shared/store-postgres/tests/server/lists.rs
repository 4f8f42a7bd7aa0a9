//! Lists on many orders: their work is bounded, by the index.

use sluice_order::{ListQuery, Sku};
use sluice_store::{
    OrderStore,
    contract::{all, listed, order},
};
use sluice_testing::wait_for;

use crate::{assert_stored, database::Database};

/// 20,000 orders of 20 customers, copies of one.
async fn filled(database: &Database) {
    let one = order("few", 1, 0, &["rare", "x"]);
    assert_stored(database.store().put(&one).await);
    // The id need not match the key: a list only shows both.
    database
        .run(
            "INSERT INTO sluice.orders SELECT 'k' || to_char(n, 'FM0000000') || 'AAAAAAAA', order_id, \
                 'many-' || n % 20, content_hash, accepted_at + n * interval '1 s', stored_at, currency, total, \
                 CASE WHEN n = 700 * 20 THEN skus ELSE '{x}' END, traceparent, document \
             FROM sluice.orders, generate_series(1, 20000) AS n; ANALYZE sluice.orders",
        )
        .await;
}

/// The product's order is number 300 of 1,000 from the newest: one page without it, then a page with it.
#[tokio::test]
async fn a_product_is_looked_for_in_bounded_steps() {
    let Some(database) = Database::new("bounded").await else {
        return;
    };
    filled(&database).await;
    let store = database.store();
    for (newest_first, empty_pages) in [(true, 0), (false, 1)] {
        let mut query = ListQuery {
            sku: Sku::new("rare".into()),
            newest_first,
            ..all("many-0")
        };
        let mut sizes = Vec::new();
        loop {
            let page = store.list(&query).await.unwrap();
            sizes.push(page.orders.len());
            // The copies share an id, so the key of the next place is not theirs; their times all differ.
            query.after = page.next;
            if page.next.is_none() {
                break;
            }
        }
        let before = sizes.iter().take_while(|size| **size == 0).count();
        assert_eq!(before, empty_pages, "{sizes:?}");
        assert_eq!(sizes.iter().sum::<usize>(), 1, "{sizes:?}");
        assert!(sizes.len() <= 3, "{sizes:?}");
    }
}

/// Neither a list nor the view of what to ship reads the whole table.
#[tokio::test]
async fn the_index_is_used() {
    let Some(database) = Database::new("indexed").await else {
        return;
    };
    filled(&database).await;
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
