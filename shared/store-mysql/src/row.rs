//! How a row is read, and how a value is written.

use mysql_async::{Row, Value};
use sluice_database::{
    place::Place,
    row::{document, not_ours},
};
use sluice_order::{OrderId, Timestamp};
use sluice_store::{OrderStatus, Rejection, StoreError, StoredOrder, Summary};

/// The columns of an order, in the order in which [`order`] reads them.
pub(crate) const ORDER: &str =
    "order_id, accepted_at, stored_at, content_hash, traceparent, document";

/// The columns of a rejection, in the order in which [`rejection`] reads them.
pub(crate) const REJECTION: &str =
    "order_id, reason, rejected_at, accepted_at, content_hash, document";

/// The columns of a rejection's key, in the order in which [`rejection_key`] reads them behind [`REJECTION`].
pub(crate) const REJECTION_KEY: &str = "order_key, fingerprint, content_hash";

/// The columns of a summary, in the order in which [`summary`] reads them.
pub(crate) const SUMMARY: &str = "order_id, currency, total, accepted_at, stored_at";

/// A point in time as the database takes it: the parts of its date and time in UTC. MySQL's times have no zone.
pub(crate) fn time(at: Timestamp) -> Value {
    // 2026-11-30T23:59:59.123Z
    let text = at.to_string();
    let part = |from: usize, to: usize| -> u32 {
        let digits = text.get(from..to).and_then(|digits| digits.parse().ok());
        digits.unwrap_or_default()
    };
    let small = |from: usize| u8::try_from(part(from, from + 2)).unwrap_or_default();
    Value::Date(
        u16::try_from(part(0, 4)).unwrap_or_default(),
        small(5),
        small(8),
        small(11),
        small(14),
        small(17),
        part(20, 23) * 1_000,
    )
}

fn value(row: &Row, at: usize) -> Result<&Value, StoreError> {
    row.as_ref(at).ok_or(()).map_err(not_ours)
}

/// A text; `None` for NULL.
fn optional(row: &Row, at: usize) -> Result<Option<&str>, StoreError> {
    match value(row, at)? {
        Value::NULL => Ok(None),
        Value::Bytes(text) => std::str::from_utf8(text).map(Some).map_err(not_ours),
        _ => Err(not_ours(())),
    }
}

/// A text.
pub(crate) fn text(row: &Row, at: usize) -> Result<&str, StoreError> {
    optional(row, at)?.ok_or(()).map_err(not_ours)
}

/// An integer.
pub(crate) fn integer(row: &Row, at: usize) -> Result<i64, StoreError> {
    match value(row, at)? {
        Value::Int(number) => Ok(*number),
        Value::UInt(number) => i64::try_from(*number).map_err(not_ours),
        _ => Err(not_ours(())),
    }
}

fn optional_time(row: &Row, at: usize) -> Result<Option<Timestamp>, StoreError> {
    match value(row, at)? {
        Value::NULL => Ok(None),
        Value::Date(year, month, day, hour, minute, second, micros) => {
            let millis = micros / 1_000;
            let text = format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"
            );
            text.parse().map(Some).map_err(not_ours)
        }
        _ => Err(not_ours(())),
    }
}

fn at(row: &Row, at: usize) -> Result<Timestamp, StoreError> {
    optional_time(row, at)?.ok_or(()).map_err(not_ours)
}

fn id(row: &Row) -> Result<OrderId, StoreError> {
    text(row, 0)?.parse().map_err(not_ours)
}

/// The key of an order's row, behind the columns of [`ORDER`].
pub(crate) fn order_key(row: &Row) -> Place {
    Place::Orders(part_of_key(row, 6))
}

/// The key of a rejection's row.
pub(crate) fn rejection_key(row: &Row) -> Place {
    Place::Rejections(
        part_of_key(row, 6),
        part_of_key(row, 7),
        part_of_key(row, 8),
    )
}

/// A text of a key, whatever the row is.
fn part_of_key(row: &Row, at: usize) -> String {
    match row.as_ref(at) {
        Some(Value::Bytes(text)) => String::from_utf8_lossy(text).into_owned(),
        _ => String::new(),
    }
}

/// Reads an order.
pub(crate) fn order(row: &Row) -> Result<StoredOrder, StoreError> {
    Ok(StoredOrder {
        order_id: id(row)?,
        accepted_at: at(row, 1)?,
        stored_at: at(row, 2)?,
        content: text(row, 3)?.parse().map_err(not_ours)?,
        traceparent: optional(row, 4)?.map(str::to_owned),
        order: document(text(row, 5)?)?,
    })
}

/// Reads a rejection.
pub(crate) fn rejection(row: &Row) -> Result<Rejection, StoreError> {
    let content = match (optional_time(row, 3)?, optional(row, 5)?) {
        (Some(accepted_at), Some(order)) => Some((accepted_at, text(row, 4)?, order)),
        _ => None,
    };
    sluice_database::row::rejection(text(row, 0)?, text(row, 1)?, at(row, 2)?, content)
}

/// Reads an order in a list.
pub(crate) fn summary(row: &Row) -> Result<Summary, StoreError> {
    Ok(Summary {
        order_id: id(row)?,
        status: OrderStatus::InFulfillment,
        currency: text(row, 1)?.to_owned(),
        total: u64::try_from(integer(row, 2)?).map_err(not_ours)?,
        accepted_at: at(row, 3)?,
        stored_at: at(row, 4)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_its_parts() {
        let at: Timestamp = "2026-11-30T23:58:59.123Z".parse().unwrap();
        assert_eq!(time(at), Value::Date(2026, 11, 30, 23, 58, 59, 123_000));
        assert_eq!(time(Timestamp::MIN), Value::Date(1970, 1, 1, 0, 0, 0, 0));
        let last = Value::Date(9999, 12, 31, 23, 59, 59, 999_000);
        assert_eq!(time(Timestamp::MAX), last);
    }
}
