//! The contract of every store, in a database that is set up otherwise.

use sluice_store::contract;

use crate::database::{Database, admin, shared};

/// A database's own collation changes nothing.
#[tokio::test]
async fn in_a_database_that_compares_otherwise() {
    let Some(server) = shared() else { return };
    let first = admin(&server, "postgres").await;
    let create = "CREATE DATABASE linguistic TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'";
    if first.batch_execute(create).await.is_err() {
        eprintln!("skipped: this server has no ICU, or no database that uses it");
        return;
    }
    let role = "CREATE ROLE linguistic LOGIN";
    first.batch_execute(role).await.unwrap();
    let admin = admin(&server, "linguistic").await;
    sluice_postgres::migrate(&admin).await.unwrap();
    sluice_postgres::grant(&admin, "linguistic").await.unwrap();
    let database = Database {
        server,
        name: "linguistic".to_owned(),
        admin,
    };
    contract::holds(&database.store()).await;
}
