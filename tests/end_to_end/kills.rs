//! A consumer that is killed in the middle of its batch.

use std::time::Duration;

use sluice_testing::{
    consumers::kill_consumers,
    orders::orders,
    proxy::{Fault, Proxy},
    stack::Stack,
    wait_for,
};

/// One full batch: [`Stack::short_visibility`] sees to that.
const BATCH: usize = 10;

/// A write that is held longer fails, and its consumer is no longer in the middle of it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(3);

/// P2, P3: Killed while the writes of its batch are on their way; they arrive after its death, together with
/// those of its successor.
#[tokio::test]
async fn a_killed_consumer_loses_and_doubles_nothing() {
    kill_in_mid_batch("kill-1-", Fault::HoldRequest, BATCH).await;
}

/// P2, P3: Killed when its whole batch is stored, before it has heard so.
#[tokio::test]
async fn a_consumer_killed_between_write_and_answer_loses_and_doubles_nothing() {
    kill_in_mid_batch("kill-2-", Fault::HoldAnswer, 0).await;
}

/// `unwritten` is how many orders storage lacks at the moment of the kill.
async fn kill_in_mid_batch(prefix: &str, hold: Fault, unwritten: usize) {
    let stack = Stack::take().await;
    let proxy = Proxy::start(stack.endpoint(), 1).await.unwrap();
    stack.storage_through(&proxy).await;
    stack.short_visibility().await;

    stack.deliver(false).await;
    let placed = orders(prefix, 0..10);
    let accepted = stack.place_all(placed, 8, |_| ()).await;
    wait_for("the buffer to hold all", async || {
        stack.waiting().await == BATCH
    })
    .await;
    proxy.always(hold);
    stack.deliver(true).await;
    wait_for("every write to be under way", async || {
        proxy.seen().waiting == BATCH
            && stack.verdict(prefix, &accepted).await.lost.len() == unwritten
    })
    .await;
    assert_eq!(stack.waiting().await, BATCH, "none is acknowledged");
    let killed = kill_consumers(usize::MAX);
    let seen = proxy.seen();
    let writes = seen.arrivals("PutItem");
    assert!(
        writes[0].elapsed() < WRITE_TIMEOUT,
        "some writes had timed out before the kill: the test shows nothing"
    );
    assert_eq!(writes.len(), BATCH);
    assert!(killed > 0, "no consumer was killed");
    wait_for("the connections of the dead to end", async || {
        proxy.seen().waiting == 0
    })
    .await;
    assert_eq!(stack.waiting().await, BATCH, "none is acknowledged");

    wait_for("the batch to come again", async || {
        proxy.seen().arrivals("PutItem").len() >= 2 * BATCH
    })
    .await;
    // The writes of the dead and of the living race each other.
    proxy.pass();
    stack.assert_all_stored_once(prefix, &accepted).await;
    stack.as_deployed().await;
}
