//! Lists on many orders: their work is bounded.

use sluice_order::{ListQuery, Sku};
use sluice_store::{OrderStore, contract::all};

use crate::database::Database;

/// The product's order is number 300 of 1,000 from the newest: one page without it, then a page with it.
#[tokio::test]
async fn a_product_is_looked_for_in_bounded_steps() {
    let Some(database) = Database::new("bounded").await else {
        return;
    };
    database.fill().await;
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
