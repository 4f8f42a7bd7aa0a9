//! What the service writes to the table is what the checker reads from it, through a real `DynamoDB` API.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    types::{
        AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
        ScalarAttributeType,
    },
};
use serde_json::json;
use sluice::replay::{record::Record, storage::scan};
use sluice_order::{ContentHash, Order, OrderKey, RejectReason, Secrets, Timestamp};
use sluice_runtime::Https;
use sluice_store::{DynamoStore, OrderStore, Rejection, StoredOrder};

const TABLE: &str = "orders";

async fn table() -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let db = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_on(listener, db));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .http_client(Https::new())
        .build();
    let client = Client::from_conf(config);
    let mut request = client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest);
    for (name, kind) in [("order_key", KeyType::Hash), ("record", KeyType::Range)] {
        let key = KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind);
        let attribute = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S);
        request = request
            .key_schema(key.build().unwrap())
            .attribute_definitions(attribute.build().unwrap());
    }
    request.send().await.unwrap();
    client
}

/// An order of about 100 kB, so that a few of them fill a page of a scan (1 MB).
fn order(key: u8) -> StoredOrder {
    let line = json!({"sku": "85123A", "description": "x".repeat(512), "quantity": 3, "unit_price": 9_007_199_254u64});
    let order = Order::from_json(json!({
        "customer_id": "17850", "currency": "GBP", "lines": vec![line; 170],
        "ship_to": {"name": "Zoë ", "country": "GB"},
    }))
    .unwrap();
    let content = ContentHash::of(&order);
    let secrets = Secrets::from_json(r#"{"1":"11111111111111111111111111111111"}"#).unwrap();
    StoredOrder {
        order_id: secrets.seal(OrderKey::from([key; 12]), &content),
        accepted_at: Timestamp::from_millis(1_795_000_000_000),
        stored_at: Timestamp::from_millis(1_795_000_000_040),
        content,
        traceparent: None,
        order,
    }
}

#[tokio::test]
async fn every_page_is_read_and_every_record_understood() {
    let client = table().await;
    let store = DynamoStore::new(client.clone(), TABLE);
    for key in 1..=25 {
        store.put(&order(key)).await.unwrap();
    }
    let rejected = order(26);
    store
        .reject(&Rejection {
            order_id: rejected.order_id,
            reason: RejectReason::KeyReused,
            rejected_at: rejected.stored_at,
            content: None,
        })
        .await
        .unwrap();
    // Not ours: it says nothing about an order.
    client
        .put_item()
        .table_name(TABLE)
        .item("order_key", AttributeValue::S("x".into()))
        .item("record", AttributeValue::S("note".into()))
        .send()
        .await
        .unwrap();

    let mut records = Vec::new();
    let items = scan(&client, TABLE, |record| records.push(record.clone()))
        .await
        .unwrap();
    assert_eq!((items, records.len()), (27, 26));
    let mut keys = Vec::new();
    for record in records {
        match record {
            Record::Order(record) => {
                let key = record.key.unwrap();
                let stored = order(key.as_bytes()[0]);
                let content = record.content.unwrap();
                assert_eq!(record.customer_id.as_deref(), Some("17850"));
                assert_eq!(content.order, stored.order);
                assert_eq!(content.content_hash, stored.content);
                assert_eq!(content.order_id, stored.order_id);
                assert_eq!(content.total, stored.order.total());
                assert_eq!(content.accepted_at, stored.accepted_at);
                assert_eq!(content.stored_at, stored.stored_at);
                assert_eq!(content.status, "IN_FULFILLMENT");
                keys.push(key);
            }
            Record::Rejection { order_id, reason } => {
                assert_eq!(order_id, Some(rejected.order_id));
                assert_eq!(reason, "KEY_REUSED");
            }
        }
    }
    keys.sort_unstable();
    assert_eq!(
        keys,
        (1..=25)
            .map(|key| OrderKey::from([key; 12]))
            .collect::<Vec<_>>()
    );
}
