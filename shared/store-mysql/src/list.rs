//! One page of a customer's orders.

use mysql_async::{Params, Row, Value};
use sluice_database::list::{self, Examined, MAX_EXAMINED, asked, place};
use sluice_order::{ListQuery, Sku};
use sluice_store::{Page, StoreError};

use crate::{
    row::{self, SUMMARY, integer, time},
    store::Call,
};

/// What stands around each name of a product in `skus`. No order may hold it.
const BETWEEN: char = '\0';

/// The names of products as the column holds them, and as one of them is looked for: bytes, with no collation to know better.
pub(crate) fn framed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut framed = String::from(BETWEEN);
    for name in names {
        framed.push_str(name);
        framed.push(BETWEEN);
    }
    framed
}

/// Asks for one more order than the page has, which shows whether there is a next page.
pub(crate) async fn page(call: &Call<'_>, query: &ListQuery) -> Result<Page, StoreError> {
    let (behind, key) = place(query);
    let asked = Value::from(asked(query));
    let range_values = [
        Value::from(query.customer_id.as_str()),
        time(query.from),
        time(query.to),
        time(behind),
        time(behind),
        Value::from(key),
    ];
    let Some(sku) = query.sku.as_ref().map(Sku::plain) else {
        let values = range_values.into_iter().chain([asked]).collect();
        let sql = range(query, SUMMARY, "?");
        let rows = call
            .query("SELECT orders", &sql, Params::Positional(values))
            .await?;
        return list::page(rows.iter().map(every), query.limit);
    };
    let sku = Value::from(framed([&*sku]));
    let values = [sku].into_iter().chain(range_values).chain([asked]);
    let values = Params::Positional(values.collect());
    let rows = call
        .query("SELECT orders", &filtered(query), values)
        .await?;
    list::page(rows.iter().map(found), query.limit)
}

fn every(row: &Row) -> Result<Examined, StoreError> {
    Ok(Examined {
        order: row::summary(row)?,
        is_shown: true,
        goes_on: false,
    })
}

fn found(row: &Row) -> Result<Examined, StoreError> {
    Ok(Examined {
        order: row::summary(row)?,
        is_shown: integer(row, 5)? != 0,
        goes_on: integer(row, 6)? == MAX_EXAMINED,
    })
}

/// The place is written out, because MySQL does not use an index for `(accepted_at, order_key) < (?, ?)`.
/// <https://dev.mysql.com/doc/refman/8.0/en/range-optimization.html#row-constructor-range-optimization>
fn range(query: &ListQuery, columns: &str, limit: &str) -> String {
    let (behind, direction) = direction(query);
    format!(
        "SELECT {columns} FROM orders \
         WHERE customer_id = ? AND accepted_at >= ? AND accepted_at < ? \
         AND (accepted_at {behind} ? OR (accepted_at = ? AND order_key {behind} ?)) \
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

/// The product is looked for in a bounded part of the customer's orders. The last order that was examined is shown too, because
/// the next page begins behind it.
fn filtered(query: &ListQuery) -> String {
    let (_, direction) = direction(query);
    let columns = format!("{SUMMARY}, order_key, skus");
    let examined = range(query, &columns, &MAX_EXAMINED.to_string());
    format!(
        "SELECT {SUMMARY}, holds, place FROM ( \
            SELECT {SUMMARY}, order_key, LOCATE(?, skus) > 0 AS holds, \
                ROW_NUMBER() OVER (ORDER BY accepted_at {direction}, order_key {direction}) AS place \
            FROM ({examined}) AS examined \
         ) AS numbered \
         WHERE holds OR place = {MAX_EXAMINED} \
         ORDER BY accepted_at {direction}, order_key {direction} LIMIT ?"
    )
}
