//! What the database holds, for those who compare it with something else.

use mysql_async::{Conn, Error, prelude::Queryable};
use sluice_database::Listed;

/// How many orders there are.
///
/// # Errors
/// The database refused, or was out of reach.
pub async fn count(conn: &mut Conn) -> Result<u64, Error> {
    let count = conn.query_first("SELECT COUNT(*) FROM orders").await?;
    Ok(count.unwrap_or_default())
}

/// The first `limit` orders behind this key, by their keys. The first key is behind the empty text.
///
/// # Errors
/// As [`count`].
pub async fn hashes(conn: &mut Conn, after: &str, limit: u32) -> Result<Vec<Listed>, Error> {
    let page = "SELECT order_key, content_hash, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', accepted_at) DIV 1000, \
                TIMESTAMPDIFF(MICROSECOND, '1970-01-01', stored_at) DIV 1000 FROM orders \
                WHERE order_key > ? ORDER BY order_key LIMIT ?";
    let listed = |(order_key, content_hash, accepted_at, stored_at)| Listed {
        order_key,
        content_hash,
        accepted_at,
        stored_at,
    };
    conn.exec_map(page, (after, limit), listed).await
}
