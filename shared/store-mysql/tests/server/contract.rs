//! The contract of every store, in a database that is set up otherwise.

use sluice_store::contract;

use crate::database::{Database, admin, shared};

/// A database's own character set and collation change nothing.
#[tokio::test]
async fn in_a_database_that_compares_otherwise() {
    let Some(server) = shared() else { return };
    admin(&server, "mysql")
        .await
        .run("CREATE DATABASE linguistic CHARACTER SET latin1 COLLATE latin1_german1_ci")
        .await;
    let database = Database::within(server, "linguistic").await;
    database.migrated().await;
    contract::holds(&database.store()).await;
}
