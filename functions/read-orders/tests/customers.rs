//! Each customer with a token sees his own orders and no others (P9).
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use proptest::prelude::*;
use read_orders::ReadOrders;
use serde_json::{Value, json};
use sluice_api::ProxyRequest;
use sluice_order::{Order, OrderId, RejectReason, Timestamp, testing::secrets};
use sluice_store::{MemoryStore, OrderStore, Rejection, StoredOrder};

/// The time of every order and call, in seconds since 1970.
const NOW: i64 = 1_795_766_400;

/// An event as API Gateway makes it of a call with this customer's token, which ends in a minute; without one, of a backend's call.
fn event(caller: Option<&str>, path: &str) -> Value {
    let mut event = json!({"httpMethod": "GET", "path": path, "requestContext": {}});
    if let Some(customer) = caller {
        event["stageVariables"] = json!({"callers": "customers", "origin": ""});
        event["requestContext"]["authorizer"] =
            json!({"customer": customer, "expires": (NOW + 60).to_string(), "principalId": "x"});
    }
    event
}

/// Status, headers and body of the answer.
async fn answer(store: &MemoryStore, event: Value) -> (u16, lambda_http::http::HeaderMap, Value) {
    let reader = ReadOrders::with_clock(store, Timestamp::from_millis(NOW * 1_000), secrets());
    let event: ProxyRequest = serde_json::from_value(event).unwrap();
    let (answer, body) = reader.handle(&event.into()).await.into_parts();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    (answer.status.as_u16(), answer.headers, body)
}

/// What became of an order.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Fate {
    Waits,
    Stored,
    Rejected,
    /// Rejected, and nothing is known of its content.
    Unreadable,
}

/// An order of a customer, whose id is of the first version or not.
#[derive(Clone, Debug)]
struct Case {
    customer: u8,
    fate: Fate,
    is_old: bool,
}

fn cases() -> impl Strategy<Value = Vec<Case>> {
    let fate = prop_oneof![
        Just(Fate::Waits),
        Just(Fate::Stored),
        Just(Fate::Rejected),
        Just(Fate::Unreadable)
    ];
    let case = (0u8..3, fate, any::<bool>()).prop_map(|(customer, fate, is_old)| Case {
        customer,
        fate,
        is_old,
    });
    prop::collection::vec(case, 1..8)
}

fn name(customer: u8) -> String {
    format!("c-{customer}")
}

/// Puts the orders where their fate says, and returns their ids.
async fn fill(store: &MemoryStore, cases: &[Case]) -> Vec<OrderId> {
    let at = Timestamp::from_millis(NOW * 1_000);
    let mut ids = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let sample = Order::sample()
            .customer(&name(case.customer))
            .key(&format!("k-{number}"));
        let mut accepted = sample.message(&secrets());
        if case.is_old {
            accepted.order_id = secrets().seal_first_version(sample.order_key(), &accepted.content);
        }
        ids.push(accepted.order_id);
        let content = (at, accepted.content, accepted.order.clone());
        match case.fate {
            Fate::Waits => {}
            Fate::Stored => drop(store.put(&StoredOrder::new(accepted, at)).await.unwrap()),
            Fate::Rejected | Fate::Unreadable => {
                let rejection = Rejection {
                    order_id: accepted.order_id,
                    reason: RejectReason::Panic,
                    rejected_at: at,
                    content: Some(content).filter(|_| case.fate == Fate::Rejected),
                };
                store.record(&rejection).await.unwrap();
            }
        }
    }
    ids
}

proptest! {
    /// P9.
    #[test]
    fn nobody_sees_another_s_orders(cases in cases(), caller in 0u8..3) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = MemoryStore::default();
            let ids = fill(&store, &cases).await;
            let caller = name(caller);
            let (_, _, nothing) = answer(&store, event(Some(&caller), "/orders/ord_x")).await;
            for (case, id) in cases.iter().zip(&ids) {
                let path = format!("/orders/{id}");
                let (status, _, body) = answer(&store, event(Some(&caller), &path)).await;
                let is_own = name(case.customer) == caller;
                // An old id does not say whose it is, so only what is stored can.
                let is_known = !case.is_old || matches!(case.fate, Fate::Stored | Fate::Rejected);
                let expected = if is_own && is_known { 200 } else { 404 };
                assert_eq!(status, expected, "{case:?} asked for by {caller}: {body}");
                if expected == 404 {
                    assert_eq!(body["type"], nothing["type"]);
                    assert_eq!(body["detail"], "No order has this id.");
                } else {
                    assert!(body["customer_id"].is_null() || body["customer_id"] == caller);
                }
                // Nothing changes for a backend.
                let (status, _, body) = answer(&store, event(None, &path)).await;
                assert_eq!(status, 200, "{case:?}: {body}");
            }
            let (status, _, body) = answer(&store, event(Some(&caller), "/orders")).await;
            assert_eq!(status, 200, "{body}");
            let mut own: Vec<String> = cases
                .iter()
                .zip(&ids)
                .filter(|(case, _)| case.fate == Fate::Stored && name(case.customer) == caller)
                .map(|(_, id)| id.to_string())
                .collect();
            let listed = body["orders"].as_array().unwrap().iter();
            let mut listed: Vec<String> =
                listed.map(|order| order["order_id"].as_str().unwrap().to_owned()).collect();
            own.sort();
            listed.sort();
            assert_eq!(listed, own);
        });
    }
}

