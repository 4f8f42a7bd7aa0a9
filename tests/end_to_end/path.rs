//! An order's way, when nothing goes wrong.

use serde_json::json;
use sluice_order::Order;
use sluice_testing::{project, stack::Stack, wait_for};

#[tokio::test]
async fn an_order_goes_from_the_api_to_storage() {
    let stack = Stack::take().await;
    let sent = Order::sample().customer("path-1").sku("85123A").json();
    let accepted = stack.post(Some("k-1"), &sent).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let id = accepted.body["order_id"].as_str().unwrap();
    assert_eq!(accepted.headers["location"], format!("orders/{id}"));
    assert_eq!(accepted.body["total"], 500);

    let stored = stack.wait_for_status(id, "IN_FULFILLMENT").await;
    assert_eq!(stored["lines"], sent["lines"]);
    assert_eq!(stored["customer_id"], "path-1");
    assert_eq!(stored["accepted_at"], accepted.body["accepted_at"]);
    assert!(stored["stored_at"].as_str() >= stored["accepted_at"].as_str());

    let latest = stack
        .get("/orders?customer_id=path-1&limit=1&sku=85123A")
        .await;
    assert_eq!(latest.status, 200, "{latest:?}");
    assert_eq!(latest.body["orders"][0]["order_id"], id);
    assert_eq!(latest.body["orders"][0]["status"], "IN_FULFILLMENT");
}

/// P3.
#[tokio::test]
async fn an_order_posted_again_is_the_same_order() {
    let stack = Stack::take().await;
    let sent = Order::sample().customer("path-2").sku("85123A").json();
    let first = stack.post(Some("k"), &sent).await;
    let id = first.body["order_id"].as_str().unwrap().to_owned();
    stack.wait_for_status(&id, "IN_FULFILLMENT").await;
    for _ in 0..3 {
        let again = stack.post(Some("k"), &sent).await;
        assert_eq!((again.status, &again.body["order_id"]), (202, &json!(id)));
    }
    // A later order passes through the same queue; when it is stored the repeats have been taken too.
    let later = stack.post(Some("later"), &sent).await;
    stack
        .wait_for_status(later.body["order_id"].as_str().unwrap(), "IN_FULFILLMENT")
        .await;
    wait_for("the queue to drain", async || {
        stack.depth("StandardQueueUrl").await == 0
    })
    .await;
    assert_eq!(stack.items_of("path-2").await.len(), 2);
}

/// P3.
#[tokio::test]
async fn other_content_under_a_used_key_is_kept_as_a_rejection() {
    let stack = Stack::take().await;
    let first = stack
        .post(
            Some("k"),
            &Order::sample().customer("path-3").sku("first").json(),
        )
        .await;
    let first_id = first.body["order_id"].as_str().unwrap();
    stack.wait_for_status(first_id, "IN_FULFILLMENT").await;
    let second = stack
        .post(
            Some("k"),
            &Order::sample().customer("path-3").sku("second").json(),
        )
        .await;
    assert_eq!(second.status, 202, "the accept path asks no storage");
    let rejected = stack
        .wait_for_status(second.body["order_id"].as_str().unwrap(), "REJECTED")
        .await;
    assert_eq!(rejected["reason"], "KEY_REUSED");
    assert_eq!(rejected["lines"][0]["sku"], "second");
    let stands = stack.get(&format!("/orders/{first_id}")).await;
    assert_eq!(stands.body["lines"][0]["sku"], "first");
    assert_eq!(stack.items_of("path-3").await.len(), 2);
}

#[tokio::test]
async fn an_unsigned_call_is_refused() {
    let stack = Stack::take().await;
    let request = stack.request(reqwest::Method::GET, "/orders?customer_id=path-1");
    assert_eq!(stack.send_as_is(request).await.status, 403);
}

/// The sample of the README, as it stands there.
#[tokio::test]
async fn the_sample_storefront_places_an_order() {
    let stack = Stack::take().await;
    let output = std::process::Command::new(project().join(".sluice/venv-aws/bin/python"))
        .args([
            project().join("examples/storefront.py").to_str().unwrap(),
            stack.output("ApiUrl"),
        ])
        .output()
        .expect("Python runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answer: serde_json::Value =
        serde_json::from_str(told.trim().strip_prefix("202 ").unwrap()).unwrap();
    stack
        .wait_for_status(answer["order_id"].as_str().unwrap(), "IN_FULFILLMENT")
        .await;
}
