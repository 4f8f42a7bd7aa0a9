//! How a record looks as an item of the table. The attribute names are part of the interface: other systems read them.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    fmt,
};

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sluice_order::{ContentHash, Order, OrderId, OrderKey, RejectReason, Timestamp, smoke};

use crate::{Found, OrderStatus, Rejection, StoreError, StoredOrder};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// The table's partition key: the order's key in base64url.
pub(crate) const ORDER_KEY: &str = "order_key";
/// The table's sort key: which record of that order key it is.
pub(crate) const RECORD: &str = "record";
/// The index's sort key: the time of acceptance, then the order's key.
pub(crate) const ACCEPTED_KEY: &str = "accepted_key";
/// The index's partition key.
pub(crate) const CUSTOMER_ID: &str = "customer_id";
/// When a rejection was made.
pub(crate) const REJECTED_AT: &str = "rejected_at";
/// The sort key of an order; each order key has at most one.
pub(crate) const ORDER_RECORD: &str = "order";

/// The sort key of a smoke order.
pub(crate) const SMOKE_RECORD: &str = "smoke";

/// The start of the sort key of an id's rejections. If the content is known, its hash follows.
pub(crate) fn rejection_prefix(id: &OrderId) -> String {
    let fingerprint = u32::from_be_bytes(id.fingerprint());
    format!("rejected#{fingerprint:08x}")
}

pub(crate) fn accepted_key(accepted_at: Timestamp, key: OrderKey) -> String {
    format!("{accepted_at}#{key}")
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn key(key: OrderKey, record: impl Into<String>) -> Item {
    HashMap::from([
        (ORDER_KEY.to_owned(), text(key.to_string())),
        (RECORD.to_owned(), text(record)),
    ])
}

#[derive(Serialize)]
struct OrderItem<'a> {
    order_key: String,
    record: &'static str,
    /// Without it the record is not in the index.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_key: Option<String>,
    /// When `DynamoDB` deletes the record, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    order_id: OrderId,
    order_status: OrderStatus,
    content_hash: ContentHash,
    accepted_at: Timestamp,
    stored_at: Timestamp,
    total: u64,
    skus: BTreeSet<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    #[serde(flatten)]
    order: &'a Order,
}

/// When a smoke order of this time expires, in seconds since 1970.
fn expiry(written: Timestamp) -> i64 {
    written.as_millis() / 1_000 + smoke::KEPT_SECONDS
}

/// A smoke order has a record of its own, so that whoever looks for orders does not meet it.
pub(crate) fn of_order(stored: &StoredOrder) -> Result<Item, StoreError> {
    let key = stored.order_id.key();
    let is_smoke = stored.order.is_smoke();
    let (record, order_status) = if is_smoke {
        (SMOKE_RECORD, OrderStatus::Smoke)
    } else {
        (ORDER_RECORD, OrderStatus::InFulfillment)
    };
    serde_dynamo::to_item(OrderItem {
        order_key: key.to_string(),
        record,
        accepted_key: (!is_smoke).then(|| accepted_key(stored.accepted_at, key)),
        expires_at: is_smoke.then(|| expiry(stored.stored_at)),
        order_id: stored.order_id,
        order_status,
        content_hash: stored.content,
        accepted_at: stored.accepted_at,
        stored_at: stored.stored_at,
        total: stored.order.total(),
        skus: stored.order.product_names(),
        traceparent: stored.traceparent.as_deref(),
        order: &stored.order,
    })
    .map_err(refused)
}

/// The order of a rejection is nested. At the top level its `customer_id` would put the rejection into the index.
#[derive(Serialize)]
struct RejectionItem<'a> {
    order_key: String,
    record: String,
    order_id: OrderId,
    order_status: OrderStatus,
    reason: RejectReason,
    rejected_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_hash: Option<ContentHash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_order: Option<&'a Order>,
    /// As that of [`OrderItem`].
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

pub(crate) fn of_rejection(rejection: &Rejection) -> Result<Item, StoreError> {
    let id = rejection.order_id;
    let (accepted_at, content_hash, rejected_order) = match &rejection.content {
        Some((at, hash, order)) => (Some(*at), Some(*hash), Some(order)),
        None => (None, None, None),
    };
    let mut record = rejection_prefix(&id);
    if let Some(hash) = content_hash {
        record = format!("{record}#{hash}");
    }
    serde_dynamo::to_item(RejectionItem {
        order_key: id.key().to_string(),
        record,
        order_id: id,
        order_status: OrderStatus::Rejected,
        reason: rejection.reason,
        rejected_at: rejection.rejected_at,
        accepted_at,
        content_hash,
        rejected_order,
        expires_at: rejected_order
            .filter(|order| order.is_smoke())
            .map(|_| expiry(rejection.rejected_at)),
    })
    .map_err(refused)
}

#[derive(Deserialize)]
struct Read {
    order_id: OrderId,
    order_status: OrderStatus,
    content_hash: Option<ContentHash>,
    accepted_at: Option<Timestamp>,
    stored_at: Option<Timestamp>,
    traceparent: Option<String>,
    reason: Option<RejectReason>,
    rejected_at: Option<Timestamp>,
    rejected_order: Option<Order>,
    currency: Option<Value>,
    customer_id: Option<Value>,
    lines: Option<Value>,
    ship_to: Option<Value>,
}

/// Reads an item that [`of_order`] or [`of_rejection`] made.
pub(crate) fn read(item: Item) -> Result<Found, StoreError> {
    let Read {
        order_id,
        order_status,
        content_hash,
        accepted_at,
        stored_at,
        traceparent,
        reason,
        rejected_at,
        rejected_order,
        currency,
        customer_id,
        lines,
        ship_to,
    } = serde_dynamo::from_item(item).map_err(not_ours)?;
    let foreign = || StoreError::Unavailable(format!("the item of {order_id} is not one of ours"));
    match order_status {
        OrderStatus::InFulfillment => {
            let order = json!({"currency": currency, "customer_id": customer_id, "lines": lines, "ship_to": ship_to});
            Ok(Found::Order(Box::new(StoredOrder {
                order_id,
                accepted_at: accepted_at.ok_or_else(foreign)?,
                stored_at: stored_at.ok_or_else(foreign)?,
                content: content_hash.ok_or_else(foreign)?,
                traceparent,
                order: Order::try_from(order).map_err(not_ours)?,
            })))
        }
        OrderStatus::Rejected => Ok(Found::Rejection(Box::new(Rejection {
            order_id,
            reason: reason.ok_or_else(foreign)?,
            rejected_at: rejected_at.ok_or_else(foreign)?,
            content: match (accepted_at, content_hash, rejected_order) {
                (Some(at), Some(hash), Some(order)) => Some((at, hash, order)),
                _ => None,
            },
        }))),
        OrderStatus::Accepted | OrderStatus::Smoke => Err(foreign()),
    }
}

/// An item cannot be read. The reason is left out, because it would quote the order.
pub(crate) fn not_ours<E>(_: E) -> StoreError {
    StoreError::unavailable("an item is not one of ours")
}

fn refused(error: impl fmt::Display) -> StoreError {
    StoreError::Refused {
        reason: RejectReason::RefusedByStorage,
        message: error.to_string(),
    }
}
