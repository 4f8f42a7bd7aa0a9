//! `sluice dlq` by the command itself.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use aws_sdk_sqs::{primitives::Blob, types::MessageAttributeValue};
use serde_json::{Value, json};
use sluice_order::{Lane, Order, OrderAccepted, RejectReason, Timestamp};
use sluice_store::{DynamoStore, OrderStore, Rejection};
use sluice_testing::{
    dead_letters::{Dead, LETTER, binary, text},
    stack::Stack,
    wait_for,
};

use crate::command::{command, sluice, status};

const PANIC: &str = r#"{"type":"permanent","reason":"PANIC","detail":"processing panicked","original_message_id":"m-0","receives":5,"replays":0,"trace":null}"#;

fn panicked() -> (&'static str, MessageAttributeValue) {
    (LETTER, text(PANIC))
}

fn lane() -> (&'static str, MessageAttributeValue) {
    ("lane", text("standard"))
}

/// Runs `sluice dlq`. Returns its exit code, its output, and what it said on standard error.
fn dlq(arguments: &[&str]) -> (Option<i32>, String, String) {
    sluice(&[&["dlq"], arguments].concat())
}

/// What accept-order publishes for an order of this customer under this key.
async fn message(stack: &Stack, customer: &str, key: &str) -> OrderAccepted {
    let sample = Order::sample().customer(customer).key(key);
    sample.message(&stack.secrets().await)
}

