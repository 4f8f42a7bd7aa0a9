//! `sluice trace` and `sluice map` by the command itself.

use serde_json::Value;
use sluice_testing::{stack::Stack, wait_for};

use crate::command::{sluice, submit};

/// The way of an order, as the waterfall and the map name its parts.
const WAY: [&str; 5] = ["API", "accept-order", "SNS", "fulfill-orders", "DynamoDB"];

#[tokio::test]
async fn an_order_s_way_is_drawn_and_the_map_has_it() {
    let _stack = Stack::take().await;
    let id = submit("traces-command");
    // What the functions send while they answer may be a moment late.
    wait_for("the trace to be whole", async || {
        sluice(&["trace", &id]).0 == Some(0)
    })
    .await;
    let (_, told, _) = sluice(&["trace", &id]);
    assert!(told.contains(&id), "{told}");
    for part in WAY {
        assert!(told.contains(part), "no {part}: {told}");
    }
    let (code, verdict, _) = sluice(&["trace", &id, "--verify"]);
    assert_eq!(code, Some(1), "the local AWS sends no segments: {verdict}");
    assert!(
        verdict.contains("inferred") && verdict.contains("arrived"),
        "{verdict}"
    );
    let (code, json, error) = sluice(&["trace", &id, "--json"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(serde_json::from_str::<Value>(&json).is_ok(), "{json}");

    let (code, map, error) = sluice(&["map"]);
    assert_eq!(code, Some(0), "{error}");
    for part in WAY {
        assert!(map.contains(part), "no {part}: {map}");
    }
}

#[tokio::test]
async fn an_order_that_nobody_posted_has_no_trace() {
    let _stack = Stack::take().await;
    let id = format!("ord_{}", "A".repeat(32));
    let (code, _, error) = sluice(&["trace", &id]);
    assert_eq!(code, Some(1));
    assert!(error.contains(&id) || error.contains("no "), "{error}");
}
