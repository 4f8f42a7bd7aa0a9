//! The schema, in numbered steps. Each runs once, whoever runs them and however many at a time.

use std::time::Duration;

use mysql_async::{Conn, Error, prelude::Queryable};
use tokio::time::sleep;

/// What the migrations themselves need.
const VERSIONS: &str = include_str!("../migrations/0000_versions.sql");

/// A step of the schema. It is never changed once it was released; it only adds, because the previous release still runs while it
/// is applied.
///
/// A statement that changes a schema commits by itself in MySQL, so a step that fails leaves what it has done until then.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Statements. Each is written so that it does no harm when it runs again.
    Statements(&'static str),
    /// An index on a table that may be large. It is built while orders are written.
    Index {
        /// The table.
        table: &'static str,
        /// Its name.
        name: &'static str,
        /// Its columns, such as `total, order_key`.
        columns: &'static str,
    },
}

/// The steps. The first has the number 1.
pub const STEPS: &[Step] = &[Step::Statements(include_str!(
    "../migrations/0001_orders.sql"
))];

/// The lock that lets one migration run at a time. It is of the server, so the database's name is in it, in a form of bounded length.
const LOCK: &str = "CONCAT('sluice:', MD5(DATABASE()))";

/// How long a migration waits for another one, in seconds.
const PATIENCE: u32 = 600;

/// How long a statement waits for a table that somebody uses, in seconds. Whoever wants to write queues behind it, so it gives up soon.
const LOCK_TIMEOUT: &str = "SET SESSION lock_wait_timeout = 5, innodb_lock_wait_timeout = 5";

/// The same for the building of an index, which waits for every transaction that has used the table. A writer behind it waits for a
/// second too and began later, so it is let through before its own time is over. One that came at the same moment may be told that
/// it took too long, and its order comes again. No shorter time is known to both servers.
const INDEX_TIMEOUT: &str = "SET SESSION lock_wait_timeout = 1";

/// How often it is tried, and how long writers have the table for themselves in between.
const ATTEMPTS: u32 = 40;
const PAUSE: Duration = Duration::from_secs(3);

/// A wait for a lock took too long.
const TIMED_OUT: u16 = 1205;

/// The version that this release needs.
pub const fn latest_version() -> i32 {
    // A file of a migration has its number in its name, in four digits.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "there are few migrations"
    )]
    {
        STEPS.len() as i32
    }
}

/// A step did not run to its end. What was done stays, and does no harm when it is done again.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database refused, or was out of reach.
    #[error("{what} failed: {why}")]
    Failed {
        /// What was tried.
        what: String,
        /// The database's own words. They quote no row: a migration handles none.
        why: String,
    },
}

pub(crate) fn failed(what: impl Into<String>) -> impl FnOnce(Error) -> MigrateError {
    |error| MigrateError::Failed {
        what: what.into(),
        why: match error {
            Error::Server(error) => format!("{} (MySQL error {})", error.message, error.code),
            other => other.to_string(),
        },
    }
}

/// Applies the steps that are missing, in the database of the connection. It needs a user that may create tables and views in
/// it, and it waits while another process does the same. The connection must be its own.
///
/// # Errors
/// A step failed. Those before it stay, and so does what it had done itself.
pub async fn migrate(conn: &mut Conn) -> Result<i32, MigrateError> {
    migrate_by(conn, STEPS).await
}

/// The same by other steps, for tests.
pub async fn migrate_by(conn: &mut Conn, steps: &[Step]) -> Result<i32, MigrateError> {
    let lock = format!("SELECT GET_LOCK({LOCK}, {PATIENCE})");
    let locked: Option<Option<i32>> = conn
        .query_first(lock)
        .await
        .map_err(failed("waiting for another migration"))?;
    if locked.flatten() != Some(1) {
        return Err(MigrateError::Failed {
            what: "waiting for another migration".to_owned(),
            why: format!("it has not ended within {PATIENCE} s"),
        });
    }
    let migrated = apply_all(conn, steps).await;
    // If this fails, the connection is gone, and the lock with it.
    let _ = conn.query_drop(format!("DO RELEASE_LOCK({LOCK})")).await;
    migrated?;
    schema_version(conn).await
}