#[tokio::test]
async fn a_list_is_the_caller_s_own() {
    let store = MemoryStore::default();
    fill(
        &store,
        &[Case {
            customer: 1,
            fate: Fate::Stored,
            is_old: false,
        }],
    )
    .await;
    for (query, expected) in [
        (json!({}), 200),
        (json!({"customer_id": ["c-1"]}), 200),
        (json!({"customer_id": ["c-2"]}), 403),
        (json!({"customer_id": ["c-1", "c-2"]}), 400),
        (json!({"customer_id": [""]}), 400),
        (json!({"customerId": ["c-2"]}), 400),
    ] {
        let mut event = event(Some("c-1"), "/orders");
        event["multiValueQueryStringParameters"] = query.clone();
        let (status, _, body) = answer(&store, event).await;
        assert_eq!(status, expected, "{query}: {body}");
    }
    // The place where a page ended is of no use to another customer.
    let (_, _, own) = answer(&store, {
        let mut event = event(Some("c-1"), "/orders");
        event["queryStringParameters"] = json!({"limit": "1"});
        event
    })
    .await;
    assert!(own["next_cursor"].is_null());
}

/// P9. Who calls is what API Gateway says, and nothing that a client can write.
#[tokio::test]
async fn nobody_says_himself_who_he_is() {
    let store = MemoryStore::default();
    let case = Case {
        customer: 1,
        fate: Fate::Stored,
        is_old: false,
    };
    let id = fill(&store, &[case]).await[0];
    let path = format!("/orders/{id}");
    let forged = json!({
        "customer": ["c-1"], "x-customer": ["c-1"], "authorizer": ["{\"customer\": \"c-1\"}"],
        "requestContext": ["{\"authorizer\": {\"customer\": \"c-1\"}}"],
    });
    for place in ["multiValueHeaders", "multiValueQueryStringParameters"] {
        let mut event = event(Some("c-2"), &path);
        event[place] = forged.clone();
        assert_eq!(answer(&store, event).await.0, 404, "{place}");
    }
    // What the template must set and does not is never taken for a backend.
    let changes: [(&str, Value, u16); 9] = [
        ("/requestContext/authorizer", Value::Null, 403),
        ("/requestContext/authorizer", json!({}), 403),
        ("/requestContext/authorizer/customer", Value::Null, 403),
        ("/requestContext/authorizer/customer", json!("c 1"), 403),
        (
            "/requestContext/authorizer/customer",
            json!(["c-1", "c-2"]),
            403,
        ),
        ("/requestContext/authorizer/expires", Value::Null, 403),
        ("/requestContext/authorizer/expires", json!("never"), 403),
        ("/stageVariables/callers", json!("backends"), 403),
        ("/stageVariables", Value::Null, 403),
    ];
    for (pointer, value, expected) in changes {
        let mut event = event(Some("c-1"), &path);
        *event.pointer_mut(pointer).unwrap() = value.clone();
        let (status, _, body) = answer(&store, event).await;
        assert_eq!(status, expected, "{pointer} {value}: {body}");
    }
}

/// API Gateway keeps the authorizer's answer for minutes, and the token may end before.
#[tokio::test]
async fn a_token_that_has_ended_is_none() {
    let store = MemoryStore::default();
    for (expires, expected) in [(NOW + 1, 200), (NOW, 401), (NOW - 300, 401), (0, 401)] {
        let mut event = event(Some("c-1"), "/orders");
        event["requestContext"]["authorizer"]["expires"] = json!(expires.to_string());
        let (status, _, body) = answer(&store, event).await;
        assert_eq!(status, expected, "{expires}: {body}");
    }
}

#[tokio::test]
async fn a_browser_that_asks_again_is_told_that_nothing_changed() {
    let store = MemoryStore::default();
    let cases = [Fate::Waits, Fate::Stored].map(|fate| Case {
        customer: 1,
        fate,
        is_old: false,
    });
    let ids = fill(&store, &cases).await;
    let mut tags = Vec::new();
    for id in &ids {
        let path = format!("/orders/{id}");
        let (status, headers, _) = answer(&store, event(Some("c-1"), &path)).await;
        assert_eq!(
            (status, &headers["cache-control"]),
            (200, &"private, no-cache".parse().unwrap())
        );
        let tag = headers["etag"].to_str().unwrap().to_owned();
        for (sent, expected) in [
            (tag.clone(), 304),
            (format!("W/{tag}"), 304),
            (format!("\"x\", {tag}"), 304),
            ("*".to_owned(), 304),
            ("\"x\"".to_owned(), 200),
            (tag.replace('"', ""), 200),
        ] {
            let mut event = event(Some("c-1"), &path);
            event["multiValueHeaders"] = json!({"If-None-Match": [sent]});
            let (status, again, body) = answer(&store, event).await;
            assert_eq!(
                (status, &again["etag"]),
                (expected, &headers["etag"]),
                "{sent}"
            );
            assert_eq!(body.is_null(), expected == 304);
        }
        tags.push(tag);
        // A program keeps nothing.
        let (_, headers, _) = answer(&store, event(None, &path)).await;
        assert!(headers["cache-control"] == "no-store" && !headers.contains_key("etag"));
    }
    assert_ne!(tags[0], tags[1]);
}

#[tokio::test]
async fn pages_of_the_shop_s_origin_may_read_the_answers() {
    let store = MemoryStore::default();
    let mut event = event(Some("c-1"), "/orders/ord_x");
    let (_, headers, _) = answer(&store, event.clone()).await;
    assert!(!headers.contains_key("access-control-allow-origin"));
    event["stageVariables"]["origin"] = json!("https://shop.example");
    let (status, headers, _) = answer(&store, event).await;
    assert_eq!(
        (status, &headers["access-control-allow-origin"]),
        (404, &"https://shop.example".parse().unwrap())
    );
    assert_eq!(headers["vary"], "Origin");
}
