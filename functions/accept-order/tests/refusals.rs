//! What a client is told that sent something else than an order. A key that would be lost is refused too (promise P3).
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use accept_order::{AcceptOrder, MemoryPublisher};
use serde_json::{Value, json};
use sluice_api::ProxyRequest;
use sluice_order::{HotSkus, Order, Timestamp, testing::secrets};

/// The status, the problem's name and what it says, of the answer to this event.
async fn answer(publisher: &MemoryPublisher, event: Value) -> (u16, String, String) {
    let now = Timestamp::from_millis(1_795_766_400_123);
    let accept = AcceptOrder::new(publisher, now, secrets(), HotSkus::default());
    let request: ProxyRequest = serde_json::from_value(event).unwrap();
    let (answer, body) = accept.handle(&request.into(), None).await.into_parts();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let name = body["type"].as_str().unwrap_or_default();
    let name = name.trim_start_matches("urn:sluice:problem:").to_owned();
    let detail = body["detail"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), name, detail)
}

/// The event of a good order, with these headers beside the content type, and this body in place of it.
fn event(headers: &[(&str, Value)], body: Option<&str>) -> Value {
    let good = Order::sample().json().to_string();
    let mut event = json!({
        "httpMethod": "POST", "path": "/orders",
        "multiValueHeaders": {"Content-Type": ["application/json"]}, "body": body.unwrap_or(&good),
    });
    for (name, value) in headers {
        event["multiValueHeaders"][name] = value.clone();
    }
    event
}

/// P3.
#[tokio::test]
async fn a_key_that_would_be_lost_is_refused() {
    let publisher = MemoryPublisher::default();
    for name in [
        "X-Idempotency-Key",
        "Idempotency_Key",
        "Idempotence-Key",
        "Sps-Idempotency-Key",
        "X-Amz-Idempotency-Token",
        "IDEMPOTENCYKEY",
        "idempotent-key",
        "Idem-Potency-Key",
        "Indempotency-Key",
    ] {
        for right in [None, Some("k")] {
            let mut headers = vec![(name, json!(["same-1"]))];
            headers.extend(right.map(|key| ("Idempotency-Key", json!([key]))));
            let (status, problem, detail) = answer(&publisher, event(&headers, None)).await;
            assert_eq!(
                (status, &*problem),
                (400, "invalid-idempotency-key"),
                "{name}"
            );
            assert!(detail.contains(&name.to_lowercase()), "{detail}");
            assert!(detail.contains("in the header Idempotency-Key"), "{detail}");
        }
    }
    let mut query = event(&[], None);
    query["queryStringParameters"] = json!({"idempotencyKey": "same-1"});
    let (status, _, detail) = answer(&publisher, query).await;
    assert_eq!(status, 400);
    assert!(detail.contains("idempotencyKey"), "{detail}");
    for (value, said) in [
        (json!([""]), "must not be empty"),
        (json!(["a b"]), "not U+0020"),
        (json!(["é"]), "not U+00E9"),
        (json!(["k".repeat(256)]), "at most 255 characters"),
        (json!(["a", "a"]), "more than once"),
        (json!(["a\n"]), "is no text"),
    ] {
        let (status, _, detail) =
            answer(&publisher, event(&[("Idempotency-Key", value)], None)).await;
        assert_eq!(status, 400, "{said}");
        assert!(detail.contains(said), "{detail}");
    }
    assert!(publisher.published().is_empty());
    for name in ["Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY"] {
        let event = event(&[(name, json!(["k"]))], None);
        assert_eq!(answer(&publisher, event).await.0, 202, "{name}");
    }
    let [first, rest @ ..] = &publisher.published()[..] else {
        panic!("three messages")
    };
    assert!(rest.iter().all(|other| other.order_id == first.order_id));
}

