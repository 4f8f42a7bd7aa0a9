//! Storage that is out of reach for half a minute.

use std::time::{Duration, Instant};

use aws_sdk_sqs::types::MessageSystemAttributeName::ApproximateReceiveCount;
use sluice_testing::{
    orders::orders,
    proxy::{Fault, Proxy},
    stack::Stack,
    wait_for,
};
use tokio::time::{interval, sleep_until};

const OUTAGE: Duration = Duration::from_secs(30);

/// Small batches: with larger ones the consumers would hold all that comes in this time, and none would wait.
const BATCH: i32 = 10;

/// What the template sets for the lane.
const CONSUMERS: usize = 14;

/// How often storage may be asked while it is down. Each consumer asks until five calls in a row have failed, which a full
/// batch does at once, and then after 1, 2, 4, 8 and 10 s more.
const ASKED_AT_MOST: usize = 20 * CONSUMERS;

/// How many receives that end with nothing done the outage may cost: what failed before the consumers held their batches, at
/// most four each.
const RECEIVES_BURNT_AT_MOST: usize = 4 * CONSUMERS;

/// Storage that is back is found within 10 s; the rest is for the backlog and a slow machine.
const RECOVERY: Duration = Duration::from_secs(25);

/// P2, P3, P6.
#[tokio::test]
async fn storage_down_for_half_a_minute_is_waiting_not_failing() {
    let stack = Stack::take().await;
    let proxy = Proxy::start(stack.endpoint(), 2).await.unwrap();
    stack.storage_through(&proxy).await;
    stack.batches_of(BATCH).await;

    let mut accepted = stack.place_all(orders("outage-", 0..20), 8, |_| ()).await;
    stack.assert_all_stored_once("outage-", &accepted).await;

    let asked_before = proxy.seen().requests();
    proxy.set([(0.5, Fault::Error), (0.5, Fault::Reset)]);
    let down = Instant::now();
    let first = stack
        .place_all(orders("outage-", 20..220), 16, |_| ())
        .await;
    accepted.extend(first);
    let mut pace = interval(Duration::from_millis(200));
    for placed in orders("outage-", 220..320) {
        pace.tick().await;
        accepted.push(stack.place(placed).await);
    }
    assert!(
        down.elapsed() < OUTAGE,
        "accepting does not wait for storage"
    );
    sleep_until((down + OUTAGE).into()).await;
    assert_eq!(stack.waiting().await, 300, "all of them wait");
    let backlog = receives_of_backlog(&stack).await;
    let asked = proxy.seen().requests() - asked_before;
    let lost = stack.verdict("outage-", &accepted).await.lost.len();
    assert_eq!(lost, 300, "storage was down");
    let burnt: usize = backlog.iter().map(|receives| receives - 1).sum();
    println!("asked {asked} times, {burnt} receives burnt");
    assert!(asked <= ASKED_AT_MOST, "storage was asked {asked} times");
    assert!(asked > 0, "nobody asked: the test shows nothing");
    assert!(backlog.len() >= 100, "only {} wait", backlog.len());
    assert!(burnt <= RECEIVES_BURNT_AT_MOST, "{burnt} receives burnt");

    proxy.pass();
    let back = Instant::now();
    let after = stack
        .place_all(orders("outage-", 320..350), 8, |_| ())
        .await;
    accepted.extend(after);
    wait_for("all to be stored", async || {
        stack.verdict("outage-", &accepted).await.lost.is_empty()
    })
    .await;
    let recovery = back.elapsed();
    stack.assert_all_stored_once("outage-", &accepted).await;
    println!("all stored {recovery:?} after storage was back");
    assert!(recovery < RECOVERY, "took {recovery:?}");
    stack.as_deployed().await;
}

/// How often each message was received that no consumer holds, this look included.
async fn receives_of_backlog(stack: &Stack) -> Vec<usize> {
    let mut receives = Vec::new();
    loop {
        let some = stack
            .sqs
            .receive_message()
            .queue_url(stack.output("StandardQueueUrl"))
            .max_number_of_messages(10)
            // Long enough to see each once, short enough to be in nobody's way.
            .visibility_timeout(5)
            .message_system_attribute_names(ApproximateReceiveCount)
            .send()
            .await
            .expect("the queue can be read")
            .messages
            .unwrap_or_default();
        if some.is_empty() {
            return receives;
        }
        receives.extend(some.iter().map(|message| {
            let attributes = message.attributes().expect("the count was asked for");
            let count = &attributes[&ApproximateReceiveCount];
            count.parse::<usize>().expect("a count is a number")
        }));
    }
}
