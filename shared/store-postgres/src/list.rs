//! One page of a customer's orders.

use sluice_database::list::{self, Examined, MAX_EXAMINED, asked, place};
use sluice_order::ListQuery;
use sluice_store::{Page, StoreError};
use tokio_postgres::{Row, types::Type};

use crate::{
    row::{self, SUMMARY, not_ours, time},
    store::Call,
};

pub(crate) async fn page(call: &Call<'_>, query: &ListQuery) -> Result<Page, StoreError> {
    let (asked, (place, key)) = (asked(query), place(query));
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
        let rows = call
            .query("SELECT orders", &range(query, SUMMARY, "$6"), &values)
            .await?;
        return list::page(rows.iter().map(every), query.limit);
    }
    values.push((&sku, Type::TEXT));
    let rows = call
        .query("SELECT orders", &filtered(query), &values)
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
    let place: i64 = row.try_get("place").map_err(not_ours)?;
    Ok(Examined {
        order: row::summary(row)?,
        is_shown: row.try_get("holds").map_err(not_ours)?,
        goes_on: place == MAX_EXAMINED,
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
