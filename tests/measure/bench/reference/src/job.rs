//! What the functions do with an order, without what makes them safe: the same ids, messages and items.

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{clock::Moment, sign};

const EVENT_TYPE: &str = "sluice.order.accepted.v1";

/// An order; its fields stand in alphabetical order, so that it is written in canonical form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    currency: String,
    customer_id: String,
    lines: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ship_to: Option<Map<String, Value>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    quantity: u64,
    sku: String,
    unit_price: u64,
}

/// An order that was named.
pub struct Accepted {
    /// The event for the topic.
    pub message: String,
    /// Its `MessageGroupId`.
    pub group: String,
    /// What the client is answered.
    pub receipt: Value,
}

/// Names an order and writes its message.
///
/// # Errors
/// It is no order.
pub fn accept(order: &str, idempotency_key: &str, secret: &str, now: Moment) -> Result<Accepted> {
    let order: Order = serde_json::from_str(order)?;
    let total = total(&order)?;
    let customer = order.customer_id.as_bytes();
    let name = tagged_sha256(
        "sluice.order.key.v1",
        &[customer, idempotency_key.as_bytes()],
    );
    let content = tagged_sha256("sluice.order.content.v1", &[&serde_json::to_vec(&order)?]);
    let id = seal(
        &name[..12],
        &content[..4],
        order.customer_id.as_bytes(),
        secret,
    );
    let group = URL_SAFE_NO_PAD.encode(&Sha256::digest(customer)[..16]);
    let time = now.rfc3339();
    let receipt = json!({
        "order_id": id,
        "status": "ACCEPTED",
        "total": total,
        "currency": order.currency,
        "accepted_at": time,
    });
    let message = json!({
        "specversion": "1.0",
        "id": id,
        "source": "urn:sluice:accept-order",
        "type": EVENT_TYPE,
        "time": time,
        "datacontenttype": "application/json",
        "data": {
            "content_hash": format!("v1:{}", URL_SAFE_NO_PAD.encode(content)),
            "total": total,
            "order": order,
        },
    });
    Ok(Accepted {
        message: message.to_string(),
        group,
        receipt,
    })
}

/// The body of the call `Publish` for a message.
pub fn publish(accepted: &Accepted, topic: &str) -> String {
    let attribute = |n: u8, name: &str, value: &str| {
        format!(
            "&MessageAttributes.entry.{n}.Name={name}&MessageAttributes.entry.{n}.Value.DataType=String\
             &MessageAttributes.entry.{n}.Value.StringValue={value}"
        )
    };
    format!(
        "Action=Publish&Version=2010-03-31&TopicArn={}&Message={}{}{}&MessageGroupId={}",
        encoded(topic),
        encoded(&accepted.message),
        attribute(1, "lane", "standard"),
        attribute(2, "event_type", EVENT_TYPE),
        encoded(&accepted.group),
    )
}

#[derive(Deserialize)]
struct Event {
    id: String,
    time: String,
    r#type: String,
    #[serde(default)]
    traceparent: Option<String>,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    content_hash: String,
    order: Order,
}

