//! `sluice pause`, `sluice resume` and `sluice pace` by the command itself, on the stack that the environment names.
//! `make end-to-end` runs this.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

mod command;

use std::time::Instant;

use command::{sluice, submit, wait_for};
use serde_json::{Value, json};
use sluice_order::{Clock, SystemClock};

/// The lane runs again, however the test ends.
struct Restored;

impl Drop for Restored {
    fn drop(&mut self) {
        let _ = sluice(&["resume", "standard"]);
    }
}

#[test]
fn orders_of_a_paused_lane_wait_and_are_stored_when_it_is_resumed() {
    let _restored = Restored;
    wait_for("the queue to drain", || pace()["backlog"] == 0);

    let (code, told, error) = sluice(&["pause", "standard"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(told.starts_with("The standard lane is paused: "), "{told}");
    assert!(told.contains("with StandardEnabled=false"), "{told}");
    let (code, told, error) = sluice(&["pause", "standard"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(
        told.starts_with("The standard lane is paused already"),
        "{told}"
    );

    let id = submit("lanes-1");
    let submitted = Instant::now();
    // The age is the most of its minute: it may be of an order that another test sent.
    wait_for("the order to have waited for some seconds", || {
        pace()["oldest_seconds"].as_f64() >= Some(3.0) && submitted.elapsed().as_secs() >= 3
    });
    let paused = pace();
    assert_eq!(
        (&paused["state"], &paused["backlog"], &paused["visible"]),
        (&json!("paused"), &json!(1), &json!(1)),
        "{paused:#}"
    );
    assert_eq!(paused["drained"]["outcome"], "paused");
    assert_eq!(status(&id), "ACCEPTED");
    let (_, table, _) = sluice(&["pace", "--lane", "standard"]);
    assert!(table.contains("not while paused"), "{table}");
    let sum = "Storage sees the sum of the lanes: with these settings up to 200 writes a second.";
    assert!(table.trim_end().ends_with(sum), "{table}");

    let (code, told, error) = sluice(&["resume", "standard"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(told.starts_with("The standard lane is running: "), "{told}");
    assert!(told.contains("with StandardEnabled=true"), "{told}");
    wait_for("the order to be stored", || status(&id) == "IN_FULFILLMENT");
    wait_for("the queue to be empty", || pace()["backlog"] == 0);
    let running = pace();
    assert_eq!(running["state"], "running");
    assert_eq!(running["oldest_seconds"], Value::Null);
    assert_eq!(running["drained"]["outcome"], "empty");
    assert_eq!(
        [
            &running["writes_per_second"],
            &running["concurrency"],
            &running["batch_size"]
        ],
        [&json!(100.0), &json!(2), &json!(1_000)]
    );

    // The order came and went in a minute that has to be over before it counts.
    let stored = SystemClock.now().to_string();
    let mut measured = Value::Null;
    wait_for("the minute to be over in which it was stored", || {
        measured = pace()["measured"].take();
        measured["until"].as_str() > Some(&stored)
    });
    let rate = |name: &str| measured[name].as_f64().unwrap_or_default();
    assert!(rate("in_per_second") > 0.0, "{measured:#}");
    assert!(rate("out_per_second") > 0.0, "{measured:#}");
}

#[test]
fn a_lane_that_there_is_not_is_wrong_usage() {
    for arguments in [["pause", "fast"], ["resume", "fast"]] {
        let (code, _, told) = sluice(&arguments);
        assert_eq!(code, Some(2));
        assert!(told.contains("the lanes are standard and hot"), "{told}");
    }
}

#[test]
fn both_lanes_are_shown() {
    let (code, told, error) = sluice(&["pace", "--json"]);
    assert_eq!(code, Some(0), "{error}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["writes_per_second_of_all_lanes"], 200.0);
    let lanes = told["lanes"].as_array().unwrap();
    let lanes: Vec<_> = lanes.iter().map(|lane| &lane["lane"]).collect();
    assert_eq!(lanes, ["standard", "hot"]);
}

/// What `sluice pace` tells of the standard lane.
fn pace() -> Value {
    let (code, told, error) = sluice(&["pace", "--lane", "standard", "--json"]);
    assert_eq!(code, Some(0), "{error}");
    let mut told: Value = serde_json::from_str(&told).unwrap();
    told["lanes"][0].take()
}

/// Where an order stands, by the API.
fn status(id: &str) -> String {
    let (_, answer, error) = sluice(&["status", id, "--json"]);
    let answer: Result<Value, _> = serde_json::from_str(&answer);
    assert!(answer.is_ok(), "{error}");
    let status = answer.unwrap()["status"].take();
    status.as_str().unwrap_or_default().to_owned()
}
