//! What the database holds, for those who compare it with something else.

use tokio_postgres::{Client, Error, types::Type};

/// How many orders there are.
///
/// # Errors
/// The database refused, or was out of reach.
pub async fn count(client: &Client) -> Result<u64, Error> {
    let rows = client
        .query_typed("SELECT count(*) FROM sluice.orders", &[])
        .await?;
    let count: i64 = rows.first().map_or(0, |row| row.get(0));
    Ok(count.unsigned_abs())
}

/// The first `limit` keys behind this one, in their order, each with its order's hash. The first key is behind the empty text.
///
/// # Errors
/// As [`count`].
pub async fn hashes(
    client: &Client,
    after: &str,
    limit: u32,
) -> Result<Vec<(String, String)>, Error> {
    let page = "SELECT order_key, content_hash FROM sluice.orders \
                WHERE order_key > $1 ORDER BY order_key LIMIT $2";
    let limit = i64::from(limit);
    let values: [crate::store::Value<'_>; 2] = [(&after, Type::TEXT), (&limit, Type::INT8)];
    let rows = client.query_typed(page, &values).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
