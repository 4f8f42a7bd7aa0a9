//! One page of a customer's orders, whatever the database.

use sluice_order::{ListQuery, Position, Timestamp};
use sluice_store::{Page, StoreError, Summary};

/// How many orders are read for one page of a list that filters by product.
pub const MAX_EXAMINED: i64 = 500;

/// How many orders are asked for: one more than the page has, which shows whether there is a next page.
pub fn asked(query: &ListQuery) -> i64 {
    i64::try_from(query.limit)
        .unwrap_or(i64::MAX)
        .saturating_add(1)
}

/// The place that a page begins behind: a time, and a key as a column holds it. The first page begins at an end of the range,
/// where no key comes before the empty text.
pub fn place(query: &ListQuery) -> (Timestamp, String) {
    match query.after {
        Some(after) => (after.accepted_at, after.key.to_string()),
        None if query.newest_first => (query.to, String::new()),
        None => (query.from, String::new()),
    }
}

/// An order that was read for a page.
pub struct Examined {
    /// The order.
    pub order: Summary,
    /// Whether it is of the list.
    pub is_shown: bool,
    /// Whether the list may go on behind it, though nothing more was read.
    pub goes_on: bool,
}

/// The page of these orders.
///
/// # Errors
/// The first that was not read.
pub fn page(
    rows: impl IntoIterator<Item = Result<Examined, StoreError>>,
    limit: usize,
) -> Result<Page, StoreError> {
    let position = |order: &Summary| Position {
        accepted_at: order.accepted_at,
        key: order.order_id.key(),
    };
    let (mut orders, mut next) = (Vec::new(), None);
    for row in rows {
        let row = row?;
        if row.goes_on {
            next = Some(position(&row.order));
        }
        if row.is_shown {
            orders.push(row.order);
        }
    }
    if orders.len() > limit {
        orders.truncate(limit);
        next = orders.last().map(position);
    }
    Ok(Page { orders, next })
}
