//! The schema: its versions, its views, and what the functions' user may do with it.

use futures::future::join_all;
use sluice_mysql::{Admission, MysqlStore, admit, grant, latest_version, migrate, schema_version};
use sluice_order::RejectReason;
use sluice_store::{
    OrderStore,
    contract::{order, rejection, smoke_order},
};
use sluice_testing::mysql::Mysql;

use crate::{
    database::{Client, Database, settings, shared},
    stores::{assert_stored, unavailable},
};

#[tokio::test]
async fn migrations_may_run_at_once() {
    let Some(server) = shared() else { return };
    let database = Database::empty(server, "at_once").await;
    let version = schema_version(&mut *database.admin.0.lock().await).await;
    assert_eq!(version.unwrap(), 0);
    let all = (0..4).map(|_| async {
        let settings = settings(&database.server, "at_once", "root");
        migrate(&mut MysqlStore::client(settings).await.unwrap()).await
    });
    for version in join_all(all).await {
        assert_eq!(version.unwrap(), latest_version());
    }
    let applied = "SELECT COUNT(*) FROM migrations";
    assert_eq!(database.number(applied).await, i64::from(latest_version()));
    let mut conn = database.admin.0.lock().await;
    let again = migrate(&mut conn).await.unwrap();
    assert_eq!(again, latest_version());
    assert_eq!(schema_version(&mut conn).await.unwrap(), again);
}

/// What a step has done before it failed stays, and it runs again.
#[tokio::test]
async fn a_step_that_fails_may_run_again() {
    let Some(server) = shared() else { return };
    let database = Database::empty(server, "half_done").await;
    // A view of this name cannot be replaced, because it is a table.
    database.run("CREATE TABLE order_lines (a INT)").await;
    let mut conn = database.admin.0.lock().await;
    let failed = migrate(&mut conn).await.unwrap_err().to_string();
    assert!(failed.contains("migration 1"), "{failed}");
    assert!(failed.contains("1347"), "{failed}");
    assert_eq!(schema_version(&mut conn).await.unwrap(), 0);
    drop(conn);
    assert_eq!(database.orders().await, 0, "a part of it is there");
    database.run("DROP TABLE order_lines").await;
    let mut conn = database.admin.0.lock().await;
    assert_eq!(migrate(&mut conn).await.unwrap(), latest_version());
}

/// Orders wait for a migration, and go on without a restart.
#[tokio::test]
async fn an_old_schema_lets_orders_wait() {
    let Some(server) = shared() else { return };
    let database = Database::empty(server, "old_schema").await;
    let store = database.store();
    let it = order("c", 1, 0, &["a"]);
    let why = unavailable(store.put(&it).await);
    assert_eq!(why, "MySQL error 1044", "it may not even see the database");
    database.migrated().await;
    database.run("UPDATE migrations SET version = 0").await;
    let why = unavailable(store.put(&it).await);
    assert!(why.contains("version 0"), "{why}");
    database.run("UPDATE migrations SET version = 1").await;
    assert_stored(store.put(&it).await);
}

/// P2. An order that a crash of the server may take back is not stored.
#[tokio::test]
async fn a_commit_that_does_not_wait_for_the_disk_is_refused() {
    for (setting, why) in [
        ("innodb-flush-log-at-trx-commit=2", "innodb_flush_log"),
        ("max-allowed-packet=64K", "max_allowed_packet"),
    ] {
        let Some(server) = Mysql::start(&[setting]) else {
            return;
        };
        let database = Database::on(server.into(), "lazy").await;
        let told = unavailable(database.store().put(&order("c", 1, 0, &["a"])).await);
        assert!(told.contains(why), "{told}");
        assert_eq!(database.orders().await, 0);
    }
}

/// The server's own mode is as lax as can be, and the store's connections are strict.
#[tokio::test]
async fn a_lax_server_stores_no_half_of_an_order() {
    let Some(server) = Mysql::start(&["sql-mode="]) else {
        return;
    };
    let database = Database::on(server.into(), "lax").await;
    database
        .run("ALTER TABLE orders MODIFY customer_id VARBINARY(4) NOT NULL")
        .await;
    let refused = database.store().put(&order("longer", 1, 0, &["a"])).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(database.orders().await, 0);
}

#[tokio::test]
async fn the_user_may_do_what_it_needs_and_no_more() {
    let Some(database) = Database::new("modest").await else {
        return;
    };
    // Twice changes nothing.
    grant(&mut *database.admin.0.lock().await, "modest")
        .await
        .unwrap();
    let store = database.store();
    assert_stored(store.put(&order("c", 1, 0, &["a"])).await);
    assert_stored(store.put(&smoke_order(2, 0)).await);
    let rejected = rejection(&order("c", 3, 0, &["a"]), RejectReason::Panic, true);
    store.reject(&rejected).await.unwrap();
    let client = Client::of(database.settings()).await;
    for forbidden in [
        "UPDATE orders SET total = 0",
        "DELETE FROM orders",
        "TRUNCATE orders",
        "REPLACE INTO orders SELECT * FROM orders",
        "DELETE FROM rejections",
        "INSERT INTO migrations VALUES (2, NOW())",
        "CREATE TABLE mine (a INT)",
        "ALTER TABLE orders ADD mine INT",
    ] {
        assert_eq!(client.try_run(forbidden).await, Err(1142), "{forbidden}");
    }
    for allowed in ["SELECT * FROM order_lines", "SELECT * FROM orders_to_ship"] {
        client.run(allowed).await;
    }
}

