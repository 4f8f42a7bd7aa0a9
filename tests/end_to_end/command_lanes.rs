//! `sluice pause`, `sluice resume` and `sluice pace` by the command itself.

use std::time::Instant;

use serde_json::{Value, json};
use sluice_order::{Clock, SystemClock};
use sluice_testing::{stack::Stack, wait_for};

use crate::command::{sluice, status, submit};

/// The lane runs again, however the test ends.
struct Restored;

impl Drop for Restored {
    fn drop(&mut self) {
        let _ = sluice(&["resume", "standard"]);
    }
}

#[tokio::test]
async fn orders_of_a_paused_lane_wait_and_are_stored_when_it_is_resumed() {
    let _stack = Stack::take().await;
    let _restored = Restored;
    wait_for("the queue to drain", async || pace()["backlog"] == 0).await;

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
    let mut measured = Measured::since_now();
    let submitted = Instant::now();
    // The age is the most of its minute: it may be of an order that another test sent.
    wait_for("the order to have waited for some seconds", async || {
        let now = pace();
        measured.note(&now);
        now["oldest_seconds"].as_f64() >= Some(3.0) && submitted.elapsed().as_secs() >= 3
    })
    .await;
    let paused = pace();
    assert_eq!(
        (&paused["state"], &paused["backlog"], &paused["visible"]),
        (&json!("paused"), &json!(1), &json!(1)),
        "{paused:#}"
    );
    assert_eq!(paused["drained"]["outcome"], "paused");
    assert_eq!(status(&id).0, "ACCEPTED");
    let (_, table, _) = sluice(&["pace", "--lane", "standard"]);
    assert!(table.contains("not while paused"), "{table}");
    let sum = "Storage sees the sum of the lanes: with these settings up to 200 writes a second.";
    assert!(table.trim_end().ends_with(sum), "{table}");

    let (code, told, error) = sluice(&["resume", "standard"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(told.starts_with("The standard lane is running: "), "{told}");
    assert!(told.contains("with StandardEnabled=true"), "{told}");
    wait_for("the order to be stored", async || {
        status(&id).0 == "IN_FULFILLMENT"
    })
    .await;
    wait_for("the queue to be empty", async || {
        let now = pace();
        measured.note(&now);
        now["backlog"] == 0
    })
    .await;
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
        [&json!(100.0), &json!(14), &json!(140)]
    );

    // The order came in one minute and went in that or the next, and each has to be over before it counts.
    wait_for(
        "the minutes to be over in which it came and went",
        async || {
            measured.note(&pace());
            measured.came && measured.went
        },
    )
    .await;
}

/// What was measured in minutes that ended since.
struct Measured {
    since: String,
    came: bool,
    went: bool,
}

impl Measured {
    fn since_now() -> Self {
        Self {
            since: SystemClock.now().to_string(),
            came: false,
            went: false,
        }
    }

    fn note(&mut self, pace: &Value) {
        let measured = &pace["measured"];
        let is_since = measured["until"].as_str() > Some(&self.since);
        let is_above_zero = |name: &str| is_since && measured[name].as_f64() > Some(0.0);
        self.came |= is_above_zero("in_per_second");
        self.went |= is_above_zero("out_per_second");
    }
}

#[tokio::test]
async fn a_lane_that_there_is_not_is_wrong_usage() {
    for arguments in [["pause", "fast"], ["resume", "fast"]] {
        let (code, _, told) = sluice(&arguments);
        assert_eq!(code, Some(2));
        assert!(told.contains("the lanes are standard and hot"), "{told}");
    }
}

#[tokio::test]
async fn both_lanes_are_shown() {
    let _stack = Stack::take().await;
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
