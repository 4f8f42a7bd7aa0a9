//! What the service writes to storage is what the checker reads from it: through a real `DynamoDB` API, and on a real PostgreSQL.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what goes wrong here fails the test"
)]

use aws_sdk_dynamodb::types::AttributeValue;
use mysql_async::prelude::Queryable;
use serde_json::json;
use sluice::commands::replay::{
    record::Record,
    storage::{scan, scan_database},
};
use sluice_mysql::MysqlStore;
use sluice_order::{ContentHash, Order, OrderKey, RejectReason, Timestamp, testing::secrets};
use sluice_postgres::{Engine, PostgresStore, Settings, Tls, migrate};
use sluice_rds::Listed;
use sluice_store::{DynamoStore, OrderStore, Rejection, StoredOrder};
use sluice_testing::{
    dynamodb::{self, TABLE},
    mysql::Mysql,
    postgres::Postgres,
};

/// An order of about 100 kB, so that a few of them fill a page of a scan (1 MB).
fn order(key: u8) -> StoredOrder {
    let order = Order::sample()
        .skus(&["85123A"; 170])
        .with_in_lines("description", "x".repeat(512))
        .with_in_lines("unit_price", 9_007_199_254_u64)
        .with("ship_to", json!({"name": "Zoë ", "country": "GB"}))
        .order();
    let content = ContentHash::of(&order);
    StoredOrder {
        order_id: secrets().seal(OrderKey::from([key; 12]), &content, order.customer_id()),
        accepted_at: Timestamp::from_millis(1_795_000_000_000),
        stored_at: Timestamp::from_millis(1_795_000_000_040),
        content,
        traceparent: None,
        order,
    }
}

/// Writes 25 orders, and a rejection of a 26th.
async fn fill(store: &impl OrderStore) {
    for key in 1..=25 {
        store.put(&order(key)).await.unwrap();
    }
    let rejected = order(26);
    let rejection = Rejection {
        order_id: rejected.order_id,
        reason: RejectReason::KeyReused,
        rejected_at: rejected.stored_at,
        content: None,
    };
    store.reject(&rejection).await.unwrap();
}

/// Sees that these are the records of [`fill`].
fn check(records: Vec<Record>) {
    assert_eq!(records.len(), 26);
    let mut keys = Vec::new();
    for record in records {
        match record {
            Record::Order(record) => {
                let key = record.key.unwrap();
                let stored = order(key.as_bytes()[0]);
                let content = record.content.unwrap();
                assert_eq!(record.customer_id.as_deref(), Some("c-1"));
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
                assert_eq!(order_id, Some(order(26).order_id));
                assert_eq!(reason, "KEY_REUSED");
            }
            other @ Record::Listed(_) => panic!("{other:?}"),
        }
    }
    keys.sort_unstable();
    let all = (1..=25).map(|key| OrderKey::from([key; 12]));
    assert_eq!(keys, all.collect::<Vec<_>>());
}

#[tokio::test]
async fn every_page_is_read_and_every_record_understood() {
    let client = dynamodb::client().await;
    fill(&DynamoStore::new(client.clone(), TABLE)).await;
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
    assert_eq!(items, 27);
    check(records);
}

#[tokio::test]
async fn every_row_of_mysql_is_read_and_understood() {
    let Some(server) = Mysql::start(&[]) else {
        return;
    };
    let settings = Settings {
        port: server.port(),
        ..Settings::new(
            Engine::Mysql,
            "127.0.0.1",
            "mysql",
            "root",
            Tls::LoopbackOnly,
        )
    };
    let mut client = MysqlStore::client(settings.clone()).await.unwrap();
    client.query_drop("CREATE DATABASE sluice").await.unwrap();
    let settings = Settings {
        database: "sluice".to_owned(),
        ..settings
    };
    let mut client = MysqlStore::client(settings.clone()).await.unwrap();
    sluice_mysql::migrate(&mut client).await.unwrap();
    fill(&MysqlStore::new(settings.clone()).unwrap()).await;
    let mut records = Vec::new();
    let rows = scan_database(settings, |record| records.push(record.clone()))
        .await
        .unwrap();
    assert_eq!(rows, 26);
    let mut listed = Vec::new();
    while let page @ [_, ..] = &*sluice_mysql::hashes(&mut client, behind(&listed), 10)
        .await
        .unwrap()
    {
        listed.extend_from_slice(page);
    }
    assert_eq!(listed, as_listed(&records));
    let count = sluice_mysql::count(&mut client).await.unwrap();
    assert_eq!(count, listed.len() as u64);
    check(records);
}

#[tokio::test]
async fn every_row_is_read_and_understood() {
    let Some(server) = Postgres::start(&[]) else {
        return;
    };
    let settings = Settings {
        port: server.port(),
        ..Settings::new(
            Engine::Postgres,
            "127.0.0.1",
            "postgres",
            "postgres",
            Tls::LoopbackOnly,
        )
    };
    let client = PostgresStore::client(settings.clone()).await.unwrap();
    migrate(&client).await.unwrap();
    fill(&PostgresStore::new(settings.clone()).unwrap()).await;
    let mut records = Vec::new();
    let rows = scan_database(settings, |record| records.push(record.clone()))
        .await
        .unwrap();
    assert_eq!(rows, 26);
    let mut listed = Vec::new();
    while let page @ [_, ..] = &*sluice_postgres::hashes(&client, behind(&listed), 10)
        .await
        .unwrap()
    {
        listed.extend_from_slice(page);
    }
    assert_eq!(listed, as_listed(&records));
    let count = sluice_postgres::count(&client).await.unwrap();
    assert_eq!(count, listed.len() as u64);
    check(records);
}

/// The last key that was seen.
fn behind(listed: &[Listed]) -> &str {
    listed.last().map_or("", |last| &last.order_key)
}

/// The orders as the stack's function tells of them.
fn as_listed(records: &[Record]) -> Vec<Listed> {
    let orders = records.iter().filter_map(|record| match record {
        Record::Order(order) => Some(order),
        _ => None,
    });
    let mut listed: Vec<_> = orders
        .map(|order| {
            let content = order.content.as_ref().unwrap();
            Listed {
                order_key: order.key.unwrap().to_string(),
                content_hash: content.content_hash.to_string(),
                accepted_at: content.accepted_at.as_millis(),
                stored_at: content.stored_at.as_millis(),
            }
        })
        .collect();
    listed.sort_by(|a, b| a.order_key.cmp(&b.order_key));
    listed
}
