//! What the functions are invoked with.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use serde_json::{Value, json};
use sluice_order::{Order, OrderAccepted, OrderKey, Secrets, Timestamp};

use crate::tracing::Sampling;

/// The secrets that the programs are started with.
pub(crate) const SECRETS: &str = r#"{"1":"only-for-measuring-and-nothing-else"}"#;

/// Lines of an order, where nothing else is said.
pub(crate) const LINES: u64 = 3;
/// Of each line.
pub(crate) const QUANTITY: u64 = 6;
pub(crate) const UNIT_PRICE: u64 = 255;

/// Whose the orders are, where nothing else is said.
const CUSTOMER: &str = "17850";

/// The product of a line, counted from 0.
pub(crate) fn sku(line: u64) -> String {
    format!("85123{line}")
}

/// What a customer orders, with so many lines.
pub(crate) fn order(customer: &str, lines: u64) -> Value {
    json!({
        "customer_id": customer,
        "currency": "GBP",
        "lines": (0..lines).map(|line| json!({
            "sku": sku(line),
            "description": "WHITE HANGING HEART T-LIGHT HOLDER",
            "quantity": QUANTITY,
            "unit_price": UNIT_PRICE,
        })).collect::<Vec<_>>(),
        "ship_to": {"country": "GB"},
    })
}

fn accepted(lines: u64, key: OrderKey, at_ms: i64) -> Result<OrderAccepted> {
    let secrets = Secrets::from_json(SECRETS)?;
    let order = Order::from_json(order(CUSTOMER, lines)).map_err(|errors| anyhow!("{errors:?}"))?;
    let at = Timestamp::from_millis(at_ms);
    Ok(OrderAccepted::new(order, key, at, None, &secrets))
}

/// The message of the order that storage holds.
pub(crate) fn stored() -> Result<OrderAccepted> {
    accepted(LINES, OrderKey::from([7; 12]), 1_795_766_400_000)
}

/// A request to accept an order, with all that API Gateway says of one.
pub(crate) fn request(lines: u64) -> Result<String> {
    let mut event: Value =
        serde_json::from_str(include_str!("../../../../events/accept-order/good.json"))?;
    event["body"] = order(CUSTOMER, lines).to_string().into();
    Ok(event.to_string())
}

/// A request for the order that storage holds.
pub(crate) fn question() -> Result<String> {
    let mut event: Value = serde_json::from_str(include_str!(
        "../../../../events/read-orders/order-stored.json"
    ))?;
    event["pathParameters"]["id"] = json!(stored()?.order_id);
    Ok(event.to_string())
}

/// A batch of so many orders from the queue, each of a trace of its own. They are numbered from `first` on.
pub(crate) fn batch(sampling: Sampling, lines: u64, first: u64, size: u64) -> Result<String> {
    let at = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let at_ms = i64::try_from(at.as_millis())?;
    let records: Vec<_> = (first..first + size)
        .map(|n| {
            Ok(json!({
                "messageId": format!("059f36b4-87a3-44ab-83d2-{n:012}"),
                "receiptHandle": format!("AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a{n}"),
                "body": accepted(lines, OrderKey::random()?, at_ms)?.to_body()?,
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "AWSTraceHeader": sampling.header(n),
                    "SentTimestamp": at_ms.to_string(),
                    "ApproximateFirstReceiveTimestamp": at_ms.to_string(),
                },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "awsRegion": "eu-west-1",
            }))
        })
        .collect::<Result<_>>()?;
    Ok(json!({"Records": records}).to_string())
}
