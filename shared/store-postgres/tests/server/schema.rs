//! The schema: its versions, its views, and what the functions' role may do with it.

use std::sync::Arc;

use futures::future::join_all;
use sluice_order::RejectReason;
use sluice_postgres::{
    Admission, PostgresStore, admit, grant, latest_version, migrate, schema_version,
};
use sluice_store::{
    OrderStore,
    contract::{order, rejection, smoke_order},
};
use sluice_testing::postgres::Postgres;

use crate::{
    database::{Database, admin, settings, shared},
    stores::{assert_stored, unavailable},
};

#[tokio::test]
async fn migrations_may_run_at_once() {
    let Some(server) = shared() else { return };
    let database = Database::empty(server, "at_once").await;
    assert_eq!(schema_version(&database.admin).await.unwrap(), 0);
    let clients = join_all((0..4).map(|_| admin(&database.server, "at_once"))).await;
    for version in join_all(clients.iter().map(migrate)).await {
        assert_eq!(version.unwrap(), latest_version());
    }
    let applied = "SELECT count(*) FROM sluice.migrations";
    assert_eq!(database.number(applied).await, i64::from(latest_version()));
    let again = migrate(&database.admin).await.unwrap();
    assert_eq!(again, latest_version());
    assert_eq!(schema_version(&database.admin).await.unwrap(), again);
}

/// A step that fails leaves nothing, and the connection is as before.
#[tokio::test]
async fn a_step_that_fails_is_undone() {
    let Some(server) = shared() else { return };
    let database = Database::empty(server, "undone").await;
    database
        .run("CREATE SCHEMA sluice; CREATE TABLE sluice.smoke_orders ()")
        .await;
    let failed = migrate(&database.admin).await.unwrap_err().to_string();
    assert!(failed.contains("migration 1"), "{failed}");
    assert!(failed.contains("42P07"), "{failed}");
    assert_eq!(schema_version(&database.admin).await.unwrap(), 0);
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'sluice'";
    assert_eq!(
        database.number(tables).await,
        2,
        "the versions and what was there"
    );
    database.run("DROP TABLE sluice.smoke_orders").await;
    assert_eq!(migrate(&database.admin).await.unwrap(), latest_version());
}

/// Orders wait for a migration, and go on without a restart.
#[tokio::test]
async fn an_old_schema_lets_orders_wait() {
    let Some(server) = shared() else { return };
    let database = Database::empty(server, "old_schema").await;
    let store = database.store();
    let it = order("c", 1, 0, &["a"]);
    let why = unavailable(store.put(&it).await);
    assert!(why.contains("42P01"), "{why}");
    migrate(&database.admin).await.unwrap();
    grant(&database.admin, "old_schema").await.unwrap();
    database
        .run("UPDATE sluice.migrations SET version = 0")
        .await;
    let why = unavailable(store.put(&it).await);
    assert!(why.contains("version 0"), "{why}");
    database
        .run("UPDATE sluice.migrations SET version = 1")
        .await;
    assert_stored(store.put(&it).await);
}

/// P2. An order that a crash of the server may take back is not stored.
#[tokio::test]
async fn a_commit_that_does_not_wait_for_the_disk_is_refused() {
    let Some(database) = Database::new("lazy").await else {
        return;
    };
    database
        .run("ALTER ROLE lazy SET synchronous_commit = off")
        .await;
    let store = database.store();
    let it = order("c", 1, 0, &["a"]);
    let why = unavailable(store.put(&it).await);
    assert!(why.contains("synchronous_commit"), "{why}");
    grant(&database.admin, "lazy").await.unwrap();
    assert_stored(store.put(&it).await);
}

#[tokio::test]
async fn the_role_may_do_what_it_needs_and_no_more() {
    let Some(database) = Database::new("modest").await else {
        return;
    };
    // Twice changes nothing.
    grant(&database.admin, "modest").await.unwrap();
    let store = database.store();
    assert_stored(store.put(&order("c", 1, 0, &["a"])).await);
    assert_stored(store.put(&smoke_order(2, 0)).await);
    let rejected = rejection(&order("c", 3, 0, &["a"]), RejectReason::Panic, true);
    store.reject(&rejected).await.unwrap();
    let client = PostgresStore::client(database.settings()).await.unwrap();
    for forbidden in [
        "UPDATE sluice.orders SET total = 0",
        "DELETE FROM sluice.orders",
        "TRUNCATE sluice.orders",
        "DELETE FROM sluice.rejections",
        "INSERT INTO sluice.migrations VALUES (2)",
        "CREATE TABLE sluice.mine ()",
        "ALTER TABLE sluice.orders ADD mine text",
    ] {
        let refused = client.batch_execute(forbidden).await.unwrap_err();
        let code = refused.code().map(tokio_postgres::error::SqlState::code);
        assert_eq!(code, Some("42501"), "{forbidden}");
    }
    for allowed in [
        "SELECT * FROM sluice.order_lines",
        "SELECT * FROM sluice.orders_to_ship",
    ] {
        client.batch_execute(allowed).await.unwrap();
    }
}

