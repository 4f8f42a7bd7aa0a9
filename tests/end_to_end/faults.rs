//! Messages that must not harm: delivered twice, or poison.

use sluice_order::{Order, OrderAccepted};
use sluice_testing::{dead_letters::text, stack::Stack, wait_for};

/// What accept-order publishes for an order of this customer under this key.
async fn message(stack: &Stack, customer: &str, key: &str) -> OrderAccepted {
    let sample = Order::sample().customer(customer).key(key);
    sample.message(&stack.secrets().await)
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
            .all_dead(&message.order_id.to_string())
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
    for (about, reason) in [
        ("faults-2 is not JSON", "NOT_JSON"),
        (changed.as_str(), "INVALID_ORDER"),
    ] {
        let letters = stack.all_dead(about).await;
        let [letter] = &letters[..] else {
            panic!("one letter: {letters:?}")
        };
        assert_eq!(letter.note["reason"], reason);
        assert_eq!(letter.note["receives"], 1);
        assert_eq!(letter.attributes["lane"], text("standard"), "it is kept");
    }
}
