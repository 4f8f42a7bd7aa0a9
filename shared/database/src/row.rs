//! What a row is made of, whatever the database.

use sluice_order::{ContentHash, Order, OrderId, Timestamp};
use sluice_store::{Rejection, StoreError};

/// A row cannot be read. The reason is left out, because it would quote the order.
pub fn not_ours<E>(_: E) -> StoreError {
    StoreError::Unavailable("a row is not one of ours".to_owned())
}

/// The fingerprint of an order's content as a column holds it: eight hex digits.
pub fn fingerprint(id: &OrderId) -> String {
    format!("{:08x}", u32::from_be_bytes(id.fingerprint()))
}

/// What was ordered, from the text of a document.
///
/// # Errors
/// It is no order.
pub fn document(text: &str) -> Result<Order, StoreError> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(not_ours)?;
    Order::try_from(value).map_err(not_ours)
}

/// A rejection, from the texts of its columns. `content` is the time, the hash and the document.
///
/// # Errors
/// It is no rejection.
pub fn rejection(
    order_id: &str,
    reason: &str,
    rejected_at: Timestamp,
    content: Option<(Timestamp, &str, &str)>,
) -> Result<Rejection, StoreError> {
    let content = match content {
        None => None,
        Some((accepted_at, hash, order)) => {
            let hash: ContentHash = hash.parse().map_err(not_ours)?;
            Some((accepted_at, hash, document(order)?))
        }
    };
    Ok(Rejection {
        order_id: order_id.parse().map_err(not_ours)?,
        reason: serde_json::from_value(reason.into()).map_err(not_ours)?,
        rejected_at,
        content,
    })
}