#[tokio::test]
async fn a_role_s_name_is_only_a_name() {
    let Some(database) = Database::new("quoted").await else {
        return;
    };
    let name = "we\"ird'; DROP TABLE sluice.orders; --";
    let missing = grant(&database.admin, name).await.unwrap_err();
    assert!(missing.to_string().contains("42704"), "{missing}");
    let quoted = name.replace('"', "\"\"");
    database.run(&format!("CREATE ROLE \"{quoted}\"")).await;
    grant(&database.admin, name).await.unwrap();
    assert_eq!(database.orders().await, 0);
}

#[tokio::test]
async fn lines_are_rows_of_a_view() {
    let Some(database) = Database::new("views").await else {
        return;
    };
    let store = database.store();
    assert_stored(store.put(&order("late", 1, 10, &["x"])).await);
    assert_stored(store.put(&order("early", 2, 0, &["b ", "é", "b "])).await);
    let sql = "SELECT customer_id, line_number, sku, description, quantity, unit_price \
               FROM sluice.order_lines ORDER BY accepted_at, line_number";
    let rows = database.admin.query_typed(sql, &[]).await.unwrap();
    let lines: Vec<_> = rows
        .iter()
        .map(|row| {
            assert_eq!(row.get::<_, &str>(3), "a thing ");
            assert_eq!((row.get::<_, i64>(4), row.get(5)), (3, 9_007_199_254_i64));
            (row.get(0), row.get(1), row.get(2))
        })
        .collect();
    let expected: [(&str, i64, &str); 4] = [
        ("early", 1, "b "),
        ("early", 2, "é"),
        ("early", 3, "b "),
        ("late", 1, "x"),
    ];
    assert_eq!(lines, expected);

    let sql = "SELECT customer_id, lines, name, country, city FROM sluice.orders_to_ship";
    let rows = database.admin.query_typed(sql, &[]).await.unwrap();
    let first: (&str, i32, &str, &str, Option<&str>) = (
        rows[0].get(0),
        rows[0].get(1),
        rows[0].get(2),
        rows[0].get(3),
        rows[0].get(4),
    );
    assert_eq!(first, ("early", 3, "Zoë", "GB", None));
    assert_eq!(rows[1].get::<_, &str>(0), "late");
}

/// On a server of its own, because roles are of the server. `rds_iam` is RDS's.
#[tokio::test]
async fn a_role_is_let_in_as_it_is_asked_for() {
    let Some(server) = Postgres::start(&[]) else {
        return;
    };
    let database = Database::empty(Arc::new(server), "admission").await;
    let password = |text: &str| Admission::Password(text.to_owned());
    let admitted = async |admission: Admission| {
        admit(&database.admin, "fe\"es", &admission).await.unwrap();
    };
    let is_member = "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member \
                     WHERE r.rolname = 'fe\"es'";
    let verifier = async || {
        let kept = "SELECT rolpassword FROM pg_authid WHERE rolname = 'fe\"es'";
        let rows = database.admin.query(kept, &[]).await.unwrap();
        rows[0].get::<_, Option<String>>(0)
    };
    let why = admit(&database.admin, "fees", &Admission::Token).await;
    assert!(why.unwrap_err().to_string().contains("no tokens from IAM"));
    database.run("CREATE ROLE rds_iam").await;

    admitted(Admission::Token).await;
    admitted(Admission::Token).await;
    assert_eq!(
        (database.number(is_member).await, verifier().await),
        (1, None)
    );
    admitted(password("geheim")).await;
    let first = verifier().await.unwrap();
    assert!(first.starts_with("SCRAM-SHA-256$"), "{first}");
    assert_eq!(
        database.number(is_member).await,
        0,
        "a token would come first"
    );
    // It may have been rotated meanwhile.
    admitted(password("another")).await;
    assert_eq!(verifier().await.unwrap(), first);
    admitted(Admission::Token).await;
    assert_eq!(database.number(is_member).await, 1);
    admitted(Admission::Trusted).await;
    // A proxy logs in by a password, which a grant of rds_iam would take away.
    database.run("REVOKE rds_iam FROM \"fe\"\"es\"").await;
    admitted(Admission::ByProxy).await;
    assert_eq!(database.number(is_member).await, 0);
    let why = admit(&database.admin, "nobody", &Admission::ByProxy).await;
    assert!(why.unwrap_err().to_string().contains("it is not there"));
}

/// A role that has lost its tokens and has no password yet could log in by nothing, and the next try would leave it so.
#[tokio::test]
async fn a_change_of_the_way_to_log_in_is_whole_or_not_at_all() {
    let Some(server) = Postgres::start(&[]) else {
        return;
    };
    let database = Database::empty(Arc::new(server), "whole").await;
    database.run("CREATE ROLE rds_iam").await;
    let token = admit(&database.admin, "fees", &Admission::Token).await;
    token.unwrap();
    // A rule of the server that refuses passwords: RDS has rds.restrict_password_commands.
    database
        .run("CREATE ROLE deputy CREATEROLE LOGIN; ALTER ROLE fees SUPERUSER")
        .await;
    let deputy = settings(&database.server, &database.name, "deputy");
    let deputy = PostgresStore::client(deputy).await.unwrap();
    let password = Admission::Password("geheim".to_owned());
    admit(&deputy, "fees", &password).await.unwrap_err();
    let is_member = "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member \
                     WHERE r.rolname = 'fees'";
    assert_eq!(database.number(is_member).await, 1, "it logs in as before");
}
