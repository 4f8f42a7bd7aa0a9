//! Commits that fail.

use std::time::Duration;

use sluice_postgres::Settings;
use sluice_store::{OrderStore, contract::order};

use crate::{
    database::{Database, Store},
    stores::{assert_stored, unavailable},
};

/// Each waits for the other: the server ends the one that notices it. Nothing was written, and the connection is good.
#[tokio::test]
async fn a_deadlock() {
    let Some(database) = Database::new("deadlock").await else {
        return;
    };
    // The order's side looks for a deadlock after 3 s, long after the other side has begun to wait, and before that one looks.
    database
        .run(
            "ALTER ROLE deadlock SET deadlock_timeout = '3s'; ALTER ROLE deadlock SET lock_timeout = '1min'; \
             ALTER ROLE deadlock SET statement_timeout = '1min'",
        )
        .await;
    let settings = Settings {
        call_timeout: Duration::from_mins(1),
        ..database.settings()
    };
    let store = Store::new(settings).unwrap();
    let it = order("c", 1, 0, &["a"]);
    let holder = database.again().await;
    holder.run("SET deadlock_timeout = '1min'").await;
    holder.hold(&it).await;
    let lock = async {
        database.wait_for_locks(1).await;
        holder.run("LOCK TABLE sluice.orders IN SHARE MODE").await;
    };
    let (answer, ()) = tokio::join!(store.put(&it), lock);
    assert_eq!(unavailable(answer), "SQLSTATE 40P01");
    holder.run("ROLLBACK").await;
    assert_stored(store.put(&it).await);
}

/// A commit that fails is no commit: the answer waits for it.
#[tokio::test]
async fn an_order_whose_commit_fails_is_not_stored() {
    let Some(database) = Database::new("deferred").await else {
        return;
    };
    database
        .run(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'serialization_failure'; END $$; \
             CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON sluice.orders \
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        .await;
    let store = database.store();
    let it = order("c", 1, 0, &["a"]);
    let why = unavailable(store.put(&it).await);
    assert_eq!(why, "SQLSTATE 40001");
    assert_eq!(database.orders().await, 0);
    database.run("DROP TRIGGER refuse ON sluice.orders").await;
    assert_stored(store.put(&it).await);
}
