//! What the database holds, for those who compare it with something else.

use mysql_async::{Conn, Error, prelude::Queryable};

/// How many orders there are.
///
/// # Errors
/// The database refused, or was out of reach.
pub async fn count(conn: &mut Conn) -> Result<u64, Error> {
    let count = conn.query_first("SELECT COUNT(*) FROM orders").await?;
    Ok(count.unwrap_or_default())
}

/// The first `limit` keys behind this one, in their order, each with its order's hash. The first key is behind the empty text.
///
/// # Errors
/// As [`count`].
pub async fn hashes(
    conn: &mut Conn,
    after: &str,
    limit: u32,
) -> Result<Vec<(String, String)>, Error> {
    let page =
        "SELECT order_key, content_hash FROM orders WHERE order_key > ? ORDER BY order_key LIMIT ?";
    conn.exec(page, (after, limit)).await
}
