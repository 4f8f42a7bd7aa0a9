//! Several writers of one key.

use futures::future::join_all;
use sluice_store::{
    OrderStore, PutOutcome,
    contract::{order, twin},
};

use crate::database::Database;

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
    for (second, how, outcome) in [
        (first.clone(), "COMMIT", PutOutcome::Duplicate),
        (order("c", 1, 0, &["b"]), "COMMIT", PutOutcome::Conflict),
        (twin(&first), "COMMIT", PutOutcome::Conflict),
        (first.clone(), "ROLLBACK", PutOutcome::Stored),
    ] {
        let (store, holder) = (database.store(), database.again().await);
        store.warm().await.unwrap();
        holder.hold(&first).await;
        let end = async {
            database.wait_for_locks(1).await;
            holder.run(how).await;
        };
        let (answer, ()) = tokio::join!(store.put(&second), end);
        assert_eq!(answer.unwrap(), outcome, "{how}");
        database.delete_all().await;
    }
}
