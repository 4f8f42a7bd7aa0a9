//! Several writers of one key.

use futures::future::join_all;
use sluice_store::{
    OrderStore, PutOutcome, StoreError,
    contract::{order, twin},
};

use crate::{
    assert_stored,
    database::{Database, admin},
};

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

/// The first writer's row, in a transaction that stays open.
async fn hold(database: &Database) {
    database
        .run(
            "CREATE TEMPORARY TABLE held AS SELECT * FROM orders; DELETE FROM orders; \
             BEGIN; INSERT INTO orders SELECT * FROM held",
        )
        .await;
}

/// A store that a connection was opened for.
async fn warm(database: &Database) -> sluice_mysql::MysqlStore {
    let store = database.store();
    store.warm().await.unwrap();
    store
}

/// Waits until so many statements of the functions' user wait for a lock, then ends the transaction that holds it.
async fn end(database: &Database, waiting: i64, how: &str) {
    let observer = admin(&database.server, &database.name).await;
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p \
         ON p.id = t.trx_mysql_thread_id WHERE p.user = '{}' AND t.trx_state = 'LOCK WAIT'",
        database.name
    );
    sluice_testing::wait_for("statements that wait for a lock", async || {
        observer.rows::<i64>(&sql).await[0] == waiting
    })
    .await;
    database.run(how).await;
}

/// What a writer holds in an open transaction, a second one waits for, and then hears what it was.
#[tokio::test]
async fn a_second_writer_waits_for_the_first() {
    let Some(database) = Database::new("waits").await else {
        return;
    };
    let first = order("c", 1, 0, &["a"]);
    for (second, how, outcome) in [
        (first.clone(), "COMMIT", PutOutcome::Duplicate),
        (order("c", 1, 0, &["b"]), "COMMIT", PutOutcome::Conflict),
        (twin(&first), "COMMIT", PutOutcome::Conflict),
        (first.clone(), "ROLLBACK", PutOutcome::Stored),
    ] {
        assert_stored(database.store().put(&first).await);
        let store = warm(&database).await;
        hold(&database).await;
        let (answer, ()) = tokio::join!(store.put(&second), end(&database, 1, how));
        assert_eq!(answer.unwrap(), outcome, "{how}");
        database.run("DROP TABLE held; DELETE FROM orders").await;
    }
}

/// Both that wait for a key want it when its holder rolls back, and each holds what keeps the other from it. The server ends one
/// of them. That is temporary: its connection stays, and its order comes again.
#[tokio::test]
async fn three_writers_of_which_the_first_gives_up() {
    let Some(database) = Database::new("deadlock").await else {
        return;
    };
    let it = order("c", 1, 0, &["a"]);
    assert_stored(database.store().put(&it).await);
    let (one, two) = (warm(&database).await, warm(&database).await);
    let before = database.connections().await;
    hold(&database).await;
    let (one_s, two_s, ()) =
        tokio::join!(one.put(&it), two.put(&it), end(&database, 2, "ROLLBACK"));
    let (mut stored, mut ended) = (0, 0);
    for answer in [one_s, two_s] {
        match answer {
            Ok(PutOutcome::Stored) => stored += 1,
            Err(StoreError::Unavailable(why)) => {
                assert_eq!(why, "MySQL error 1213");
                ended += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((stored, ended), (1, 1));
    assert_eq!(database.connections().await, before, "the same connections");
    for store in [one, two] {
        assert_eq!(store.put(&it).await.unwrap(), PutOutcome::Duplicate);
    }
    assert_eq!(database.orders().await, 1);
}
