//! The stores of this crate keep the contract.

use sluice_order::RejectReason;
use sluice_store::{
    DynamoStore, MemoryStore, OrderStore,
    contract::{self, order, rejection, twin},
};
use sluice_testing::dynamodb::{self, TABLE};

#[tokio::test]
async fn in_memory() {
    contract::holds(&MemoryStore::default()).await;
}

#[tokio::test]
async fn in_dynamodb() {
    contract::holds(&DynamoStore::new(dynamodb::client().await, TABLE)).await;
}

/// Of two contents whose hashes begin with the same bytes, the one that is not stored is rejected, and kept.
#[tokio::test]
async fn only_what_is_not_stored_is_rejected() {
    let store = MemoryStore::default();
    let it = order("twin", 5, 0, &["a"]);
    store.put(&it).await.unwrap();
    for order in [&twin(&it), &it] {
        store
            .reject(&rejection(order, RejectReason::KeyReused, true))
            .await
            .unwrap();
    }
    assert_eq!(store.rejections().len(), 1);
}
