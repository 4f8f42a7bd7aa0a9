//! How a row is read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sluice_database::place::Place;
use sluice_database::row::document;
pub(crate) use sluice_database::row::not_ours;
use sluice_order::{OrderId, Timestamp};
use sluice_store::{OrderStatus, Rejection, StoreError, StoredOrder, Summary};
use tokio_postgres::{Row, types::FromSql};

/// The columns of an order, in the order in which [`order`] reads them. The document is read as text, and written so too: then
/// neither side needs a tree of it.
pub(crate) const ORDER: &str =
    "order_id, accepted_at, stored_at, content_hash, traceparent, document::text";

/// The columns of a rejection, in the order in which [`rejection`] reads them.
pub(crate) const REJECTION: &str =
    "order_id, reason, rejected_at, accepted_at, content_hash, document::text";

/// The columns of a rejection's key, in the order in which [`rejection_key`] reads them behind [`REJECTION`].
pub(crate) const REJECTION_KEY: &str = "order_key, fingerprint, content_hash";

/// The columns of a summary, in the order in which [`summary`] reads them.
pub(crate) const SUMMARY: &str = "order_id, currency, total, accepted_at, stored_at";

/// A point in time as the database takes it. It has microseconds there, so milliseconds come back as they were.
pub(crate) fn time(at: Timestamp) -> SystemTime {
    // A timestamp is never before 1970.
    UNIX_EPOCH + Duration::from_millis(u64::try_from(at.as_millis()).unwrap_or_default())
}

fn get<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T, StoreError> {
    row.try_get(at).map_err(not_ours)
}

fn parsed<T: std::str::FromStr>(row: &Row, at: usize) -> Result<T, StoreError> {
    get::<&str>(row, at)?.parse().map_err(not_ours)
}

fn timestamp(time: SystemTime) -> Result<Timestamp, StoreError> {
    let since_1970 = time.duration_since(UNIX_EPOCH).map_err(not_ours)?;
    let millis = i64::try_from(since_1970.as_millis()).map_err(not_ours)?;
    Ok(Timestamp::from_millis(millis))
}

fn at(row: &Row, at: usize) -> Result<Timestamp, StoreError> {
    timestamp(get(row, at)?)
}

/// The key of an order's row, behind the columns of [`ORDER`].
pub(crate) fn order_key(row: &Row) -> Place {
    Place::Orders(text(row, 6))
}

/// The key of a rejection's row.
pub(crate) fn rejection_key(row: &Row) -> Place {
    Place::Rejections(text(row, 6), text(row, 7), text(row, 8))
}

/// A text of a key, whatever the row is.
fn text(row: &Row, at: usize) -> String {
    get(row, at).unwrap_or_default()
}

/// Reads an order.
pub(crate) fn order(row: &Row) -> Result<StoredOrder, StoreError> {
    Ok(StoredOrder {
        order_id: parsed(row, 0)?,
        accepted_at: at(row, 1)?,
        stored_at: at(row, 2)?,
        content: parsed(row, 3)?,
        traceparent: get(row, 4)?,
        order: document(get(row, 5)?)?,
    })
}

/// Reads a rejection.
pub(crate) fn rejection(row: &Row) -> Result<Rejection, StoreError> {
    let accepted_at: Option<SystemTime> = get(row, 3)?;
    let order: Option<&str> = get(row, 5)?;
    let content = match (accepted_at, order) {
        (Some(accepted_at), Some(order)) => Some((timestamp(accepted_at)?, get(row, 4)?, order)),
        _ => None,
    };
    sluice_database::row::rejection(get(row, 0)?, get(row, 1)?, at(row, 2)?, content)
}

/// Reads an order in a list.
pub(crate) fn summary(row: &Row) -> Result<Summary, StoreError> {
    Ok(Summary {
        order_id: parsed(row, 0)?,
        status: OrderStatus::InFulfillment,
        currency: get(row, 1)?,
        total: u64::try_from(get::<i64>(row, 2)?).map_err(not_ours)?,
        accepted_at: at(row, 3)?,
        stored_at: at(row, 4)?,
    })
}

/// The key of an order as a column holds it: the text that `DynamoDB`'s table has too.
pub(crate) fn key(id: &OrderId) -> String {
    id.key().to_string()
}
