//! What the client hears of the buffer (promise P1), and what the buffer gets.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use std::time::Duration;

use accept_order::{AcceptOrder, MemoryPublisher};
use lambda_http::{
    Body, Request,
    http::{
        self, HeaderMap,
        header::{CONTENT_TYPE, LOCATION, RETRY_AFTER},
    },
};
use serde_json::{Value, json};
use sluice_api::ProxyRequest;
use sluice_order::{HotSkus, Lane, Order, OrderAccepted, Timestamp, smoke, testing::secrets};
use sluice_runtime::LiveSecrets;

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_766_400_123)
}

fn request(key: Option<&str>, sku: &str) -> Request {
    let order = Order::sample().sku(sku).json();
    let mut request = http::Request::builder().header(CONTENT_TYPE, "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    request.body(Body::from(order.to_string())).unwrap()
}

/// Status, headers and body of the answer.
async fn post(publisher: &MemoryPublisher, request: &Request) -> (u16, HeaderMap, Value) {
    let trace = "Root=1-6a1b2c3d-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1";
    let accept = AcceptOrder::new(publisher, now(), secrets(), "hot-1,hot-2".parse().unwrap());
    let (answer, body) = accept.handle(request, Some(trace)).await.into_parts();
    let body = serde_json::from_slice(&body).unwrap();
    (answer.status.as_u16(), answer.headers, body)
}

/// P1.
#[tokio::test]
async fn there_is_no_202_without_the_buffer_s_word() {
    let down = MemoryPublisher::failing();
    let (status, headers, with_key) = post(&down, &request(Some("k"), "a")).await;
    assert_eq!(status, 503);
    assert!(headers.contains_key(RETRY_AFTER));
    assert!(
        with_key["detail"]
            .as_str()
            .unwrap()
            .contains("same Idempotency-Key")
    );
    let (status, _, without) = post(&down, &request(None, "a")).await;
    assert_eq!(status, 503);
    assert!(
        without["detail"]
            .as_str()
            .unwrap()
            .contains("may make a second order")
    );
    for body in [with_key, without] {
        assert!(
            !body.to_string().contains("set to fail"),
            "the inner error stays inside"
        );
    }
}

/// P1: a 4xx, so that the client knows that nothing was accepted; and with a time, since it may come again.
#[tokio::test]
async fn what_the_buffer_throttled_is_a_429() {
    let full = MemoryPublisher::full();
    for key in [Some("k"), None] {
        let (status, headers, body) = post(&full, &request(key, "a")).await;
        assert_eq!(
            (status, &headers[RETRY_AFTER]),
            (429, &"2".parse().unwrap())
        );
        assert_eq!(body["type"], "urn:sluice:problem:throttled");
        let detail = body["detail"].as_str().unwrap();
        assert!(detail.starts_with("Nothing was accepted."), "{detail}");
    }
}

#[tokio::test]
async fn the_message_is_the_order_that_was_answered() {
    let publisher = MemoryPublisher::default();
    let (status, headers, body) = post(&publisher, &request(Some("k"), "a")).await;
    assert_eq!(status, 202);
    let [publication] = &publisher.published()[..] else {
        panic!("one message")
    };
    let message = OrderAccepted::from_body(&publication.body, &secrets()).unwrap();
    assert_eq!(body["order_id"], json!(message.order_id));
    assert_eq!(headers[LOCATION], format!("orders/{}", message.order_id));
    assert_eq!(body["total"], 500);
    assert_eq!(message.accepted_at, now());
    assert_eq!(
        message.traceparent.as_deref(),
        Some("00-6a1b2c3d0123456789abcdef01234567-53995c3f42cd8ad8-01")
    );
    assert_eq!(publication.lane, Lane::Standard);
    assert_eq!(publication.group, "pvfvR-6NyEr5BWowUd3DAg");
}

/// P3.
#[tokio::test]
async fn a_key_names_one_order_and_no_key_another_each_time() {
    let publisher = MemoryPublisher::default();
    for (key, sku) in [
        (Some("k"), "a"),
        (Some("k"), "a"),
        (Some("k"), "b"),
        (None, "a"),
        (None, "a"),
    ] {
        assert_eq!(post(&publisher, &request(key, sku)).await.0, 202);
    }
    let ids: Vec<_> = publisher.published().iter().map(|p| p.order_id).collect();
    assert_eq!(ids[0], ids[1], "a repeat is the same order");
    assert_eq!(
        ids[0].key(),
        ids[2].key(),
        "other content under the key names the same order"
    );
    assert_ne!(ids[0], ids[2], "but not by the same id");
    assert_ne!(ids[3].key(), ids[4].key());
}

/// P3, P7: The lane is only where an order is published.
#[tokio::test]
async fn a_hot_product_sends_an_order_to_the_hot_lane() {
    let publisher = MemoryPublisher::default();
    for (sku, lane) in [("hot-2", Lane::Hot), ("hot", Lane::Standard)] {
        assert_eq!(post(&publisher, &request(Some("k"), sku)).await.0, 202);
        assert_eq!(publisher.published().last().unwrap().lane, lane, "{sku}");
    }
    let before = AcceptOrder::new(&publisher, now(), secrets(), HotSkus::default());
    before.handle(&request(Some("k"), "hot-2"), None).await;
    let all = publisher.published();
    let (first, repeat) = (&all[0], &all[2]);
    assert_eq!((first.lane, repeat.lane), (Lane::Hot, Lane::Standard));
    assert_eq!(first.order_id, repeat.order_id, "it is the same order");
}

/// P1.
#[tokio::test]
async fn what_is_refused_is_not_published() {
    let publisher = MemoryPublisher::default();
    let (status, _, body) = post(&publisher, &request(Some("k"), "")).await;
    assert_eq!(status, 422);
    assert_eq!(body["errors"][0]["pointer"], "/lines/0/sku");
    assert!(publisher.published().is_empty());
}

/// P3: which of the two would name the order?
#[tokio::test]
async fn two_keys_are_refused() {
    let publisher = MemoryPublisher::default();
    let mut request = request(Some("k"), "a");
    let other = "other".parse().unwrap();
    request.headers_mut().append("idempotency-key", other);
    let (status, _, body) = post(&publisher, &request).await;
    assert_eq!(status, 400);
    assert_eq!(body["type"], "urn:sluice:problem:invalid-idempotency-key");
    assert!(publisher.published().is_empty());
}

/// P1: nothing can be accepted without the secret that seals the id, and the client may repeat at once.
#[tokio::test]
async fn without_the_secrets_an_order_is_not_accepted() {
    let publisher = MemoryPublisher::default();
    let unread = LiveSecrets::read_by(Duration::from_mins(5), || {
        Box::pin(async { Err("timed out".to_owned()) })
    });
    let accept = AcceptOrder::new(&publisher, now(), unread, HotSkus::default());
    let (answer, body) = accept
        .handle(&request(Some("k"), "a"), None)
        .await
        .into_parts();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(answer.status, 503);
    assert!(answer.headers.contains_key(RETRY_AFTER));
    assert_eq!(body["type"], "urn:sluice:problem:not-accepted");
    assert!(publisher.published().is_empty());
}

/// As `smoke-order` sends it, or with a customer's order in it.
fn smoke_request(body: &Value) -> Request {
    let event = json!({
        "smoke": true, "httpMethod": "POST", "path": "/orders", "headers": {"content-type": "application/json"},
        "body": body.to_string(),
    });
    serde_json::from_value::<ProxyRequest>(event)
        .unwrap()
        .into()
}

#[tokio::test]
async fn a_smoke_test_posts_smoke_orders_and_nobody_else_does() {
    let publisher = MemoryPublisher::default();
    for lane in Lane::ALL {
        let (status, _, _) = post(&publisher, &smoke_request(&smoke::body(lane))).await;
        assert_eq!(status, 202);
        let last = publisher.published().pop().unwrap();
        assert_eq!((last.lane, last.is_smoke), (lane, true));
    }
    let customer = Order::sample().json();
    let (status, _, refusal) = post(&publisher, &smoke_request(&customer)).await;
    assert_eq!(
        (status, &refusal["errors"][0]["pointer"]),
        (422, &json!("/customer_id"))
    );
    let mut reserved = request(None, "a");
    *reserved.body_mut() = Body::from(smoke::body(Lane::Hot).to_string());
    let (status, _, refusal) = post(&publisher, &reserved).await;
    assert_eq!(
        (status, &refusal["errors"][0]["pointer"]),
        (422, &json!("/customer_id"))
    );
    assert_eq!(publisher.published().len(), 2);
    let (status, ..) = post(&publisher, &request(None, "hot-1")).await;
    assert_eq!(status, 202);
    assert!(!publisher.published()[2].is_smoke);
}
