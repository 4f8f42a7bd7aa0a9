//! Steps that the schema may have in a later release, while orders are written.

use sluice_store::{OrderStore, PutOutcome, contract, contract::order};

use super::assert_stored;
use crate::{
    database::Database,
    steps::{ADDS, BEGUN, FORGET, INDEX, STEPS, Step},
};

fn then(step: Step) -> Vec<Step> {
    [STEPS, &[step]].concat()
}

/// Somebody's transaction has written an order and stays open, so the building has to wait. Who writes meanwhile waits for neither,
/// or not for longer than a call may take.
#[tokio::test]
async fn orders_are_stored_while_an_index_is_built() {
    let Some(database) = Database::new("building").await else {
        return;
    };
    let (store, holder) = (database.store(), database.again().await);
    let held = order("c", 1, 0, &["a"]);
    holder.hold(&held).await;
    let steps = then(INDEX);
    let writing = async {
        for key in 2..5 {
            database.wait_for_the_build().await;
            assert_stored(store.put(&order("c", key, 0, &["a"])).await);
        }
        assert_ne!(database.index().await, Some(true));
        holder.run("COMMIT").await;
    };
    let (version, ()) = tokio::join!(database.migrate_by(&steps), writing);
    assert_eq!(version, Ok(2));
    assert_eq!(database.index().await, Some(true));
    assert_eq!(store.put(&held).await.unwrap(), PutOutcome::Duplicate);
    assert_eq!(database.orders().await, 4);
}

/// One that was stopped is begun again, and one that is there is not built twice.
#[tokio::test]
async fn an_index_that_was_stopped_half_way() {
    let Some(database) = Database::new("half_way").await else {
        return;
    };
    let holder = database.again().await;
    holder.hold(&order("c", 1, 0, &["a"])).await;
    let steps = then(INDEX);
    let (failed, ()) = tokio::join!(database.migrate_by(&steps), database.stop_the_build());
    let failed = failed.unwrap_err();
    assert!(failed.contains("migration 2"), "{failed}");
    assert_eq!(database.index().await, BEGUN);
    holder.run("COMMIT").await;
    assert_eq!(database.migrate_by(STEPS).await, Ok(1), "it is not marked");
    assert_eq!(database.migrate_by(&steps).await, Ok(2));
    assert_eq!(database.index().await, Some(true));
    // As if the process had ended before it could mark the step.
    database.run(FORGET).await;
    assert_eq!(database.migrate_by(&steps).await, Ok(2));
    assert_eq!(database.index().await, Some(true));
}

/// One waits for the other, and neither for a transaction in which the other one waits.
#[tokio::test]
async fn two_migrations_that_would_build_the_same_index() {
    let Some(database) = Database::new("builders").await else {
        return;
    };
    let holder = database.again().await;
    holder.hold(&order("c", 1, 0, &["a"])).await;
    let steps = then(INDEX);
    let end = async {
        database.wait_for_the_build().await;
        holder.run("COMMIT").await;
    };
    let (one, two, ()) = tokio::join!(
        database.migrate_by(&steps),
        database.migrate_by(&steps),
        end
    );
    assert_eq!((one, two), (Ok(2), Ok(2)));
    assert_eq!(database.index().await, Some(true));
}

/// While a deploy goes on, and after one that was taken back, the functions of the release before run on the schema of the next one.
/// There has been one release of the schema only. So this one's store takes the part of the one before, and a step that adds all
/// that a step may add takes the part of the next.
#[tokio::test]
async fn this_release_runs_on_the_next_schema() {
    let Some(database) = Database::new("next_schema").await else {
        return;
    };
    assert_eq!(database.migrate_by(&then(ADDS)).await, Ok(2));
    contract::holds(&database.store()).await;
    assert_eq!(database.migrate_by(STEPS).await, Ok(2), "it stays");
}
