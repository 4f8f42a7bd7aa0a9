//! Every code of the table of errors, as the server tells it and the driver reads it.

use sluice_database::Verdict;
use sluice_store::{OrderStore, StoreError, contract::order};
use sluice_testing::wait_for;

use super::assert_stored;
use crate::{
    database::{CODE, Database},
    table::TABLE,
};

/// A trigger plays each code, so this shows what follows from it, and not that the server gives it in the case that the table
/// names. Where another test brings a code about as a server does, the table names that test.
#[tokio::test]
async fn each_code_has_its_effect() {
    let Some(database) = Database::new("codes").await else {
        return;
    };
    database.refuse_by_customer().await;
    let store = database.store();
    store.warm().await.unwrap();
    for (key, (code, meaning, drops)) in (0..).zip(TABLE) {
        // One that was dropped may take a moment to end.
        wait_for("one connection", async || {
            database.connections().await.len() == 1
        })
        .await;
        let before = database.connections().await;
        let why = format!("{CODE} {code}");
        let customer = &why[CODE.len() + 1..];
        let refused = store.put(&order(customer, key, 0, &["a"])).await;
        let expected = StoreError::from(Verdict {
            meaning: *meaning,
            drops: *drops,
            why,
        });
        assert_eq!(
            format!("{refused:?}"),
            format!("{:?}", Err::<(), _>(expected))
        );
        assert_stored(store.put(&order("good", key, 0, &["a"])).await);
        let is_dropped = database.connections().await != before;
        assert_eq!(
            is_dropped, *drops,
            "{code}: whether the connection is dropped"
        );
    }
}