#[tokio::test]
async fn what_the_body_is_instead_is_said() {
    let publisher = MemoryPublisher::default();
    let good = Order::sample().json().to_string();
    let content_type = |value: &str| ("Content-Type", json!([value]));
    for (event, status, said) in [
        (
            event(&[content_type("application/x-www-form-urlencoded")], None),
            415,
            "is application/x-www-form-urlencoded. Send the order as application/json",
        ),
        (event(&[content_type("")], None), 415, "has no Content-Type"),
        (
            event(&[content_type("application/json; charset=utf-16")], None),
            415,
            "The charset is utf-16.",
        ),
        (
            event(
                &[("Content-Type", json!(["application/json", "text/plain"]))],
                None,
            ),
            415,
            "more than once",
        ),
        (
            event(&[("Content-Type", json!([]))], None),
            415,
            "has no Content-Type",
        ),
        (
            event(&[("Content-Encoding", json!(["gzip"]))], None),
            415,
            "The Content-Encoding is gzip. Send the order uncompressed.",
        ),
        (event(&[], Some("")), 400, "The body is empty."),
        (event(&[], Some("customer_id=c&sku=a")), 400, "a form"),
        (
            event(&[], Some("{'customer_id':'c'}")),
            400,
            "JSON's quotation mark",
        ),
        (event(&[], Some(&good.replace("250", "NaN"))), 400, "no NaN"),
        (
            event(&[], Some(&format!("{good}\n{good}"))),
            400,
            "one order a request",
        ),
        (event(&[], Some("{\u{0}\"\u{0}")), 400, "UTF-16"),
        (
            event(&[], Some(&" ".repeat(256 * 1024 + 1))),
            413,
            "A request is at most 256 KiB",
        ),
        (
            json!({"httpMethod": "POST", "headers": {"content-type": "application/json"}, "body": {"customer_id": "c"}}),
            400,
            "body is no text",
        ),
        (
            json!({"headers": {"content-type": "application/json"}, "body": "{}", "isBase64Encoded": true}),
            400,
            "is base64, and it is not",
        ),
        (json!({"key1": "value1"}), 415, "not a request to the API"),
        (
            json!({"Records": [{"body": good}]}),
            415,
            "a batch of records",
        ),
        (Order::sample().json(), 415, "an order without a request"),
    ] {
        let (found, _, detail) = answer(&publisher, event.clone()).await;
        assert_eq!(found, status, "{said}: {detail}");
        assert!(detail.contains(said), "{said}: {detail}");
    }
    assert!(publisher.published().is_empty());
}

/// What can mean only one thing.
#[tokio::test]
async fn what_is_an_order_in_another_dress_is_taken() {
    let publisher = MemoryPublisher::default();
    let good = Order::sample().json().to_string();
    let key = ("Idempotency-Key", json!(["k"]));
    let of = |name, value: Value| event(&[key.clone(), (name, value)], None);
    let single = json!({"Content-Type": "application/json", "Idempotency-Key": "k"});
    let http_api = json!({
        "version": "2.0", "rawPath": "/orders", "rawQueryString": "", "headers": single, "body": good,
        "requestContext": {"http": {"method": "POST", "path": "/orders"}, "timeEpoch": 1_795_766_400_000_i64},
    });
    for event in [
        event(std::slice::from_ref(&key), None),
        event(
            std::slice::from_ref(&key),
            Some(&format!("\u{feff}{good}\r\n")),
        ),
        of(
            "Content-Type",
            json!(["Application/JSON;charset=\"UTF-8\""]),
        ),
        of("Content-Type", json!(["application/json ; charset=utf8"])),
        of("Content-Encoding", json!(["identity"])),
        json!({"headers": single, "body": good}),
        json!({"headers": single, "multiValueHeaders": null, "body": good}),
        json!({"headers": single, "multiValueHeaders": {}, "body": good}),
        http_api,
    ] {
        let (status, _, detail) = answer(&publisher, event.clone()).await;
        assert_eq!(status, 202, "{event}: {detail}");
    }
    let ids: Vec<_> = publisher
        .published()
        .iter()
        .map(|message| message.order_id)
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "all are one order");
}
