//! What storage holds, as the checker reads it.
//!
//! It does not use the code that wrote them, on purpose: an error that both share would go unseen. The attribute names are
//! part of the interface.

use serde::Deserialize;
use serde_json::{Value, json};
use sluice_order::{ContentHash, Order, OrderId, OrderKey, Timestamp};

/// One record.
#[derive(Clone, Debug)]
pub enum Record {
    /// The order of a key.
    Order(Box<OrderRecord>),
    /// An order of which only this is shown.
    Listed(Listed),
    /// A rejection.
    Rejection {
        /// Of which id, where it can be read.
        order_id: Option<OrderId>,
        /// Why.
        reason: String,
    },
}

/// An order without whose it is and what is in it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Listed {
    /// The key that it lies under.
    pub key: OrderKey,
    /// The hash that stands beside the content, which may lie.
    pub content_hash: ContentHash,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it was stored.
    pub stored_at: Timestamp,
}

/// The order of a key.
#[derive(Clone, PartialEq, Debug)]
pub struct OrderRecord {
    /// The key that it lies under; `None` where that is no order key.
    pub key: Option<OrderKey>,
    /// Whose it is, where that can be read.
    pub customer_id: Option<String>,
    /// The rest, or why it cannot be read.
    pub content: Result<Content, String>,
}

/// What a stored order says.
#[derive(Clone, PartialEq, Debug)]
pub struct Content {
    /// The id as text that it was stored with.
    pub order_id: OrderId,
    /// Its status.
    pub status: String,
    /// The hash that stands beside the content, which may lie.
    pub content_hash: ContentHash,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it was stored.
    pub stored_at: Timestamp,
    /// The total that stands beside the content, which may lie.
    pub total: u64,
    /// The content itself.
    pub order: Order,
}

#[derive(Deserialize)]
struct Attributes {
    order_id: OrderId,
    order_status: String,
    content_hash: ContentHash,
    accepted_at: Timestamp,
    stored_at: Timestamp,
    total: u64,
    currency: Value,
    customer_id: Value,
    lines: Value,
    ship_to: Option<Value>,
}

impl Record {
    /// Reads a record that has the names of the table's items; `None` for a kind that says nothing about an order.
    pub fn of(item: Value) -> Option<Self> {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        let record = text("record")?;
        if record.starts_with("rejected#") {
            return Some(Self::Rejection {
                order_id: text("order_id").and_then(|id| id.parse().ok()),
                reason: text("reason").unwrap_or("without a reason").to_owned(),
            });
        }
        if record != "order" {
            return None;
        }
        Some(Self::Order(Box::new(OrderRecord {
            key: text("order_key").and_then(|key| key.parse().ok()),
            customer_id: text("customer_id").map(str::to_owned),
            content: content(item),
        })))
    }
}

fn content(item: Value) -> Result<Content, String> {
    let read: Attributes = serde_json::from_value(item).map_err(|error| error.to_string())?;
    let order = json!({
        "currency": read.currency, "customer_id": read.customer_id, "lines": read.lines, "ship_to": read.ship_to,
    });
    Ok(Content {
        order_id: read.order_id,
        status: read.order_status,
        content_hash: read.content_hash,
        accepted_at: read.accepted_at,
        stored_at: read.stored_at,
        total: read.total,
        order: Order::try_from(order)?,
    })
}