#[tokio::test]
async fn a_list_is_a_sample_and_leaves_the_letters() {
    let stack = Stack::take().await;
    let order = message(&stack, "dlq-1", "k").await;
    let body = order.to_body().unwrap();
    let of_panic = stack
        .bury(Lane::Standard, &body, &[lane(), panicked()])
        .await;
    let by_sns = [lane(), ("ErrorCode", text("AccessDenied"))];
    let moved = stack
        .bury(Lane::Standard, "dlq-1 12 High Street \u{9b}2J", &by_sns)
        .await;
    let hot = stack.bury(Lane::Hot, "dlq-1", &[]).await;

    // Twice: what the first one saw, the second one sees at once.
    for _ in 0..2 {
        let (code, listed, told) = dlq(&["list", "--json", "--limit", "1000"]);
        assert_eq!(code, Some(0), "{told}");
        assert!(!listed.contains("High Street"), "{listed}");
        let list: Value = serde_json::from_str(&listed).unwrap();
        assert_eq!(list["is_sample"], true);
        assert!(list["approximate_number_of_messages"]["standard"].as_u64() >= Some(2));
        let row = |id: &str| {
            let letters = list["letters"].as_array().unwrap();
            letters
                .iter()
                .find(|l| l["message_id"] == id)
                .unwrap()
                .clone()
        };
        let (panic, sns) = (row(&of_panic), row(&moved));
        assert_eq!(panic["reason"], "PANIC");
        assert_eq!(panic["detail"], "processing panicked");
        assert_eq!(
            (&panic["receives"], &panic["replays"]),
            (&5.into(), &0.into())
        );
        assert_eq!(panic["order_id"], order.order_id.to_string());
        assert_eq!(
            (&panic["lane"], &row(&hot)["lane"]),
            (&"standard".into(), &"hot".into())
        );
        assert_eq!(sns["reason"], "moved");
        assert!(sns["detail"].as_str().unwrap().contains("AccessDenied"));
        assert!(list["reasons"]["moved"].as_u64() >= Some(2));
    }
    let (code, listed, _) = dlq(&["list", "--lane", "hot", "--reason", "moved"]);
    assert_eq!(code, Some(0));
    assert!(listed.contains("This is a sample"), "{listed}");
    assert!(
        listed.contains(&hot) && !listed.contains(&moved),
        "{listed}"
    );

    let (code, shown, told) = dlq(&["show", &moved]);
    assert_eq!(code, Some(0), "{told}");
    assert!(shown.contains("12 High Street \\u{9b}2J"), "{shown}");
    let (_, shown, _) = dlq(&["show", &order.order_id.to_string(), "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(
        (&shown[0]["body"], &shown[0]["message_id"]),
        (&body.into(), &of_panic.into())
    );
    let (code, _, told) = dlq(&["show", "nobody"]);
    assert_eq!(code, Some(1), "{told}");
    let (code, _, told) = dlq(&["list", "--reason", "nope"]);
    assert_eq!(code, Some(2));
    assert!(
        told.contains("NOT_JSON") && told.contains("moved"),
        "{told}"
    );

    assert_eq!(stack.clear("dlq-1").await, 3);
}

/// P2: a rejection does not hold the key.
#[tokio::test]
async fn a_fixed_order_is_replayed_and_stored() {
    let stack = Stack::take().await;
    let order = message(&stack, "dlq-2", "k").await;
    let id = order.order_id.to_string();
    let rejection = Rejection {
        order_id: order.order_id,
        reason: RejectReason::Panic,
        rejected_at: "2026-11-27T08:00:01.000Z".parse::<Timestamp>().unwrap(),
        content: None,
    };
    let store = DynamoStore::new(stack.dynamodb.clone(), stack.output("OrdersTable"));
    store.reject(&rejection).await.unwrap();
    let body = order.to_body().unwrap();
    let letter = stack
        .bury(Lane::Standard, &body, &[lane(), panicked()])
        .await;
    assert_eq!(status(&id), ("REJECTED".into(), "PANIC".into()));

    let (code, told, _) = dlq(&["replay", &id, "--dry-run"]);
    assert_eq!(code, Some(0));
    assert!(told.contains(&format!("would replay  {letter}")), "{told}");
    assert_eq!(stack.dead("dlq-2").await.len(), 1);
    assert_eq!(status(&id).0, "REJECTED");

    let (code, told, error) = dlq(&["replay", &id]);
    assert_eq!(code, Some(0), "{told}{error}");
    assert!(told.contains("replay 1"), "{told}");
    wait_for("the order to be stored", async || {
        status(&id).0 == "IN_FULFILLMENT"
    })
    .await;
    assert!(stack.dead("dlq-2").await.is_empty());
    assert_eq!(stack.orders_of("dlq-2").await, HashMap::from([(id, 1)]));
}

#[tokio::test]
async fn each_replay_is_counted_and_everything_is_kept() {
    let stack = Stack::take().await;
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    let attributes = [
        lane(),
        ("raw", binary(&[0, 255])),
        ("ErrorCode", text("own")),
    ];
    stack
        .send_to(
            stack.output("StandardQueueUrl"),
            "dlq-3 is not JSON",
            &attributes,
            Some(trace),
        )
        .await;
    for replays in 0..=2 {
        let letter = stack.wait_for_dead("dlq-3", replays).await;
        assert_eq!(letter.note["reason"], "NOT_JSON");
        assert_eq!(letter.note["trace"], trace);
        assert_eq!(letter.group.as_deref(), Some("dlq-group"));
        for (name, value) in &attributes {
            assert_eq!(letter.attributes.get(*name), Some(value), "{name}");
        }
        let blob = letter.attributes["raw"].binary_value();
        assert_eq!(blob.map(Blob::as_ref), Some(&[0, 255][..]));
        if replays < 2 {
            let (code, told, error) = dlq(&["replay", &letter.id]);
            assert_eq!(code, Some(0), "{told}{error}");
        }
    }
    assert_eq!(stack.clear("dlq-3").await, 1);
}

/// P2, P3: killed half way it loses nothing, and run again it doubles nothing.
#[tokio::test]
async fn a_replay_that_is_killed_loses_nothing() {
    const ORDERS: usize = 30;
    let stack = Stack::take().await;
    wait_for("the queue to drain", async || {
        stack.depth("StandardQueueUrl").await == 0
    })
    .await;
    let letters = stack.depth("StandardDeadLetterQueueUrl").await;
    let before = stack.places_of("dlq-4").await;
    let mut ids = Vec::new();
    for n in 0..ORDERS {
        let order = message(&stack, "dlq-4", &n.to_string()).await;
        let body = order.to_body().unwrap();
        ids.push(order.order_id.to_string());
        stack
            .bury(Lane::Standard, &body, &[lane(), panicked()])
            .await;
    }
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    // So fast that ten are under way at any moment, the last one too.
    let mut child = command(&["dlq", "replay", "--rate", "1000"])
        .args(&names)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.take(12).map_while(Result::ok).count(), 12);
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None, "it was killed at work");

    let there = stack.places_of("dlq-4").await - before;
    assert!(
        there >= ORDERS,
        "{there} of {ORDERS} are stored, waiting or dead letters"
    );
    let replay = [&["replay", "--rate", "50"], &names[..]].concat();
    wait_for("the rest to be replayed and stored", async || {
        // What the killed one held is hidden for a while; what it replayed is not there any more.
        let (code, told, error) = dlq(&replay);
        assert!(matches!(code, Some(0 | 1)), "{told}{error}");
        stack.orders_of("dlq-4").await.len() == ORDERS
    })
    .await;
    let once: HashMap<_, _> = ids.iter().map(|id| (id.clone(), 1)).collect();
    // Those that were sent but not removed are hidden still, and are replayed once more.
    wait_for("no letter to be left, hidden or not", async || {
        let _ = dlq(&replay);
        stack.depth("StandardDeadLetterQueueUrl").await == letters
    })
    .await;
    wait_for("the queue to drain", async || {
        stack.depth("StandardQueueUrl").await == 0
    })
    .await;
    assert_eq!(stack.orders_of("dlq-4").await, once);
}

