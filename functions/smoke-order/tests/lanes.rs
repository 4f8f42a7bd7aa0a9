//! What passes, and what is said of what does not.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use std::{sync::Mutex, time::Duration};

use serde_json::{Value, json};
use smoke_order::{Answer, Function, Functions, Outcome, test};
use tokio::time::Instant;

/// Functions that answer as told, and keep what they were asked.
struct Told<A, R> {
    accept: A,
    read: R,
    asked: Mutex<Vec<Value>>,
}

impl<A, R> Told<A, R> {
    fn new(accept: A, read: R) -> Self {
        let asked = Mutex::default();
        Self {
            accept,
            read,
            asked,
        }
    }
}

impl<A, R> Functions for Told<A, R>
where
    A: Fn(&str, usize) -> Result<(u16, Value), String> + Sync,
    R: Fn(&str, usize) -> Result<(u16, Value), String> + Sync,
{
    async fn call(&self, function: Function, event: &Value) -> Result<Answer, String> {
        let before = {
            let mut asked = self.asked.lock().unwrap();
            let before = asked.iter().filter(|earlier| *earlier == event).count();
            asked.push(event.clone());
            before
        };
        let lane = if event.to_string().contains("hot") {
            "hot"
        } else {
            "standard"
        };
        let (status, body) = match function {
            Function::AcceptOrder => (self.accept)(lane, before),
            Function::ReadOrders => (self.read)(lane, before),
        }?;
        let body = body.to_string();
        Ok(Answer { status, body })
    }
}

fn receipt(lane: &str) -> (u16, Value) {
    (202, json!({"order_id": format!("ord_{lane}")}))
}

fn status(status: &str) -> (u16, Value) {
    (200, json!({"status": status}))
}

async fn tried(functions: &impl Functions) -> Outcome {
    test(functions, "n", Duration::from_mins(1)).await
}

/// Why each lane did not pass.
fn failures(outcome: &Outcome) -> [&str; 2] {
    assert!(!outcome.passed);
    let of = |at: usize| outcome.lanes[at].failure.as_deref().unwrap_or_default();
    [of(0), of(1)]
}

#[tokio::test(start_paused = true)]
async fn both_lanes_pass_once_both_orders_are_stored() {
    let busy = |lane: &str, before| match before {
        0 => Ok((503, json!({}))),
        1 => Ok((429, json!({}))),
        _ => Ok(receipt(lane)),
    };
    let later = |_: &str, before| match before {
        0 => Ok((503, json!({}))),
        1 | 2 => Ok(status("ACCEPTED")),
        _ => Ok(status("SMOKE")),
    };
    let functions = Told::new(busy, later);
    let outcome = tried(&functions).await;
    assert!(outcome.passed, "{outcome:?}");
    let ids: Vec<_> = outcome
        .lanes
        .iter()
        .map(|lane| lane.order_id.as_deref())
        .collect();
    assert_eq!(ids, [Some("ord_standard"), Some("ord_hot")]);
    let asked = functions.asked.lock().unwrap();
    assert!(asked.iter().all(|event| event["smoke"] == true));
    let keys: Vec<_> = asked
        .iter()
        .map(|event| &event["headers"]["idempotency-key"])
        .collect();
    assert!(keys.contains(&&json!("n-hot")) && keys.contains(&&json!("n-standard")));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_and_a_crash_fail_at_once() {
    let began = Instant::now();
    let refuses = |lane: &str, _| match lane {
        "hot" => Ok((400, json!({"title": "no"}))),
        _ => Err("AcceptOrder failed".to_owned()),
    };
    let outcome = tried(&Told::new(refuses, |_: &str, _| Ok(status("SMOKE")))).await;
    let [standard, hot] = failures(&outcome);
    assert_eq!(standard, "AcceptOrder failed");
    assert!(
        hot.starts_with("AcceptOrder answered 400: {\"title\""),
        "{hot}"
    );
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_does_not_store_fails_alone_and_in_time() {
    let began = Instant::now();
    let hot_waits = |lane: &str, _| Ok(status(if lane == "hot" { "ACCEPTED" } else { "SMOKE" }));
    let outcome = tried(&Told::new(|lane: &str, _| Ok(receipt(lane)), hot_waits)).await;
    let [standard, hot] = failures(&outcome);
    assert_eq!(standard, "");
    assert!(hot.contains("accepted and not stored"), "{hot}");
    assert_eq!(began.elapsed(), Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_answer_fails() {
    let never = |_: &str, _| Ok((503, json!({})));
    let outcome = tried(&Told::new(never, |_: &str, _| Ok(status("SMOKE")))).await;
    assert!(failures(&outcome)[0].contains("did not confirm"));
    let no_id = |_: &str, _| Ok((202, json!({})));
    let outcome = tried(&Told::new(no_id, |_: &str, _| Ok(status("SMOKE")))).await;
    assert!(failures(&outcome)[0].contains("without an id"));
    let outcome = tried(&Told::new(
        |lane: &str, _| Ok(receipt(lane)),
        |_: &str, _| Ok(status("REJECTED")),
    ))
    .await;
    assert!(failures(&outcome)[0].contains("REJECTED"));
}
