//! The contract of every store.

use sluice_order::RejectReason;
use sluice_store::{
    OrderStore,
    contract::{self, order, rejection, smoke_order},
};

use super::assert_stored;
use crate::database::Database;

#[tokio::test]
async fn in_a_database_of_this_server() {
    let Some(database) = Database::new("contract").await else {
        return;
    };
    contract::holds(&database.store()).await;
}

#[tokio::test]
async fn a_rejection_recorded_again_replaces_itself() {
    let Some(database) = Database::new("replaced").await else {
        return;
    };
    let store = database.store();
    let it = order("c", 1, 0, &["a"]);
    for whole in [false, true, false, true] {
        let rejection = rejection(&it, RejectReason::Panic, whole);
        store.record(&rejection).await.unwrap();
    }
    assert_eq!(database.count("rejections").await, 2);
}

#[tokio::test]
async fn the_next_smoke_order_deletes_what_has_expired() {
    let Some(database) = Database::new("smoke").await else {
        return;
    };
    let store = database.store();
    let day = 24 * 60 * 60 * 1_000;
    let (old, young) = (smoke_order(1, 0), smoke_order(2, 1_000));
    assert_stored(store.put(&old).await);
    assert_stored(store.put(&young).await);
    assert_stored(store.put(&smoke_order(3, day)).await);
    assert!(!store.has_smoke(&old.order_id).await.unwrap());
    assert!(store.has_smoke(&young.order_id).await.unwrap());
    assert_eq!(database.orders().await, 0);
}
