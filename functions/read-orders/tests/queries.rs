//! What a list's query may say, and what is said of one that breaks a rule.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use std::time::Duration;

use read_orders::ReadOrders;
use serde_json::{Value, json};
use sluice_api::ProxyRequest;
use sluice_order::{Order, testing::secrets};
use sluice_runtime::LiveSecrets;
use sluice_store::{MemoryStore, OrderStore, StoredOrder};

/// The status and the body of the answer to this event, from a store with one order: of `c+1`, accepted on 2026-11-27 at 08:00 UTC,
/// with a product that ends in a space.
async fn answer(event: Value) -> (u16, Value) {
    let store = MemoryStore::default();
    let order = Order::sample().customer("c+1").sku("cafe\u{301} ");
    let order = order.message(&secrets());
    let stored_at = order.accepted_at;
    store
        .put(&StoredOrder::new(order, stored_at))
        .await
        .unwrap();
    let request: ProxyRequest = serde_json::from_value(event).unwrap();
    let reader = ReadOrders::new(store, secrets());
    let (answer, body) = reader.handle(&request.into()).await.into_parts();
    (
        answer.status.as_u16(),
        serde_json::from_slice(&body).unwrap(),
    )
}

async fn of_query(query: &[(&str, &str)]) -> (u16, Value) {
    let query: serde_json::Map<_, _> = query
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!([value])))
        .collect();
    answer(
        json!({"httpMethod": "GET", "path": "/orders", "multiValueQueryStringParameters": query}),
    )
    .await
}

#[tokio::test]
async fn a_space_in_front_of_an_offset_is_a_plus() {
    for from in [
        "2026-11-27T09:00:00+01:00",
        "2026-11-27T09:00:00 01:00",
        "2026-11-27 09:00:00 01:00",
        "2026-11-27T09:00:00.000 01:00",
        "2026-11-27 09:00:00 +01:00",
        "2026-11-27T03:00:00 -05:00",
        "2026-11-27 08:00:00Z",
    ] {
        let (status, body) = of_query(&[("customer_id", "c+1"), ("from", from)]).await;
        assert_eq!(status, 200, "{from}: {body}");
        assert_eq!(body["orders"].as_array().unwrap().len(), 1, "{from}");
        let (_, body) = of_query(&[("customer_id", "c+1"), ("to", from)]).await;
        assert_eq!(body["orders"], json!([]), "{from}");
    }
}

#[tokio::test]
async fn a_product_is_found_however_it_is_written() {
    for sku in ["café", "cafe\u{301}", " cafe\u{301} ", "\u{feff}café"] {
        let (_, body) = of_query(&[("customer_id", "c+1"), ("sku", sku)]).await;
        assert_eq!(body["orders"].as_array().unwrap().len(), 1, "{sku:?}");
    }
    let (_, body) = of_query(&[("customer_id", "c+1"), ("sku", "CAFÉ")]).await;
    assert_eq!(body["orders"], json!([]));
}