#[tokio::test]
async fn a_user_s_name_is_only_a_name() {
    let Some(database) = Database::new("quoted").await else {
        return;
    };
    let name = "we\"ird\\'; DROP TABLE orders; --";
    let granting = async |user: &str| grant(&mut *database.admin.0.lock().await, user).await;
    let missing = granting(name).await.unwrap_err().to_string();
    assert!(missing.contains("1133"), "{missing}");
    let quoted = name.replace('\\', "\\\\").replace('\'', "''");
    database.run(&format!("CREATE USER '{quoted}'@'%'")).await;
    granting(name).await.unwrap();
    assert!(granting(&format!("{name}@10.0.0.1")).await.is_err());
    assert_eq!(database.orders().await, 0);
}

type Line = (String, i64, String, String, i64, i64);
type Parcel = (String, i64, String, String, Option<String>);

#[tokio::test]
async fn lines_are_rows_of_a_view() {
    let Some(database) = Database::new("views").await else {
        return;
    };
    let store = database.store();
    assert_stored(store.put(&order("late", 1, 10, &["x"])).await);
    assert_stored(store.put(&order("early", 2, 0, &["b ", "é", "b "])).await);
    let sql = "SELECT customer_id, line_number, sku, description, quantity, unit_price \
               FROM order_lines ORDER BY accepted_at, line_number";
    let lines: Vec<Line> = database.admin.rows(sql).await;
    let lines: Vec<_> = lines
        .iter()
        .map(|(customer, number, sku, description, quantity, price)| {
            assert_eq!(description, "a thing ");
            assert_eq!((*quantity, *price), (3, 9_007_199_254));
            (customer.as_str(), *number, sku.as_str())
        })
        .collect();
    let expected = [
        ("early", 1, "b "),
        ("early", 2, "é"),
        ("early", 3, "b "),
        ("late", 1, "x"),
    ];
    assert_eq!(lines, expected);

    let sql = "SELECT customer_id, `lines`, name, country, city FROM orders_to_ship";
    let parcels: Vec<Parcel> = database.admin.rows(sql).await;
    let (customer, count, name, country, city) = &parcels[0];
    assert_eq!((customer.as_str(), *count), ("early", 3));
    assert_eq!(
        (name.as_str(), country.as_str(), city),
        ("Zoë", "GB", &None)
    );
    assert_eq!(parcels[1].0, "late");
}

/// What `docs/DATABASE.md` tells people to ask works as it stands there.
#[tokio::test]
async fn the_five_questions_have_answers() {
    let Some(database) = Database::new("questions").await else {
        return;
    };
    let store = database.store();
    assert_stored(store.put(&order("c", 1, 0, &["a"])).await);
    let shipments = "CREATE TABLE shipments (order_key VARCHAR(64) PRIMARY KEY)";
    database.run(shipments).await;
    let page = std::fs::read_to_string(sluice_testing::project().join("docs/DATABASE.md"));
    let page = page.unwrap();
    let (_, questions) = page.split_once("The same five questions:").unwrap();
    let sql: Vec<&str> = questions
        .lines()
        .filter(|l| l.starts_with("    "))
        .collect();
    let sql = sql.join("\n");
    let questions: Vec<&str> = sql.split_inclusive(';').collect();
    assert_eq!(questions.len(), 5, "{questions:?}");
    for question in questions {
        database.run(question).await;
    }
}

/// This server has no plugin for tokens, as RDS has none where they are not switched on: then nobody may be let in instead.
#[tokio::test]
async fn a_user_is_let_in_as_it_is_asked_for() {
    let Some(server) = shared() else { return };
    let database = Database::empty(server, "admission").await;
    let admitted = async |admission: Admission| {
        let mut conn = database.admin.0.lock().await;
        admit(&mut conn, "fe'es", &admission).await
    };
    let users = "SELECT COUNT(*) FROM mysql.user WHERE user = 'fe''es'";
    let why = admitted(Admission::Token).await.unwrap_err().to_string();
    assert!(why.contains("letting in the user"), "{why}");
    let why = admitted(Admission::ByProxy).await.unwrap_err().to_string();
    assert!(why.contains("it is not there"), "{why}");
    assert_eq!(
        database.number(users).await,
        0,
        "nobody is let in without a password"
    );

    let password = |text: &str| Admission::Password(text.to_owned());
    admitted(password("gehe\\'im")).await.unwrap();
    let kept = "SELECT authentication_string FROM mysql.user WHERE user = 'fe''es'";
    let first: Vec<String> = database.admin.rows(kept).await;
    assert!(!first[0].is_empty());
    let tls = "SELECT COUNT(*) FROM mysql.user WHERE user = 'fe''es' AND ssl_type = 'ANY'";
    assert_eq!(database.number(tls).await, 1);
    // It may have been rotated meanwhile.
    admitted(password("another")).await.unwrap();
    let second: Vec<String> = database.admin.rows(kept).await;
    assert_eq!(second, first);
    admitted(Admission::Trusted).await.unwrap();
    admitted(Admission::ByProxy).await.unwrap();
    assert_eq!(
        database.number(tls).await,
        1,
        "a user that is there stays as it is"
    );
}
