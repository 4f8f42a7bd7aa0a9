//! What a connection is told when it is opened, and what it is asked.
//!
//! MySQL keeps no such settings with a user, as PostgreSQL does with a role, so each connection sets its own. All of it is one text
//! and one round trip. Behind RDS Proxy a SET pins the connection
//! (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-pinning.html>); consumers need no proxy, because a lane's
//! concurrency is the number of its connections.
//!
//! `/*!80000 … */` is read by MySQL alone and `/*M!100100 … */` by MariaDB alone.
//! <https://dev.mysql.com/doc/refman/8.0/en/comments.html>, <https://mariadb.com/kb/en/comment-syntax/>

use mysql_async::{Conn, Row, Value, prelude::Queryable};
use sluice_database::{Meaning, Verdict};

use crate::{classify::classify, migrate::latest_version};

/// Strict: without it the server cuts a text that is too long and counts it as written. Without `NO_BACKSLASH_ESCAPES`, which
/// [`crate::grant`] relies on. Old MariaDB would make a user that is granted something and is not there.
pub(crate) const STRICT: &str = "SET SESSION \
    sql_mode = CONCAT('STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION' /*M!100100 , ',NO_AUTO_CREATE_USER' */), \
    time_zone = '+00:00'";

/// The server gives up before the call does, so that it is known that nothing was written: a lock of a row or of a table after
/// 1 s, a statement after 2 s. MySQL ends SELECT alone by its clock (`max_execution_time`); there only the time of the call ends
/// an INSERT that takes too long, and then nobody knows what became of it. MariaDB ends both.
const LIMITS: &str = "autocommit = 1, innodb_lock_wait_timeout = 1, lock_wait_timeout = 1 \
    /*!80000 , max_execution_time = 2000 */ /*M!100100 , max_statement_time = 2 */";

/// What decides whether orders may be written here.
const ASKED: &str = "SELECT (SELECT COALESCE(MAX(version), 0) FROM migrations), @@innodb_read_only, @@read_only, \
    @@innodb_flush_log_at_trx_commit, @@max_allowed_packet";

/// Any order fits into a packet of this many bytes.
const PACKET: i64 = 1 << 20;

/// Makes a connection fit for orders, and says whether they may be written by it: the server is no reader, the schema is new
/// enough, what was acknowledged survives a crash of the server, and no order is too large for it. One round trip.
pub(crate) async fn begin(conn: &mut Conn) -> Result<(), Verdict> {
    let sql = format!("{STRICT}, {LIMITS}; {ASKED}");
    let answer = answer(conn, sql).await.map_err(|e| classify(&e))?;
    let wait = |why: &str| {
        Err(Verdict {
            meaning: Meaning::Unavailable,
            drops: true,
            why: why.to_owned(),
        })
    };
    let Some([version, innodb_read_only, read_only, flush, packet]) = answer else {
        return wait("the server does not say how it is set up");
    };
    if innodb_read_only != 0 || read_only != 0 {
        return wait("the server is read-only");
    }
    if version < i64::from(latest_version()) {
        let needed = latest_version();
        return wait(&format!(
            "the schema has version {version}, and this release needs {needed}"
        ));
    }
    if flush != 1 {
        return wait("innodb_flush_log_at_trx_commit is not 1");
    }
    if packet < PACKET {
        return wait("max_allowed_packet is below 1 MiB");
    }
    Ok(())
}

async fn answer(conn: &mut Conn, sql: String) -> Result<Option<[i64; 5]>, mysql_async::Error> {
    let mut answers = conn.query_iter(sql).await?;
    let _: Vec<Row> = answers.collect().await?;
    let rows: Vec<Row> = answers.collect().await?;
    answers.drop_result().await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let numbers: Vec<i64> = row.unwrap().iter().filter_map(number).collect();
    Ok(numbers.try_into().ok())
}

/// In the protocol of texts a number is a text.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Bytes(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
        Value::Int(number) => Some(*number),
        Value::UInt(number) => i64::try_from(*number).ok(),
        _ => None,
    }
}