async fn apply_all(conn: &mut Conn, steps: &[Step]) -> Result<(), MigrateError> {
    apply(conn, VERSIONS).await.map_err(failed("migration 0"))?;
    let applied = schema_version(conn).await?;
    for (number, step) in (1..).zip(steps) {
        if number > applied {
            let result = match step {
                Step::Statements(sql) => apply(conn, sql).await,
                Step::Index {
                    table,
                    name,
                    columns,
                } => build(conn, table, name, columns).await,
            };
            let what = || failed(format!("migration {number}"));
            result.map_err(what())?;
            mark(conn, number).await.map_err(what())?;
        }
    }
    Ok(())
}

async fn apply(conn: &mut Conn, sql: &str) -> Result<(), Error> {
    run(conn, &format!("{LOCK_TIMEOUT}; {sql}")).await
}

/// Builds an index, unless it is there: the process may have ended before the step was marked. It is there as a whole or not at
/// all. <https://dev.mysql.com/doc/refman/8.0/en/innodb-online-ddl-operations.html>,
/// <https://mariadb.com/kb/en/innodb-online-ddl-operations-with-the-inplace-alter-algorithm/>
///
/// While it waits for the table, whoever wants to write waits behind it. So it gives up soon, and is tried again.
async fn build(conn: &mut Conn, table: &str, name: &str, columns: &str) -> Result<(), Error> {
    let there = "SELECT COUNT(*) FROM information_schema.statistics \
                 WHERE table_schema = DATABASE() AND table_name = ? AND index_name = ?";
    let there: Option<i64> = conn.exec_first(there, (table, name)).await?;
    if there.unwrap_or_default() > 0 {
        return Ok(());
    }
    conn.query_drop(INDEX_TIMEOUT).await?;
    let add = format!(
        "ALTER TABLE {table} ADD INDEX {name} ({columns}), ALGORITHM = INPLACE, LOCK = NONE"
    );
    for _ in 1..ATTEMPTS {
        match conn.query_drop(&add).await {
            Err(Error::Server(error)) if error.code == TIMED_OUT => sleep(PAUSE).await,
            built => return built,
        }
    }
    conn.query_drop(&add).await
}

/// After a step, so that one that stopped half-way runs again.
async fn mark(conn: &mut Conn, number: i32) -> Result<(), Error> {
    let mark = "INSERT INTO migrations (version, applied_at) VALUES (?, UTC_TIMESTAMP(3))";
    conn.exec_drop(mark, (number,)).await
}

/// Runs statements, one after another. The first that fails is the last.
pub(crate) async fn run(conn: &mut Conn, sql: &str) -> Result<(), Error> {
    conn.query_iter(sql).await?.drop_result().await
}

/// The number of the last migration that was applied; 0 if there was none.
///
/// # Errors
/// The database refused, or was out of reach.
pub async fn schema_version(conn: &mut Conn) -> Result<i32, MigrateError> {
    version(conn)
        .await
        .map_err(failed("reading the schema's version"))
}

async fn version(conn: &mut Conn) -> Result<i32, Error> {
    let exists = "SELECT COUNT(*) FROM information_schema.tables \
                  WHERE table_schema = DATABASE() AND table_name = 'migrations'";
    let tables: Option<i64> = conn.query_first(exists).await?;
    if tables.unwrap_or_default() == 0 {
        return Ok(0);
    }
    let last = "SELECT COALESCE(MAX(version), 0) FROM migrations";
    let last: Option<i32> = conn.query_first(last).await?;
    Ok(last.unwrap_or_default())
}
