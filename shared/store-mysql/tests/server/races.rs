//! Writers of one key that keep each other from it.

use sluice_store::{OrderStore, PutOutcome, StoreError, contract::order};

use crate::database::Database;

/// Both that wait for a key want it when its holder rolls back, and each holds what keeps the other from it. The server ends one
/// of them. That is temporary: its connection stays, and its order comes again.
#[tokio::test]
async fn three_writers_of_which_the_first_gives_up() {
    let Some(database) = Database::new("deadlock").await else {
        return;
    };
    let it = order("c", 1, 0, &["a"]);
    let (one, two) = (database.store(), database.store());
    for store in [&one, &two] {
        store.warm().await.unwrap();
    }
    let holder = database.again().await;
    let before = database.connections().await;
    holder.hold(&it).await;
    let end = async {
        database.wait_for_locks(2).await;
        holder.run("ROLLBACK").await;
    };
    let (one_s, two_s, ()) = tokio::join!(one.put(&it), two.put(&it), end);
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
