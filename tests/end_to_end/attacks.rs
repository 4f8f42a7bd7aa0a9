//! Bad input through the real API: each gets its clear 4xx, none a 5xx.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_order::Order;
use sluice_testing::stack::{Answer, Stack};

fn assert_refused(what: &str, answer: &Answer, status: u16, problem: &str) {
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    assert_eq!(
        answer.headers["content-type"], "application/problem+json",
        "{what}"
    );
    assert_eq!(
        answer.body["type"],
        format!("urn:sluice:problem:{problem}"),
        "{what}: {answer:?}"
    );
    assert!(answer.body["detail"].is_string(), "{what}");
}

/// P1.
#[tokio::test]
async fn bad_bodies() {
    let stack = Stack::take().await;
    let with = |pointer: &str, value: Value| {
        let mut order = Order::sample().customer("attack-1").json();
        *order.pointer_mut(pointer).unwrap() = value;
        order.to_string()
    };
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    for (what, body, status, problem) in [
        (
            "1 MB",
            with("/lines/0/description", json!("d".repeat(1 << 20))),
            413,
            "order-too-large",
        ),
        (
            "1 MB of spaces",
            format!(
                "{}{}",
                " ".repeat(1 << 20),
                Order::sample().customer("attack-1").json()
            ),
            413,
            "order-too-large",
        ),
        ("deep JSON", deep, 400, "invalid-json"),
        (
            "duplicate keys",
            r#"{"customer_id":"attack-1","customer_id":"attack-2"}"#.into(),
            400,
            "invalid-json",
        ),
        (
            "NaN",
            with("/lines/0/quantity", json!("?")).replace("\"?\"", "NaN"),
            400,
            "invalid-json",
        ),
        (
            "1e999",
            with("/lines/0/quantity", json!("?")).replace("\"?\"", "1e999"),
            400,
            "invalid-json",
        ),
        (
            "2^64",
            with("/lines/0/quantity", json!("?")).replace("\"?\"", "18446744073709551616"),
            422,
            "invalid-order",
        ),
        (
            "overflow",
            with("/lines/0/unit_price", json!(9_007_199_254_740_991_u64)),
            422,
            "invalid-order",
        ),
        (
            "negative",
            with("/lines/0/quantity", json!(-9_223_372_036_854_775_808_i64)),
            422,
            "invalid-order",
        ),
        (
            "unicode id",
            with("/customer_id", json!("\u{202e}1-kcatta")),
            422,
            "invalid-order",
        ),
        (
            "1,001 lines",
            with(
                "/lines",
                json!(vec![
                    json!({"sku": "s", "quantity": 1, "unit_price": 1});
                    1_001
                ]),
            ),
            422,
            "invalid-order",
        ),
        ("empty", String::new(), 400, "invalid-json"),
        ("null", "null".into(), 422, "invalid-order"),
    ] {
        let request = stack
            .request(Method::POST, "/orders")
            .header("content-type", "application/json")
            .header("idempotency-key", "k")
            .body(body);
        assert_refused(what, &stack.send(request).await, status, problem);
    }
    let mut latin_1 = with("/lines/0/sku", json!("caf?")).into_bytes();
    if let Some(byte) = latin_1.iter_mut().find(|byte| **byte == b'?') {
        *byte = 0xe9;
    }
    let request = stack
        .request(Method::POST, "/orders")
        .header("content-type", "application/json")
        .body(latin_1);
    assert_refused("Latin-1", &stack.send(request).await, 422, "invalid-order");
    assert!(
        stack.items_of("attack-1").await.is_empty(),
        "a 4xx means that nothing was accepted"
    );
}

#[tokio::test]
async fn bad_headers() {
    let stack = Stack::take().await;
    let post = || {
        stack
            .request(Method::POST, "/orders")
            .body(Order::sample().customer("attack-2").json().to_string())
    };
    let json = || post().header("content-type", "application/json");
    let long = "k".repeat(256);
    for (what, request, status, problem) in [
        (
            "form",
            post().header("content-type", "application/x-www-form-urlencoded"),
            415,
            "unsupported-media-type",
        ),
        ("no type", post(), 415, "unsupported-media-type"),
        (
            "long key",
            json().header("idempotency-key", long),
            400,
            "invalid-idempotency-key",
        ),
        (
            "key in another header",
            json().header("x-idempotency-key", "k"),
            400,
            "invalid-idempotency-key",
        ),
        (
            "compressed",
            json().header("content-encoding", "gzip"),
            415,
            "unsupported-media-type",
        ),
        (
            "space in key",
            json().header("idempotency-key", "a b"),
            400,
            "invalid-idempotency-key",
        ),
    ] {
        assert_refused(what, &stack.send(request).await, status, problem);
    }
}

#[tokio::test]
async fn bad_reads() {
    let stack = Stack::take().await;
    // Two orders, so that the first page has a next.
    for key in ["1", "2"] {
        let accepted = stack
            .post(Some(key), &Order::sample().customer("attack-3").json())
            .await;
        stack
            .wait_for_status(
                accepted.body["order_id"].as_str().unwrap(),
                "IN_FULFILLMENT",
            )
            .await;
    }
    let page = stack.get("/orders?customer_id=attack-3&limit=1").await;
    let id = page.body["orders"][0]["order_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let cursor = page.body["next_cursor"].as_str().unwrap().to_owned();
    let next = stack
        .get(&format!(
            "/orders?customer_id=attack-3&limit=1&cursor={cursor}"
        ))
        .await;
    assert_eq!(next.body["orders"].as_array().unwrap().len(), 1, "{next:?}");
    assert_ne!(next.body["orders"][0]["order_id"], id.as_str());
    assert_eq!(next.body["next_cursor"], Value::Null);

    for (what, path, status, problem) in [
        (
            "forged id",
            format!("/orders/{}", forged(&id)),
            404,
            "order-not-found",
        ),
        (
            "half an id",
            format!("/orders/{}", &id[..20]),
            404,
            "order-not-found",
        ),
        (
            "id in other signs",
            "/orders/%E2%80%AEord_%00".to_owned(),
            404,
            "order-not-found",
        ),
        (
            "cursor of another",
            format!("/orders?customer_id=attack-1&limit=1&cursor={cursor}"),
            400,
            "invalid-query",
        ),
        (
            "cursor for another product",
            format!("/orders?customer_id=attack-3&sku=x&cursor={cursor}"),
            400,
            "invalid-query",
        ),
        ("no customer", "/orders".to_owned(), 400, "invalid-query"),
        (
            "limit",
            "/orders?customer_id=attack-3&limit=-1".to_owned(),
            400,
            "invalid-query",
        ),
        (
            "range",
            "/orders?customer_id=attack-3&from=now".to_owned(),
            400,
            "invalid-query",
        ),
    ] {
        assert_refused(what, &stack.get(&path).await, status, problem);
    }
}

/// The id with its last character changed.
fn forged(id: &str) -> String {
    let (start, last) = id.split_at(id.len() - 1);
    format!("{start}{}", if last == "A" { "B" } else { "A" })
}
