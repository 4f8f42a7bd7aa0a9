//! What the functions are invoked with.

use anyhow::{Result, anyhow};
use serde_json::{Value, json};
use sluice_order::{Order, OrderAccepted, OrderKey, Secrets, Timestamp};

use crate::way::Way;

/// The secrets that the functions are started with.
pub(crate) const SECRETS: &str = r#"{"1":"only-for-measuring-and-nothing-else"}"#;

/// Orders in a batch.
pub(crate) const BATCH: u64 = 10;

fn order() -> Value {
    json!({
        "customer_id": "17850",
        "currency": "GBP",
        "lines": (0..3).map(|n| json!({
            "sku": format!("85123{n}"),
            "description": "WHITE HANGING HEART T-LIGHT HOLDER",
            "quantity": 6,
            "unit_price": 255,
        })).collect::<Vec<_>>(),
        "ship_to": {"country": "GB"},
    })
}

/// A request to accept an order.
pub(crate) fn request() -> String {
    json!({
        "path": "/orders",
        "httpMethod": "POST",
        "multiValueHeaders": {
            "Content-Type": ["application/json"],
            "Idempotency-Key": ["0d1f9f6c-9b0c-4d2a-8d5e-6b1f7c2a3e4d"],
        },
        "requestContext": {"requestId": "5f2c1c7e-8f0e-4a51-9a43-0d4ad1b1e6a4", "requestTimeEpoch": 1_795_766_400_000_i64},
        "body": order().to_string(),
        "isBase64Encoded": false,
    })
    .to_string()
}

/// A batch from the queue, each order of a trace of its own.
pub(crate) fn batch(way: Way) -> Result<String> {
    let secrets = Secrets::from_json(SECRETS)?;
    let records: Vec<_> = (0..BATCH)
        .map(|n| {
            let order = Order::from_json(order()).map_err(|errors| anyhow!("{errors:?}"))?;
            let now = Timestamp::from_millis(1_795_766_400_000);
            let accepted = OrderAccepted::new(order, OrderKey::random()?, now, None, &secrets);
            Ok(json!({
                "messageId": format!("059f36b4-87a3-44ab-83d2-{n:012}"),
                "receiptHandle": format!("AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a{n}"),
                "body": accepted.to_body()?,
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "AWSTraceHeader": way.header(n),
                    "SentTimestamp": "1795766400100",
                    "ApproximateFirstReceiveTimestamp": "1795766400160",
                },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "awsRegion": "eu-west-1",
            }))
        })
        .collect::<Result<_>>()?;
    Ok(json!({"Records": records}).to_string())
}
