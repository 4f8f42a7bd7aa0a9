//! What the database holds, for those who compare it with something else.

use sluice_database::Listed;
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

/// The first `limit` orders behind this key, by their keys. The first key is behind the empty text.
///
/// # Errors
/// As [`count`].
pub async fn hashes(client: &Client, after: &str, limit: u32) -> Result<Vec<Listed>, Error> {
    let page = "SELECT order_key, content_hash, floor(extract(epoch FROM accepted_at) * 1000)::bigint, \
                floor(extract(epoch FROM stored_at) * 1000)::bigint FROM sluice.orders \
                WHERE order_key > $1 ORDER BY order_key LIMIT $2";
    let limit = i64::from(limit);
    let values: [crate::store::Value<'_>; 2] = [(&after, Type::TEXT), (&limit, Type::INT8)];
    let rows = client.query_typed(page, &values).await?;
    let listed = rows.iter().map(|row| Listed {
        order_key: row.get(0),
        content_hash: row.get(1),
        accepted_at: row.get(2),
        stored_at: row.get(3),
    });
    Ok(listed.collect())
}
