//! Two writers of one key.

use futures::future::join_all;
use sluice_store::{
    OrderStore, PutOutcome,
    contract::{order, twin},
};

use crate::{assert_stored, database::Database, unavailable};

/// P3. Of many writers of one key one stores, and the others know whether it was theirs.
#[tokio::test]
async fn many_writers_store_one_order() {
    let Some(database) = Database::new("many_writers").await else {
        return;
    };
    let stores: Vec<_> = (0..8).map(|_| database.store()).collect();
    for key in 1..=20 {
        let (one, other) = (order("c", key, 0, &["a"]), order("c", key, 0, &["b"]));
        let puts = stores.iter().enumerate().map(|(n, store)| {
            let order = if n % 2 == 0 { &one } else { &other };
            store.put(order)
        });
        let outcomes: Vec<PutOutcome> = join_all(puts)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let count = |outcome| outcomes.iter().filter(|o| **o == outcome).count();
        assert_eq!(count(PutOutcome::Stored), 1, "{outcomes:?}");
        assert_eq!(count(PutOutcome::Duplicate), 3, "{outcomes:?}");
        assert_eq!(count(PutOutcome::Conflict), 4, "{outcomes:?}");
    }
}

/// What a writer holds in an open transaction, a second one waits for, and then hears what it was.
#[tokio::test]
async fn a_second_writer_waits_for_the_first() {
    let Some(database) = Database::new("waits").await else {
        return;
    };
    let first = order("c", 1, 0, &["a"]);
    for (second, commit, outcome) in [
        (first.clone(), "COMMIT", PutOutcome::Duplicate),
        (order("c", 1, 0, &["b"]), "COMMIT", PutOutcome::Conflict),
        (twin(&first), "COMMIT", PutOutcome::Conflict),
        (first.clone(), "ROLLBACK", PutOutcome::Stored),
    ] {
        // The first writer's row, in a transaction that stays open.
        assert_stored(database.store().put(&first).await);
        // Apart, because statements that are sent as one text are one transaction, from the first one on.
        for sql in [
            "CREATE TEMP TABLE held AS SELECT * FROM sluice.orders",
            "DELETE FROM sluice.orders",
            "BEGIN",
            "INSERT INTO sluice.orders SELECT * FROM held",
        ] {
            database.run(sql).await;
        }
        let store = database.store();
        store.warm().await.unwrap();
        let other = Database {
            admin: crate::database::admin(&database.server, &database.name).await,
            server: database.server.clone(),
            name: database.name.clone(),
        };
        let end = async {
            other.wait_for_a_lock().await;
            database.run(commit).await;
        };
        let (answer, ()) = tokio::join!(store.put(&second), end);
        assert_eq!(answer.unwrap(), outcome, "{commit}");
        database
            .run("DROP TABLE held; DELETE FROM sluice.orders")
            .await;
    }
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