#[tokio::test]
async fn a_replay_that_is_stopped_releases_the_rest_at_once() {
    let stack = Stack::take().await;
    for signal in ["INT", "TERM", "HUP"] {
        stopped_by(&stack, signal).await;
    }
}

async fn stopped_by(stack: &Stack, signal: &str) {
    let mut ids = Vec::new();
    for n in 0..4 {
        let body = message(stack, "dlq-5", &format!("{signal}-{n}")).await;
        let body = body.to_body().unwrap();
        ids.push(stack.bury(Lane::Standard, &body, &[lane()]).await);
    }
    // SIGHUP is not ignored, even where `nohup` runs the tests.
    let mut child = Command::new("env")
        .args(["--default-signal=HUP", env!("CARGO_BIN_EXE_sluice")])
        .args(["dlq", "replay", "--rate", "0.01"])
        .args(&ids)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("replayed"));
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args([&format!("-{signal}"), &id])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(stack.dead("dlq-5").await.len(), 3, "they are visible");
    assert_eq!(stack.clear("dlq-5").await, 3);
}

/// P2: the whole order lies in the letter, in what a tool or a setting wrapped it into.
#[tokio::test]
async fn a_wrapped_order_is_found_by_its_id_and_replayed_as_it_lies_there() {
    let stack = Stack::take().await;
    for (key, is_notification) in [("sns", true), ("twice", false)] {
        let order = message(&stack, "dlq-10", key).await;
        let (id, body) = (order.order_id.to_string(), order.to_body().unwrap());
        let body = if is_notification {
            json!({"Type": "Notification", "MessageId": "n", "Message": body}).to_string()
        } else {
            json!(body).to_string()
        };
        let unknown = PANIC.replace("PANIC", "UNKNOWN_EVENT");
        let attributes = [lane(), (LETTER, text(&unknown))];
        stack.bury(Lane::Standard, &body, &attributes).await;
        let (code, shown, told) = dlq(&["show", &id, "--json"]);
        assert_eq!(code, Some(0), "{told}");
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown[0]["body"], body);
        let (code, told, error) = dlq(&["replay", &id]);
        assert_eq!(code, Some(0), "{told}{error}");
        wait_for("the order to be stored", async || {
            status(&id).0 == "IN_FULFILLMENT"
        })
        .await;
        assert_eq!(stack.orders_of("dlq-10").await.get(&id), Some(&1));
    }
    assert!(stack.dead("dlq-10").await.is_empty());
}

#[tokio::test]
async fn letters_of_sns_are_replayed_without_what_sns_added() {
    let stack = Stack::take().await;
    let by_sns = [
        lane(),
        ("RequestID", text("r-1")),
        ("ErrorCode", text("403")),
        ("ErrorMessage", text("denied")),
    ];
    let order = message(&stack, "dlq-6", "k").await;
    let body = order.to_body().unwrap();
    let good = stack.bury(Lane::Standard, &body, &by_sns).await;
    let poison = stack
        .bury(Lane::Standard, "dlq-6 is not JSON", &by_sns)
        .await;
    let (code, told, error) = dlq(&["replay", "--reason", "moved", &good, &poison]);
    assert_eq!(code, Some(0), "{told}{error}");
    let letter = stack.wait_for_dead("dlq-6 is not", 1).await;
    assert_eq!(letter.note["reason"], "NOT_JSON");
    assert_eq!(letter.group.as_deref(), Some("dlq-group"));
    let mut names: Vec<_> = letter.attributes.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["lane", LETTER]);
    let id = order.order_id.to_string();
    wait_for("the order to be stored", async || {
        status(&id).0 == "IN_FULFILLMENT"
    })
    .await;
    assert_eq!(stack.clear("dlq-6").await, 1);
}