/// Reads a message, checks that id, hash and order belong together, and writes the body of the call `PutItem` for it.
///
/// # Errors
/// It is no message of ours.
pub fn put_item(message: &str, table: &str, secret: &str, now: Moment) -> Result<Vec<u8>> {
    let event: Event = serde_json::from_str(message)?;
    ensure!(event.r#type == EVENT_TYPE, "it is {}", event.r#type);
    let order = event.data.order;
    let content = tagged_sha256("sluice.order.content.v1", &[&serde_json::to_vec(&order)?]);
    let hash = format!("v1:{}", URL_SAFE_NO_PAD.encode(content));
    ensure!(hash == event.data.content_hash, "its content is another");
    let name = name_in(&event.id, secret)?;
    let customer = order.customer_id.as_bytes();
    ensure!(
        event.id == seal(&name, &content[..4], customer, secret),
        "its id is another's"
    );
    let name = URL_SAFE_NO_PAD.encode(name);
    let mut skus: Vec<_> = order.lines.iter().map(|line| line.sku.as_str()).collect();
    skus.sort_unstable();
    skus.dedup();
    let lines = order.lines.iter().map(|line| {
        let mut item = json!({
            "quantity": number(line.quantity),
            "sku": text(&line.sku),
            "unit_price": number(line.unit_price),
        });
        if let Some(description) = &line.description {
            item["description"] = text(description);
        }
        json!({"M": item})
    });
    let mut item = json!({
        "order_key": text(&name),
        "record": text("order"),
        "accepted_key": text(&format!("{}#{name}", event.time)),
        "order_id": text(&event.id),
        "order_status": text("IN_FULFILLMENT"),
        "content_hash": text(&hash),
        "accepted_at": text(&event.time),
        "stored_at": text(&now.rfc3339()),
        "total": number(total(&order)?),
        "skus": {"L": skus.into_iter().map(text).collect::<Vec<_>>()},
        "currency": text(&order.currency),
        "customer_id": text(&order.customer_id),
        "lines": {"L": lines.collect::<Vec<_>>()},
    });
    if let Some(ship_to) = &order.ship_to {
        let fields = ship_to.iter();
        let fields =
            fields.map(|(name, value)| (name.clone(), text(value.as_str().unwrap_or_default())));
        item["ship_to"] = json!({"M": fields.collect::<Map<_, _>>()});
    }
    if let Some(parent) = &event.traceparent {
        item["traceparent"] = text(parent);
    }
    Ok(serde_json::to_vec(&json!({
        "TableName": table,
        "Item": item,
        "ConditionExpression": "attribute_not_exists(order_key)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }))?)
}

/// The body of the call `GetItem` for an order.
///
/// # Errors
/// The id was made up.
pub fn get_item(id: &str, table: &str, secret: &str) -> Result<Vec<u8>> {
    let name = URL_SAFE_NO_PAD.encode(name_in(id, secret)?);
    Ok(serde_json::to_vec(&json!({
        "TableName": table,
        "Key": {"order_key": text(&name), "record": text("order")},
        "ConsistentRead": true,
    }))?)
}

/// What is known of an order, from the answer to [`get_item`].
///
/// # Errors
/// There is none, or another.
pub fn view(id: &str, answer: &[u8]) -> Result<Value> {
    let answer: Value = serde_json::from_slice(answer)?;
    let plain = |value: &Value| match value {
        Value::Object(typed) => match typed.iter().next() {
            Some((kind, value)) if kind == "N" => {
                value.as_str().and_then(|n| n.parse::<u64>().ok()).into()
            }
            Some((_, value)) => value.clone(),
            None => Value::Null,
        },
        _ => Value::Null,
    };
    let item = answer["Item"].as_object().context("there is no order")?;
    let lines = item["lines"]["L"].as_array().context("it has no lines")?;
    let lines = lines.iter().map(|line| {
        let fields = line["M"].as_object().into_iter().flatten();
        fields
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect()
    });
    let lines: Vec<Map<_, _>> = lines.collect();
    Ok(json!({
        "order_id": id,
        "status": "IN_FULFILLMENT",
        "customer_id": plain(&item["customer_id"]),
        "currency": plain(&item["currency"]),
        "lines": lines,
        "total": plain(&item["total"]),
        "accepted_at": plain(&item["accepted_at"]),
        "stored_at": plain(&item["stored_at"]),
    }))
}

/// The order's key in an id that is ours.
///
/// # Errors
/// It is not.
pub fn name_in(id: &str, secret: &str) -> Result<Vec<u8>> {
    let bytes = id.strip_prefix("ord_").context("it is no order id")?;
    let bytes = URL_SAFE_NO_PAD.decode(bytes)?;
    ensure!(bytes.len() == 27, "it is no order id");
    ensure!(
        bytes[20..] == seal_mac(&bytes[..19], secret),
        "the id was made up"
    );
    Ok(bytes[..12].to_vec())
}

/// The secret with the number 1, which is the only one that these programs know.
///
/// # Errors
/// There is none.
pub fn secret() -> Result<String> {
    let secrets: Value = serde_json::from_str(&std::env::var("ORDER_ID_SECRETS")?)?;
    let secret = secrets["1"].as_str();
    Ok(secret.context("there is no secret 1")?.to_owned())
}

fn total(order: &Order) -> Result<u64> {
    let mut total: u64 = 0;
    for line in &order.lines {
        let amount = line.quantity.checked_mul(line.unit_price);
        total = amount
            .and_then(|amount| total.checked_add(amount))
            .context("it costs too much")?;
    }
    Ok(total)
}

fn seal(name: &[u8], fingerprint: &[u8], customer: &[u8], secret: &str) -> String {
    let customer = [b"sluice.order.customer.v1", name, customer].concat();
    let tag = &sign::mac(secret.as_bytes(), &customer)[..3];
    let named = [name, fingerprint, tag].concat();
    let mac = seal_mac(&named, secret);
    format!(
        "ord_{}",
        URL_SAFE_NO_PAD.encode([&named, &[1][..], &mac].concat())
    )
}

fn seal_mac(named: &[u8], secret: &str) -> [u8; 7] {
    let mac = sign::mac(secret.as_bytes(), &[b"sluice.order.id.v2", named].concat());
    std::array::from_fn(|at| mac[at])
}

fn tagged_sha256(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in std::iter::once(&tag.as_bytes()).chain(parts) {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn text(value: &str) -> Value {
    json!({"S": value})
}

fn number(value: u64) -> Value {
    json!({"N": value.to_string()})
}

/// Percent encoding as AWS wants it: all but unreserved characters.
fn encoded(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            encoded.push('%');
            encoded.push(DIGITS[usize::from(byte >> 4)].into());
            encoded.push(DIGITS[usize::from(byte & 15)].into());
        }
    }
    encoded
}
