//! The smoke test on the real functions: both lanes, and nothing of it where orders are looked for.

use serde_json::Value;
use sluice_order::{Lane, smoke};
use sluice_testing::{stack::Stack, wait_for};

use crate::command::sluice;

/// The ids of both orders.
fn ids(outcome: &Value) -> Vec<String> {
    let lanes = outcome["lanes"].as_array().unwrap();
    let ids = lanes
        .iter()
        .map(|tried| tried["order_id"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

#[tokio::test]
async fn both_lanes_store_their_smoke_order_and_nobody_else_sees_it() {
    let stack = Stack::take().await;
    let (code, out, told) = sluice(&["smoke", "--json"]);
    assert_eq!(code, Some(0), "{out} {told}");
    let outcome: Value = serde_json::from_str(&out).unwrap();
    let ids = ids(&outcome);
    assert_eq!(ids.len(), 2);
    for id in &ids {
        let seen = stack.get(&format!("/orders/{id}")).await;
        assert_eq!(seen.body["status"], "ACCEPTED", "{seen:?}");
    }
    let listed = stack
        .get(&format!("/orders?customer_id={}", smoke::CUSTOMER))
        .await;
    assert_eq!(listed.body["orders"], serde_json::json!([]));
    // What the table holds of that customer. Its items expire.
    let items = stack.items_of(smoke::CUSTOMER).await;
    assert!(items.len() >= 2);
    for item in items {
        assert_eq!(item["record"].as_s().unwrap(), "smoke");
        assert!(item["expires_at"].as_n().is_ok(), "{item:?}");
    }
    // By the API nobody can make one, not even with the right to call it.
    let refused = stack.post(None, &smoke::body(Lane::Hot)).await;
    assert_eq!(refused.status, 422, "{refused:?}");
}

#[tokio::test]
async fn a_paused_lane_does_not_pass() {
    let stack = Stack::take().await;
    stack.deliver_in(Lane::Hot, false).await;
    let (code, out, told) = sluice(&["smoke", "--wait", "5"]);
    assert_eq!(code, Some(1), "{out} {told}");
    assert!(out.contains(": stored\n"), "{out}");
    assert!(out.contains("paused or has a backlog"), "{out}");
    stack.deliver_in(Lane::Hot, true).await;
    wait_for("the order to leave the buffer", async || {
        stack.waiting().await == 0
    })
    .await;
}
