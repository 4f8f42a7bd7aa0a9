//! Errors that leave the server as it is: an operator's mistakes, and what there is too much of.

use sluice_store::{OrderStore, contract::order};
use sluice_testing::wait_for;

use crate::{
    database::{Database, Stop, Store},
    stores::{assert_stored, throttled, unavailable},
};

/// What is told, an operator's mistake with the user `mistakes`, and how it is mended.
pub(crate) const MISTAKES: [(&str, &str, &str); 4] = [
    (
        "MySQL error 1146",
        "RENAME TABLE orders TO hidden",
        "RENAME TABLE hidden TO orders",
    ),
    (
        "MySQL error 1142",
        "REVOKE INSERT ON orders FROM mistakes@'%'",
        "GRANT INSERT ON orders TO mistakes@'%'",
    ),
    (
        "MySQL error 1143",
        "REVOKE INSERT ON orders FROM mistakes@'%'; GRANT INSERT (order_key) ON orders TO mistakes@'%'",
        "GRANT INSERT ON orders TO mistakes@'%'",
    ),
    (
        "MySQL error 1054",
        "ALTER TABLE orders RENAME COLUMN traceparent TO hidden",
        "ALTER TABLE orders RENAME COLUMN hidden TO traceparent",
    ),
];

/// The least that MariaDB takes; one more is kept for an administrator.
pub(crate) const CROWDED: &str = "max-connections=10";
pub(crate) const FULL: &str = "MySQL error 1040";

/// The user `limited` may have one.
pub(crate) const ONE_CONNECTION: &str = "ALTER USER limited@'%' WITH MAX_USER_CONNECTIONS 1";
pub(crate) const ONE_TOO_MANY: &str = "MySQL error 1226";

/// A column of somebody else's without which a row is not whole: the schema does not fit, not the order.
#[tokio::test]
async fn a_foreign_column() {
    let Some(database) = Database::new("foreign_column").await else {
        return;
    };
    let store = database.store();
    database
        .run("ALTER TABLE orders ADD shop VARCHAR(9) NOT NULL")
        .await;
    let it = order("c", 1, 0, &["a"]);
    assert_eq!(unavailable(store.put(&it).await), "MySQL error 1364");
    database.run("ALTER TABLE orders DROP shop").await;
    assert_stored(store.put(&it).await);
}

#[tokio::test]
async fn an_operator_s_mistake_before_the_connection() {
    let Some(database) = Database::new("logins").await else {
        return;
    };
    let store = database.store();
    let it = order("c", 1, 0, &["a"]);
    database.run("RENAME USER logins@'%' TO other@'%'").await;
    assert_eq!(unavailable(store.put(&it).await), "MySQL error 1045");
    database.run("RENAME USER other@'%' TO logins@'%'").await;
    let by_socket = "ALTER USER logins@'%' IDENTIFIED VIA unix_socket";
    database.run(by_socket).await;
    assert_eq!(unavailable(store.put(&it).await), "MySQL error 1698");
    let by_password = "ALTER USER logins@'%' IDENTIFIED BY ''";
    database.run(by_password).await;
    assert_stored(store.put(&it).await);

    let mut settings = database.settings();
    settings.database = "nowhere".to_owned();
    let store = Store::new(settings).unwrap();
    assert_eq!(unavailable(store.put(&it).await), "MySQL error 1044");
    let mut settings = crate::database::settings(&database.server, "nowhere", "root");
    settings.call_timeout *= 2;
    let store = Store::new(settings).unwrap();
    assert_eq!(unavailable(store.put(&it).await), "MySQL error 1049");
}

/// A disk that is full is an operator's matter: the order waits. The server's one file may not grow here.
#[tokio::test]
async fn a_full_disk() {
    let Some(database) = Database::own_with(
        "full",
        &[
            "innodb-data-file-path=ibdata1:12M",
            "innodb-file-per-table=OFF",
        ],
    )
    .await
    else {
        return;
    };
    let store = database.store();
    let mut stored = 0;
    let it = loop {
        let it = order("c", stored, 0, &["a"; 1_000]);
        match store.put(&it).await {
            Ok(_) => stored += 1,
            told => {
                assert_eq!(unavailable(told), "MySQL error 1114");
                break it;
            }
        }
    };
    let connections = database.connections().await;
    assert_eq!(unavailable(store.put(&it).await), "MySQL error 1114");
    let now = database.connections().await;
    assert_eq!(now, connections, "the same connection");
    // Without the limit there is room.
    database.server.stop(Stop::Fast);
    database.server.resume(&[]);
    wait_for("room", async || store.put(&it).await.is_ok()).await;
}

#[tokio::test]
async fn no_statement_left() {
    let Some(database) = Database::own_with("statements", &[]).await else {
        return;
    };
    let store = database.store();
    store.warm().await.unwrap();
    let connections = database.connections().await;
    let it = order("c", 1, 0, &["a"]);
    database.run("SET GLOBAL max_prepared_stmt_count = 0").await;
    assert_eq!(unavailable(store.put(&it).await), "MySQL error 1461");
    database.run("SET GLOBAL max_prepared_stmt_count = 9").await;
    assert_stored(store.put(&it).await);
    assert_eq!(
        database.connections().await,
        connections,
        "the same connection"
    );
}

#[tokio::test]
async fn more_users_connections_than_the_server_lets_any_user_have() {
    let Some(database) = Database::own_with("any_user", &["max-user-connections=1"]).await else {
        return;
    };
    let (first, second) = (database.store(), database.store());
    first.warm().await.unwrap();
    let why = throttled(second.put(&order("c", 1, 0, &["a"])).await);
    assert_eq!(why, "MySQL error 1203");
}
