//! What the functions are invoked with.

use anyhow::{Result, anyhow};
use serde_json::{Value, json};
use sluice_order::{Order, OrderAccepted, OrderKey, Secrets, Timestamp};

use crate::way::Way;

/// The secrets that the programs are started with.
pub(crate) const SECRETS: &str = r#"{"1":"only-for-measuring-and-nothing-else"}"#;

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

fn accepted(key: OrderKey) -> Result<OrderAccepted> {
    let secrets = Secrets::from_json(SECRETS)?;
    let order = Order::from_json(order()).map_err(|errors| anyhow!("{errors:?}"))?;
    let now = Timestamp::from_millis(1_795_766_400_000);
    Ok(OrderAccepted::new(order, key, now, None, &secrets))
}

/// The message of the order that storage holds.
pub(crate) fn stored() -> Result<OrderAccepted> {
    accepted(OrderKey::from([7; 12]))
}

/// A request to accept an order, with all that API Gateway says of one.
pub(crate) fn request() -> Result<String> {
    let mut event: Value =
        serde_json::from_str(include_str!("../../../events/accept-order/good.json"))?;
    event["body"] = order().to_string().into();
    Ok(event.to_string())
}

/// A request for the order that storage holds.
pub(crate) fn question() -> Result<String> {
    let mut event: Value = serde_json::from_str(include_str!(
        "../../../events/read-orders/order-stored.json"
    ))?;
    event["pathParameters"]["id"] = json!(stored()?.order_id);
    Ok(event.to_string())
}

/// A batch of so many orders from the queue, each of a trace of its own. They are numbered from `first` on.
pub(crate) fn batch(way: Way, first: u64, size: u64) -> Result<String> {
    let records: Vec<_> = (first..first + size)
        .map(|n| {
            Ok(json!({
                "messageId": format!("059f36b4-87a3-44ab-83d2-{n:012}"),
                "receiptHandle": format!("AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a{n}"),
                "body": accepted(OrderKey::random()?)?.to_body()?,
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
