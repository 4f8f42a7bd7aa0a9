//! What must not lose or double an order: messages delivered twice, poison, a consumer that is killed.

use std::{collections::BTreeSet, process::Command};

use sluice_order::{IdempotencyKey, Order, OrderAccepted, OrderKey, Timestamp};

use crate::stack::{Stack, fulfill_processes, order, wait_for};

/// What accept-order publishes for an order of this customer under this key.
async fn message(stack: &Stack, customer: &str, key: &str) -> OrderAccepted {
    let order = Order::from_json(order(customer, "s")).unwrap();
    let key = IdempotencyKey::new(key.to_owned()).unwrap();
    let key = OrderKey::derived(order.customer_id(), &key);
    let accepted_at: Timestamp = "2026-11-27T08:00:00.000Z".parse().unwrap();
    OrderAccepted::new(order, key, accepted_at, None, &stack.secrets().await)
}

async fn drained(stack: &Stack) {
    wait_for("the queue to drain", async || {
        stack.depth("StandardQueueUrl").await == 0
    })
    .await;
}

/// P3.
#[tokio::test]
async fn a_message_delivered_twice_is_one_order() {
    let stack = Stack::take().await;
    let message = message(&stack, "faults-1", "k").await;
    for _ in 0..5 {
        stack.enqueue(&message.to_body().unwrap()).await;
    }
    stack
        .wait_for_status(&message.order_id.to_string(), "IN_FULFILLMENT")
        .await;
    drained(&stack).await;
    assert_eq!(stack.items_of("faults-1").await.len(), 1);
    assert!(
        stack
            .dead_letters_about(&message.order_id.to_string())
            .await
            .is_empty()
    );
}

/// P5.
#[tokio::test]
async fn one_poison_record_fails_alone() {
    let stack = Stack::take().await;
    let mut good = Vec::new();
    for key in ["1", "2", "3", "4"] {
        good.push(message(&stack, "faults-2", key).await);
    }
    let changed = good[3]
        .to_body()
        .unwrap()
        .replace("\"quantity\":2", "\"quantity\":0");
    let bodies = good[..3].iter().map(|m| m.to_body().unwrap());
    stack.enqueue("faults-2 is not JSON").await;
    for body in bodies {
        stack.enqueue(&body).await;
    }
    stack.enqueue(&changed).await;
    for message in &good[..3] {
        stack
            .wait_for_status(&message.order_id.to_string(), "IN_FULFILLMENT")
            .await;
    }
    let rejected = stack
        .wait_for_status(&good[3].order_id.to_string(), "REJECTED")
        .await;
    assert_eq!(rejected["reason"], "INVALID_ORDER");
    drained(&stack).await;
    assert_eq!(stack.items_of("faults-2").await.len(), 3);
    for (text, reason) in [
        ("faults-2 is not JSON", "NOT_JSON"),
        (changed.as_str(), "INVALID_ORDER"),
    ] {
        let letters = stack.dead_letters_about(text).await;
        assert_eq!(letters.len(), 1, "{letters:?}");
        assert_eq!(letters[0]["reason"], reason);
        assert_eq!(letters[0]["receives"], 1);
    }
}

/// P2, P3: Kills every process of the consumer, again and again, while it works through a backlog.
#[tokio::test]
async fn a_killed_consumer_loses_and_doubles_nothing() {
    const ORDERS: usize = 300;
    let stack = Stack::take().await;
    // What a killed consumer held comes again after this, not after the six minutes of the template.
    stack.set_visibility_timeout("StandardQueueUrl", 4).await;
    let mut accepted = BTreeSet::new();
    let mut killed = 0;
    for n in 0..ORDERS {
        let answer = stack
            .post(Some(&n.to_string()), &order("faults-3", "s"))
            .await;
        assert_eq!(answer.status, 202, "{answer:?}");
        accepted.insert(answer.body["order_id"].as_str().unwrap().to_owned());
        if n % 10 == 9 {
            killed += kill_consumers();
        }
    }
    assert_eq!(accepted.len(), ORDERS);
    wait_for("every order to be stored", async || {
        stack.items_of("faults-3").await.len() >= ORDERS
    })
    .await;
    drained(&stack).await;
    stack.set_visibility_timeout("StandardQueueUrl", 361).await;
    let stored: BTreeSet<String> = stack
        .items_of("faults-3")
        .await
        .iter()
        .map(|item| item["order_id"].as_s().unwrap().clone())
        .collect();
    assert_eq!(stored, accepted);
    assert_eq!(stack.items_of("faults-3").await.len(), ORDERS);
    assert!(
        killed >= 3,
        "only {killed} consumers were there to be killed: the test shows nothing"
    );
}

fn kill_consumers() -> usize {
    let pids: Vec<_> = fulfill_processes().iter().map(u32::to_string).collect();
    if !pids.is_empty() {
        // One may have ended by itself meanwhile, which is no matter.
        let _ = Command::new("kill")
            .arg("-9")
            .args(&pids)
            .stderr(std::process::Stdio::null())
            .status();
    }
    pids.len()
}
