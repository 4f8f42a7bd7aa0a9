//! A `DynamoDB` in this process.

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
        Projection, ProjectionType, ScalarAttributeType,
    },
};
use sluice_runtime::Https;
use sluice_store::BY_CUSTOMER;

/// The name of its one table.
pub const TABLE: &str = "orders";

/// A client of it. Its table has the keys and the index of the template's.
pub async fn client() -> Client {
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
    create_table(&client).await;
    client
}

async fn create_table(client: &Client) {
    let key = |name, kind| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    let mut index = Projection::builder().projection_type(ProjectionType::Include);
    for name in [
        "order_id",
        "accepted_at",
        "stored_at",
        "total",
        "currency",
        "order_status",
        "skus",
    ] {
        index = index.non_key_attributes(name);
    }
    let mut table = client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("order_key", KeyType::Hash))
        .key_schema(key("record", KeyType::Range))
        .global_secondary_indexes(
            GlobalSecondaryIndex::builder()
                .index_name(BY_CUSTOMER)
                .key_schema(key("customer_id", KeyType::Hash))
                .key_schema(key("accepted_key", KeyType::Range))
                .projection(index.build())
                .build()
                .unwrap(),
        );
    for name in ["order_key", "record", "customer_id", "accepted_key"] {
        table = table.attribute_definitions(
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .unwrap(),
        );
    }
    table.send().await.unwrap();
}
