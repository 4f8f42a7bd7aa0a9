//! What a smoke test hears of its order, and what everybody else does.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use read_orders::ReadOrders;
use serde_json::{Value, json};
use sluice_api::ProxyRequest;
use sluice_order::{Lane, Order, OrderAccepted, OrderKey, RejectReason, smoke, testing::secrets};
use sluice_store::{MemoryStore, OrderStore, Rejection, StoredOrder};

async fn get(reader: &ReadOrders<&MemoryStore>, mut event: Value, is_smoke: bool) -> Value {
    event["httpMethod"] = json!("GET");
    event["smoke"] = json!(is_smoke);
    let event: ProxyRequest = serde_json::from_value(event).unwrap();
    let (answer, body) = reader.handle(&event.into()).await.into_parts();
    assert_eq!(answer.status, 200);
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn only_a_smoke_test_sees_its_order() {
    let store = MemoryStore::default();
    let reader = ReadOrders::new(&store, secrets());
    let accepted_at = sluice_order::Timestamp::from_millis(1_795_766_400_123);
    let order = Order::smoke_from_json(smoke::body(Lane::Hot)).unwrap();
    let key = OrderKey::from([7; 12]);
    let accepted = OrderAccepted::new(order, key, accepted_at, None, &secrets());
    let id = accepted.order_id.to_string();
    let one = json!({"path": format!("/orders/{id}"), "pathParameters": {"id": id}});
    assert_eq!(get(&reader, one.clone(), true).await["status"], "ACCEPTED");
    store
        .put(&StoredOrder::new(accepted, accepted_at))
        .await
        .unwrap();
    assert_eq!(get(&reader, one.clone(), true).await["status"], "SMOKE");
    assert_eq!(get(&reader, one, false).await["status"], "ACCEPTED");
    let list =
        json!({"path": "/orders", "queryStringParameters": {"customer_id": smoke::CUSTOMER}});
    for is_smoke in [true, false] {
        assert_eq!(
            get(&reader, list.clone(), is_smoke).await["orders"],
            json!([])
        );
    }
    let order = Order::sample().message(&secrets());
    let id = order.order_id.to_string();
    store
        .put(&StoredOrder::new(order, accepted_at))
        .await
        .unwrap();
    let one = json!({"path": format!("/orders/{id}"), "pathParameters": {"id": id}});
    assert_eq!(get(&reader, one, false).await["status"], "IN_FULFILLMENT");
}

#[tokio::test]
async fn a_smoke_test_hears_that_its_order_is_rejected() {
    let store = MemoryStore::default();
    let order = Order::sample().message(&secrets());
    let order_id = order.order_id;
    let rejection = Rejection {
        order_id,
        reason: RejectReason::Panic,
        rejected_at: order.accepted_at,
        content: None,
    };
    store.record(&rejection).await.unwrap();
    let one = json!({"path": format!("/orders/{order_id}"), "pathParameters": {"id": order_id}});
    let heard = get(&ReadOrders::new(&store, secrets()), one, true).await;
    assert_eq!(
        (&heard["status"], &heard["reason"]),
        (&json!("REJECTED"), &json!("PANIC"))
    );
}