#[tokio::test]
async fn a_letter_that_sqs_moved_is_replayed_and_counted() {
    let stack = Stack::take().await;
    let order = message(&stack, "dlq-9", "k").await;
    stack
        .moved_by_sqs(&order.to_body().unwrap(), &[lane(), panicked()])
        .await;
    let id = order.order_id.to_string();
    let (code, listed, told) = dlq(&["list", "--reason", "moved", "--json"]);
    assert_eq!(code, Some(0), "{told}");
    let list: Value = serde_json::from_str(&listed).unwrap();
    let letters = list["letters"].as_array().unwrap();
    let letter = letters.iter().find(|l| l["order_id"] == id).unwrap();
    assert_eq!(letter["detail"], "moved by SQS after its last receive");
    let (code, told, error) = dlq(&["replay", &id, "--reason", "moved"]);
    assert_eq!(code, Some(0), "{told}{error}");
    assert!(told.contains("replay 1"), "{told}");
    wait_for("the order to be stored", async || {
        status(&id).0 == "IN_FULFILLMENT"
    })
    .await;
    assert!(stack.dead("dlq-9").await.is_empty());
}

#[tokio::test]
async fn a_purge_asks_and_records_before_it_removes() {
    let stack = Stack::take().await;
    let order = message(&stack, "dlq-7", "k").await;
    let id = order.order_id.to_string();
    let body = order.to_body().unwrap();
    stack
        .bury(Lane::Standard, &body, &[lane(), panicked()])
        .await;
    let nameless = stack.bury(Lane::Hot, "dlq-7 is not JSON", &[]).await;

    let (code, _, told) = dlq(&["purge", &id, &nameless]);
    assert_eq!(code, Some(2));
    assert!(told.contains("add --yes"), "{told}");
    let (code, told, _) = dlq(&["purge", &id, &nameless, "--dry-run"]);
    assert_eq!(code, Some(0));
    assert!(
        told.contains(&id) && told.contains("would be removed"),
        "{told}"
    );
    assert_eq!(stack.dead("dlq-7").await.len(), 2);
    assert_eq!(status(&id).0, "ACCEPTED");

    let (code, told, error) = dlq(&["purge", &id, &nameless, "--yes"]);
    assert_eq!(code, Some(0), "{told}{error}");
    assert!(told.contains("nothing to record"), "{told}");
    assert!(stack.dead("dlq-7").await.is_empty());
    assert_eq!(status(&id), ("REJECTED".into(), "PURGED".into()));
    let items = stack.items_of("dlq-7").await;
    assert_eq!(items.len(), 1, "with its content: {items:?}");
    assert!(items[0]["record"].as_s().unwrap().starts_with("rejected#"));
}

#[tokio::test]
async fn reason_and_limit_select() {
    let stack = Stack::take().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let order = message(&stack, "dlq-8", &n.to_string()).await;
        let attributes = if n < 3 {
            vec![panicked(), lane()]
        } else {
            vec![lane()]
        };
        let body = order.to_body().unwrap();
        ids.push(stack.bury(Lane::Standard, &body, &attributes).await);
    }
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let left = async |stack: &Stack| -> Vec<Dead> { stack.dead("dlq-8").await };
    let replay = |rest: &[&str]| dlq(&[&["replay"], &names[..], rest].concat()).1;
    let told = replay(&["--reason", "panic", "--limit", "2"]);
    assert!(told.contains("2 of "), "{told}");
    let is_panic = |letter: &Dead| letter.note["reason"] == "PANIC";
    let letters = left(&stack).await;
    assert_eq!(
        (
            letters.len(),
            letters.iter().filter(|l| is_panic(l)).count()
        ),
        (3, 1)
    );
    replay(&["--reason", "MOVED"]);
    let letters = left(&stack).await;
    assert_eq!(
        (
            letters.len(),
            letters.iter().filter(|l| is_panic(l)).count()
        ),
        (1, 1)
    );
    replay(&["--lane", "hot"]);
    assert_eq!(left(&stack).await.len(), 1);
    let told = dlq(&[
        "purge", "--yes", "--reason", "moved", names[0], names[1], names[2],
    ])
    .1;
    assert!(told.starts_with("0 of "), "{told}");
    assert_eq!(stack.clear("dlq-8").await, 1);
    wait_for("four orders to be stored", async || {
        stack.orders_of("dlq-8").await.len() == 4
    })
    .await;
}
