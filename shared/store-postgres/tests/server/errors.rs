//! Errors that leave the server as it is: an operator's mistakes, and too many connections.

use sluice_store::{OrderStore, contract::order};

use crate::{
    database::{Database, Store},
    stores::{assert_stored, unavailable},
};

/// What is told, an operator's mistake with the role `mistakes`, and how it is mended.
pub(crate) const MISTAKES: [(&str, &str, &str); 4] = [
    (
        "SQLSTATE 42P01",
        "ALTER TABLE sluice.orders RENAME TO hidden",
        "ALTER TABLE sluice.hidden RENAME TO orders",
    ),
    (
        "SQLSTATE 42501",
        "REVOKE INSERT ON sluice.orders FROM mistakes",
        "GRANT INSERT ON sluice.orders TO mistakes",
    ),
    (
        "SQLSTATE 42501",
        "REVOKE USAGE ON SCHEMA sluice FROM mistakes",
        "GRANT USAGE ON SCHEMA sluice TO mistakes",
    ),
    (
        "SQLSTATE 42703",
        "ALTER TABLE sluice.orders RENAME traceparent TO hidden",
        "ALTER TABLE sluice.orders RENAME hidden TO traceparent",
    ),
];

/// The superuser's one and three that are kept for superusers leave two.
pub(crate) const CROWDED: &str = "max_connections=6";
pub(crate) const FULL: &str = "SQLSTATE 53300";

/// The role `limited` may have one.
pub(crate) const ONE_CONNECTION: &str = "ALTER ROLE limited CONNECTION LIMIT 1";
pub(crate) const ONE_TOO_MANY: &str = "SQLSTATE 53300";

#[tokio::test]
async fn an_operator_s_mistake_before_the_connection() {
    let Some(database) = Database::new("logins").await else {
        return;
    };
    let store = database.store();
    let it = order("c", 1, 0, &["a"]);
    database.run("ALTER ROLE logins NOLOGIN").await;
    assert_eq!(unavailable(store.put(&it).await), "SQLSTATE 28000");
    database.run("ALTER ROLE logins LOGIN").await;
    assert_stored(store.put(&it).await);

    let mut settings = database.settings();
    settings.database = "nowhere".to_owned();
    let store = Store::new(settings).unwrap();
    assert_eq!(unavailable(store.put(&it).await), "SQLSTATE 3D000");
}