#[tokio::test]
async fn a_refusal_names_the_rule_and_what_to_write() {
    for (name, value, said) in [
        ("customer_id", "", "must not be empty"),
        (
            "customer_id",
            "c 1",
            "not U+0020; in a query + means a space, so write + as %2B",
        ),
        ("customer_id", "ç", "not U+00E7"),
        ("customer_id", "c,limit=1", "write & between parameters"),
        (
            "customer_id",
            "c;from=2026-11-27T08:00:00Z",
            "write & between parameters",
        ),
        ("customer_id", "c?limit=1", "write & between parameters"),
        ("customer_id", "c&limit=1", "write & between parameters"),
        ("from", "2026-11-27T08:00:00", "the zone is missing"),
        (
            "from",
            "2026-11-27T08:00:00 0100",
            "hours, a colon and minutes",
        ),
        ("to", "2026-11-27T08:00Z", "the seconds are missing"),
        ("to", "2026-11-27", "the time and the zone are missing"),
        ("to", "1795766400", "it is a number"),
        ("sku", "", "must not be empty"),
        ("limit", "10.0", "must be an integer from 1 to 100"),
        ("limit", "10,order=asc", "write & between parameters"),
        ("order", "DESC", "must be asc or desc"),
        ("customerId", "c", "it is written customer_id"),
        ("amp;limit", "1", "not &amp;"),
        ("page", "1", "is not a known parameter"),
    ] {
        let mut query = vec![(name, value)];
        if name != "customer_id" {
            query.push(("customer_id", "c+1"));
        }
        let (status, body) = of_query(&query).await;
        assert_eq!(status, 400, "{name}={value}");
        assert_eq!(body["errors"].as_array().unwrap().len(), 1, "{body}");
        assert_eq!(body["errors"][0]["parameter"], name);
        let message = body["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(said), "{name}={value}: {message}");
    }
    let (status, body) = of_query(&[("customer_id", "a=b,c;d")]).await;
    assert_eq!(status, 200, "an id may hold all of these: {body}");
}

#[tokio::test]
async fn events_of_other_shapes_are_read_or_named() {
    let id = Order::sample()
        .customer("c+1")
        .sku("cafe\u{301} ")
        .message(&secrets())
        .order_id;
    let list = json!({"queryStringParameters": {"customer_id": "c+1", "limit": 5}});
    let http_api = json!({
        "version": "2.0", "rawPath": "/orders", "rawQueryString": "customer_id=c%2B1&from=2026-11-27T09:00:00+01:00",
        "queryStringParameters": {"customer_id": "c+1", "from": "2026-11-27T09:00:00 01:00"},
        "requestContext": {"http": {"method": "GET", "path": "/orders"}},
    });
    for event in [list, http_api] {
        let (status, body) = answer(event).await;
        assert_eq!(
            (status, body["orders"].as_array().map(Vec::len)),
            (200, Some(1)),
            "{body}"
        );
    }
    for event in [
        json!({"path": format!("/orders/{id}")}),
        json!({"pathParameters": {"id": id}}),
        json!({"version": "2.0", "rawPath": format!("/v1/orders/{id}"), "rawQueryString": ""}),
    ] {
        let (status, body) = answer(event).await;
        assert_eq!(
            (status, &body["status"]),
            (200, &json!("IN_FULFILLMENT")),
            "{body}"
        );
    }
    let (status, body) = answer(json!({"key1": "value1"})).await;
    assert_eq!(status, 400);
    assert!(
        body["detail"]
            .as_str()
            .unwrap()
            .contains("not a request to the API")
    );
    let (status, body) = answer(json!({"pathParameters": {"id": "order-7"}})).await;
    assert_eq!(status, 404);
    assert!(
        body["detail"]
            .as_str()
            .unwrap()
            .contains("not an order id: `ord_`")
    );
}

/// The address comes back as it was sent.
#[tokio::test]
async fn an_order_shows_where_it_goes() {
    let store = MemoryStore::default();
    let address =
        json!({"city": "London", "country": "GB", "line1": "1 High Street", "name": "A. Shopper"});
    let with = Order::sample()
        .with("ship_to", address.clone())
        .message(&secrets());
    let without = Order::sample().key("other").message(&secrets());
    let reader = ReadOrders::new(&store, secrets());
    for (message, expected) in [(with, Some(address)), (without, None)] {
        let id = message.order_id;
        let at = message.accepted_at;
        store.put(&StoredOrder::new(message, at)).await.unwrap();
        let event = json!({"pathParameters": {"id": id}});
        let request: ProxyRequest = serde_json::from_value(event).unwrap();
        let (_, body) = reader.handle(&request.into()).await.into_parts();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body.get("ship_to"), expected.as_ref());
    }
}

/// A genuine id is not called made up because the secrets are out of reach; and a made-up one costs no read of storage.
#[tokio::test]
async fn without_the_secrets_nothing_is_found_or_denied() {
    let unread = || {
        LiveSecrets::read_by(Duration::from_mins(5), || {
            Box::pin(async { Err("timed out".to_owned()) })
        })
    };
    let id = Order::sample().message(&secrets()).order_id.to_string();
    for event in [
        json!({"httpMethod": "GET", "path": format!("/orders/{id}"), "pathParameters": {"id": id}}),
        json!({"httpMethod": "GET", "path": "/orders", "queryStringParameters": {"customer_id": "c+1"}}),
    ] {
        let request: ProxyRequest = serde_json::from_value(event).unwrap();
        let reader = ReadOrders::new(MemoryStore::default(), unread());
        let (answer, body) = reader.handle(&request.into()).await.into_parts();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(answer.status, 503);
        assert_eq!(body["type"], "urn:sluice:problem:storage-unavailable");
    }
}
