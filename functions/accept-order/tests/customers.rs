//! A customer with a token orders for himself, at the shop's prices (P9).
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use accept_order::{AcceptOrder, MemoryPublisher};
use serde_json::{Value, json};
use sluice_api::ProxyRequest;
use sluice_order::{
    HotSkus, OrderAccepted, Timestamp,
    testing::{offer, secrets},
};
use sluice_runtime::LiveSecrets;

/// The time of every call, in seconds since 1970.
const NOW: i64 = 1_795_766_400;

fn lamp() -> String {
    offer(&json!({"sku": "lamp", "unit_price": 1_999, "currency": "GBP", "exp": NOW + 60}))
}

/// An order of two lamps, posted with the token of `c-1`, which ends in a minute.
fn event() -> Value {
    json!({
        "httpMethod": "POST",
        "path": "/orders",
        "headers": {"content-type": "application/json", "idempotency-key": "k"},
        "stageVariables": {"callers": "customers"},
        "requestContext": {"authorizer": {"customer": "c-1", "expires": (NOW + 60).to_string()}},
        "body": {"lines": [{"offer": lamp(), "quantity": 2}]},
    })
}

/// Status and body of the answer.
async fn post(publisher: &MemoryPublisher, mut event: Value) -> (u16, Value) {
    event["body"] = event["body"].to_string().into();
    let offers: LiveSecrets = secrets().into();
    let now = Timestamp::from_millis(NOW * 1_000);
    let accept = AcceptOrder::new(publisher, now, secrets(), HotSkus::default());
    let accept = accept.with_offers(Some(offers));
    let event: ProxyRequest = serde_json::from_value(event).unwrap();
    let (answer, body) = accept.handle(&event.into(), None).await.into_parts();
    (
        answer.status.as_u16(),
        serde_json::from_slice(&body).unwrap(),
    )
}

/// P9.
#[tokio::test]
async fn the_order_is_the_caller_s_and_the_price_the_shop_s() {
    let publisher = MemoryPublisher::default();
    let (status, answer) = post(&publisher, event()).await;
    assert_eq!((status, &answer["total"]), (202, &json!(3_998)), "{answer}");
    // A repeat is the same order, though the page had a new offer by then.
    let mut again = event();
    again["body"]["lines"][0]["offer"] =
        offer(&json!({"sku": "lamp", "unit_price": 1_999, "currency": "GBP", "exp": NOW + 90}))
            .into();
    let (_, second) = post(&publisher, again).await;
    assert_eq!(second["order_id"], answer["order_id"]);
    let message = &publisher.published()[0].body;
    let accepted = OrderAccepted::from_body(message, &secrets()).unwrap();
    assert_eq!(
        serde_json::to_value(&accepted.order).unwrap(),
        json!({
            "customer_id": "c-1",
            "currency": "GBP",
            "lines": [{"sku": "lamp", "quantity": 2, "unit_price": 1_999}],
        })
    );
    // The same key of another customer is another order.
    let mut other = event();
    other["requestContext"]["authorizer"]["customer"] = json!("c-2");
    assert_ne!(
        post(&publisher, other).await.1["order_id"],
        answer["order_id"]
    );
}

/// P9, and P1: nothing is published.
#[tokio::test]
async fn nobody_orders_for_another_or_at_another_price() {
    let ended = offer(&json!({"sku": "lamp", "unit_price": 1, "currency": "GBP", "exp": NOW}));
    let changes: [(&str, Value, u16, &str); 15] = [
        ("/body/customer_id", json!("c-2"), 403, "not-your-orders"),
        ("/body/currency", json!("EUR"), 422, "/currency"),
        ("/body/lines/0/offer", Value::Null, 422, "/lines/0/offer"),
        ("/body/lines/0/offer", json!(ended), 422, "/lines/0/offer"),
        ("/body/lines/0/offer", json!("x"), 422, "/lines/0/offer"),
        (
            "/body/lines/0/unit_price",
            json!(0),
            422,
            "/lines/0/unit_price",
        ),
        ("/body/lines/0/sku", json!("sofa"), 422, "/lines/0/sku"),
        (
            "/headers/idempotency-key",
            Value::Null,
            400,
            "invalid-idempotency-key",
        ),
        (
            "/requestContext/authorizer",
            Value::Null,
            403,
            "not-your-orders",
        ),
        (
            "/requestContext/authorizer/customer",
            json!("c 1"),
            403,
            "not-your-orders",
        ),
        (
            "/requestContext/authorizer/expires",
            json!((NOW).to_string()),
            401,
            "token-expired",
        ),
        (
            "/requestContext/authorizer/expires",
            Value::Null,
            403,
            "not-your-orders",
        ),
        ("/stageVariables", Value::Null, 403, "not-your-orders"),
        (
            "/stageVariables/callers",
            json!("all"),
            403,
            "not-your-orders",
        ),
        // The reserved customer is nobody's, whatever the issuer says.
        (
            "/requestContext/authorizer/customer",
            json!("sluice-smoke"),
            422,
            "/customer_id",
        ),
    ];
    for (pointer, value, expected, named) in changes {
        let publisher = MemoryPublisher::default();
        let mut event = event();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        let parent = event.pointer_mut(parent).unwrap();
        if value.is_null() && member != "offer" {
            parent.as_object_mut().unwrap().remove(member);
        } else {
            parent[member] = value;
        }
        let (status, answer) = post(&publisher, event).await;
        assert_eq!(status, expected, "{pointer}: {answer}");
        assert!(answer.to_string().contains(named), "{pointer}: {answer}");
        assert!(publisher.published().is_empty(), "{pointer}");
    }
}

/// Without the variable nobody checks an offer, so no customer orders.
#[tokio::test]
async fn without_the_shop_s_secret_no_customer_orders() {
    let publisher = MemoryPublisher::default();
    let now = Timestamp::from_millis(NOW * 1_000);
    let accept = AcceptOrder::new(&publisher, now, secrets(), HotSkus::default());
    let mut event = event();
    event["body"] = event["body"].to_string().into();
    let event: ProxyRequest = serde_json::from_value(event).unwrap();
    let answer = accept.handle(&event.into(), None).await;
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    assert!(publisher.published().is_empty());
}
