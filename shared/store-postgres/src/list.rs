//! One page of a customer's orders.

use sluice_order::{ListQuery, Position};
use sluice_store::{Page, StoreError};
use tokio_postgres::{Row, types::Type};

use crate::{
    row::{self, SUMMARY, key_text, not_ours, time},
    store::Call,
};

/// How many orders are read for one page of a list that filters by product.
const MAX_EXAMINED: i64 = 500;

/// Asks for one more order than the page has, which shows whether there is a next page.
pub(crate) async fn page(call: &Call<'_>, query: &ListQuery) -> Result<Page, StoreError> {
    let asked = i64::try_from(query.limit)
        .unwrap_or(i64::MAX)
        .saturating_add(1);
    // A page begins behind a place. The first one begins at an end of the range, where no key comes before the empty text.
    let (place, key) = match query.after {
        Some(after) => (after.accepted_at, key_text(after.key)),
        None if query.newest_first => (query.to, String::new()),
        None => (query.from, String::new()),
    };
    let customer = query.customer_id.as_str();
    let (from, to, place) = (time(query.from), time(query.to), time(place));
    let plain = query.sku.as_ref().map(sluice_order::Sku::plain);
    let sku = plain.as_deref().unwrap_or_default();
    let mut values: Vec<crate::store::Value<'_>> = vec![
        (&customer, Type::TEXT),
        (&from, Type::TIMESTAMPTZ),
        (&to, Type::TIMESTAMPTZ),
        (&place, Type::TIMESTAMPTZ),
        (&key, Type::TEXT),
        (&asked, Type::INT8),
    ];
    if query.sku.is_none() {
        let sql = range(query, SUMMARY, "$6");
        let rows = call.query("SELECT orders", &sql, &values).await?;
        return read(&rows, query, |_| Ok((true, false)));
    }
    values.push((&sku, Type::TEXT));
    let rows = call
        .query("SELECT orders", &filtered(query), &values)
        .await?;
    read(&rows, query, |row| {
        let holds: bool = row.try_get("holds").map_err(not_ours)?;
        let place: i64 = row.try_get("place").map_err(not_ours)?;
        Ok((holds, place == MAX_EXAMINED))
    })
}

fn range(query: &ListQuery, columns: &str, limit: &str) -> String {
    let (behind, direction) = direction(query);
    format!(
        "SELECT {columns} FROM sluice.orders \
         WHERE customer_id = $1 AND accepted_at >= $2 AND accepted_at < $3 \
         AND (accepted_at, order_key) {behind} ($4, $5) \
         ORDER BY accepted_at {direction}, order_key {direction} LIMIT {limit}"
    )
}

fn direction(query: &ListQuery) -> (&'static str, &'static str) {
    if query.newest_first {
        ("<", "DESC")
    } else {
        (">", "ASC")
    }
}

/// The product is looked for in a bounded part of the customer's orders. In one query with the range the planner would read the
/// whole table instead. The last order that was examined is shown too, because the next page begins behind it.
fn filtered(query: &ListQuery) -> String {
    let (_, direction) = direction(query);
    let columns = format!("{SUMMARY}, order_key, skus");
    let examined = range(query, &columns, &MAX_EXAMINED.to_string());
    format!(
        "SELECT {SUMMARY}, holds, place FROM ( \
            SELECT *, skus @> ARRAY[$7] AS holds, \
                row_number() OVER (ORDER BY accepted_at {direction}, order_key {direction}) AS place \
            FROM ({examined}) AS examined \
         ) AS numbered \
         WHERE holds OR place = {MAX_EXAMINED} \
         ORDER BY accepted_at {direction}, order_key {direction} LIMIT $6"
    )
}

/// `shown` says of a row whether it is of the list, and whether the list may go on behind it though nothing more was read.
fn read(
    rows: &[Row],
    query: &ListQuery,
    shown: impl Fn(&Row) -> Result<(bool, bool), StoreError>,
) -> Result<Page, StoreError> {
    let mut orders = Vec::with_capacity(rows.len());
    let mut next = None;
    for row in rows {
        let order = row::summary(row)?;
        let position = Position {
            accepted_at: order.accepted_at,
            key: order.order_id.key(),
        };
        let (is_shown, goes_on) = shown(row)?;
        if is_shown {
            orders.push(order);
        }
        if goes_on {
            next = Some(position);
        }
    }
    if orders.len() > query.limit {
        orders.truncate(query.limit);
        next = orders.last().map(|last| Position {
            accepted_at: last.accepted_at,
            key: last.order_id.key(),
        });
    }
    Ok(Page { orders, next })
}
