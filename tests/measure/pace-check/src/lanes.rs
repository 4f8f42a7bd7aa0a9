//! P7: how long standard orders take to storage, with a backlog in the hot lane and with none.

use std::time::Instant;

use sluice_order::{Lane, Timestamp};
use sluice_testing::{
    checker::{Accepted, check},
    stack::Stack,
    wait_for,
};

use crate::{
    deploy::deploy,
    number::{count, median, percentile},
    plan::Plan,
    posting::{evenly, orders_for, post_along},
    row::Row,
    say,
};

/// How often each case is measured, in turns.
const TURNS: usize = 3;

/// The standard orders of a case, and how many are posted a second.
const ORDERS: usize = 500;
const A_SECOND: f64 = 25.0;

/// Orders before all others, so that none that counts waits for a process to start.
const WARM_UP: usize = 50;

/// Hot orders that have to wait, before and after; what is taken out meanwhile comes on top.
const WAITING: usize = 2_000;
const POSTED: usize = 3_000;
const POSTS_AT_ONCE: usize = 16;

/// The paces of the lanes.
const STANDARD: &str = "100";
const HOT: &str = "20";

/// A backlog in the hot lane may make it so many times as long.
const FACTOR: f64 = 2.0;

/// Longer than this, in seconds, a lane does not take that has nothing else to do: then twice as long says nothing.
const ALONE: f64 = 1.0;

/// Measures both cases in turns.
pub(crate) async fn measure(stack: &Stack) -> Vec<Row> {
    let standard = plan(Lane::Standard, STANDARD);
    let hot = plan(Lane::Hot, HOT);
    deploy(stack, &[(Lane::Standard, &standard), (Lane::Hot, &hot)]).await;
    stack.as_deployed().await;
    p99(stack, "warm-up-", WARM_UP).await;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        alone.push(p99(stack, &format!("alone-{turn}-"), ORDERS).await);
        begin_backlog(stack, turn).await;
        beside.push(p99(stack, &format!("beside-{turn}-"), ORDERS).await);
        end_backlog(stack).await;
    }
    vec![row(&alone, &beside)]
}

fn plan(lane: Lane, writes: &str) -> Plan {
    let arguments = [
        "--peak",
        writes,
        "--for",
        "1m",
        "--writes-per-second",
        writes,
    ];
    Plan::of(lane, &arguments)
}

/// Posts standard orders and tells, in seconds, what 99 of 100 did not exceed from acceptance to storage.
async fn p99(stack: &Stack, prefix: &str, orders: usize) -> f64 {
    let placed = orders_for(Lane::Standard, prefix, orders);
    let times = evenly(A_SECOND, orders);
    let accepted = post_along(stack, Instant::now(), &times, placed).await;
    wait_for("the standard orders to be stored", async || {
        stack.depth_in(Lane::Standard).await.all == 0
    })
    .await;
    let seconds = waits(stack, prefix, &accepted).await;
    let p99 = percentile(&seconds, 0.99).expect("there are orders");
    let p50 = median(&seconds).expect("there are orders");
    say(&format!("{prefix}: p50 {p50:.3} s, p99 {p99:.3} s"));
    p99
}

/// How long each took from acceptance to storage. All have to be there, once.
async fn waits(stack: &Stack, prefix: &str, accepted: &[Accepted]) -> Vec<f64> {
    let mut items = stack.table().await;
    items.retain(|item| {
        item["customer_id"]
            .as_str()
            .is_some_and(|id| id.starts_with(prefix))
    });
    let verdict = check(prefix, accepted, &items);
    assert!(verdict.is_clean(), "{verdict}");
    let time = |text: &serde_json::Value| -> Timestamp {
        text.as_str().expect("a text").parse().expect("a time")
    };
    items
        .iter()
        .map(|item| time(&item["stored_at"]).as_millis() - time(&item["accepted_at"]).as_millis())
        .map(|millis| count(usize::try_from(millis).unwrap_or(0)) / 1_000.0)
        .collect()
}

/// Hot orders by the API, more than their lane can store soon. It stores meanwhile.
async fn begin_backlog(stack: &Stack, turn: usize) {
    say(&format!("posting {POSTED} hot orders"));
    stack.deliver_in(Lane::Hot, false).await;
    let placed = orders_for(Lane::Hot, &format!("hot-{turn}-"), POSTED);
    stack.place_all(placed, POSTS_AT_ONCE, |_| ()).await;
    wait_for("the hot orders to be in their queue", async || {
        stack.depth_in(Lane::Hot).await.visible == POSTED
    })
    .await;
    stack.deliver_in(Lane::Hot, true).await;
    wait_for("the hot lane to be at work", async || {
        let depth = stack.depth_in(Lane::Hot).await;
        depth.visible < depth.all
    })
    .await;
    assert_waiting(stack).await;
}

async fn end_backlog(stack: &Stack) {
    assert_waiting(stack).await;
    stack.empty(Lane::Hot).await;
    stack.deliver_in(Lane::Hot, true).await;
}

async fn assert_waiting(stack: &Stack) {
    let depth = stack.depth_in(Lane::Hot).await;
    say(&format!("{} hot orders wait", depth.visible));
    assert!(depth.visible >= WAITING, "only {depth:?} in the hot queue");
}

fn row(alone: &[f64], beside: &[f64]) -> Row {
    let (alone, beside) = (median(alone), median(beside));
    let alone = alone.expect("it was measured");
    let beside = beside.expect("it was measured");
    let bound = FACTOR * alone;
    Row {
        what: format!("p99 of standard orders beside {WAITING} hot ones"),
        bound: format!("at most {bound:.3} s, {FACTOR} times {alone:.3} s"),
        measured: format!("{beside:.3} s, {:.2} times", beside / alone),
        verdict: alone <= ALONE && beside <= bound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_medians_are_held_against_each_other() {
        assert!(row(&[0.1, 0.2, 9.0], &[0.4, 0.3, 9.0]).holds());
        assert!(
            !row(&[1.1, 1.2, 1.3], &[0.1, 0.1, 0.1]).holds(),
            "slow by itself"
        );
        let delayed = row(&[0.1, 0.2, 9.0], &[0.1, 0.5, 0.6]);
        assert!(!delayed.holds());
        assert_eq!(delayed.bound, "at most 0.400 s, 2 times 0.200 s");
        assert_eq!(delayed.measured, "0.500 s, 2.50 times");
    }
}
