//! The schema, in numbered steps. Each runs once, whoever runs them and however many at a time.

use std::time::{Duration, Instant};

use sluice_database::{Meaning, Verdict};
use tokio::time::sleep;
use tokio_postgres::{Client, Error, types::Type};

use crate::classify::classify;

/// What the migrations themselves need.
const VERSIONS: &str = include_str!("../migrations/0000_versions.sql");

/// A step of the schema. It is never changed once it was released; it only adds, because the previous release still runs while it
/// is applied.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Statements, in one transaction.
    Statements(&'static str),
    /// An index on a table that may be large. It is built while orders are written, which no transaction can do.
    Index {
        /// Its name, without the schema's.
        name: &'static str,
        /// The table and its columns, such as `sluice.orders (total)`.
        on: &'static str,
    },
}

/// The steps. The first has the number 1.
pub const STEPS: &[Step] = &[Step::Statements(include_str!(
    "../migrations/0001_orders.sql"
))];

/// The lock that lets one migration run at a time: `sluice` in ASCII. It is of the database, as the schema is.
const LOCK: i64 = 0x736c_7569_6365;

/// How long a migration waits for another one.
const PATIENCE: Duration = Duration::from_mins(10);

/// How long it waits before it asks for the lock again.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a step waits for a table that somebody uses. Whoever wants to write queues behind it, so it gives up soon.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '5s'";

/// The building of an index waits for the transactions that began before it. Nobody queues behind it, and it takes as long as the
/// table is large.
const INDEX_TIMEOUT: &str = "SET lock_timeout = '10min'; SET statement_timeout = 0";

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

/// A step did not run, and what it had done is undone. Steps before it stay. Of an index there may be a beginning, which nothing
/// reads by and which the next run replaces.
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
        why: error.as_db_error().map_or_else(
            || error.to_string(),
            |db| format!("{} (SQLSTATE {})", db.message(), db.code().code()),
        ),
    }
}

/// Applies the steps that are missing. It needs a role that may create a schema in the database, and it waits while another process
/// does the same. The client must be its own, and of one session of the server: the lock is the session's.
///
/// # Errors
/// A step failed. Those before it stay.
pub async fn migrate(client: &Client) -> Result<i32, MigrateError> {
    migrate_by(client, STEPS).await
}

/// The same by other steps, for tests.
pub async fn migrate_by(client: &Client, steps: &[Step]) -> Result<i32, MigrateError> {
    lock(client).await?;
    let migrated = apply_all(client, steps).await;
    // If this fails, the connection is gone, and the lock with it.
    let unlock = format!("SELECT pg_advisory_unlock({LOCK})");
    let _ = client.batch_execute(&unlock).await;
    migrated?;
    schema_version(client).await
}

/// Takes the lock. It asks for it again and again: who waits for it in the server is in a transaction there, and the building of an
/// index would wait for that one in turn.
async fn lock(client: &Client) -> Result<(), MigrateError> {
    const WAITING: &str = "waiting for another migration";
    let take = format!("SELECT pg_try_advisory_lock({LOCK})");
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let rows = client.query_typed(&take, &[]).await;
        let rows = rows.map_err(failed(WAITING))?;
        if rows.first().is_some_and(|row| row.get(0)) {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
    Err(MigrateError::Failed {
        what: WAITING.to_owned(),
        why: format!("it has not ended within {PATIENCE:?}"),
    })
}

async fn apply_all(client: &Client, steps: &[Step]) -> Result<(), MigrateError> {
    apply(client, VERSIONS, None)
        .await
        .map_err(failed("migration 0"))?;
    let applied = schema_version(client).await?;
    for (number, step) in (1..).zip(steps) {
        if number > applied {
            let result = match step {
                Step::Statements(sql) => apply(client, sql, Some(number)).await,
                Step::Index { name, on } => build(client, name, on, number).await,
            };
            result.map_err(failed(format!("migration {number}")))?;
        }
    }
    Ok(())
}

/// Runs statements in a transaction, which marks their step as applied.
async fn apply(client: &Client, sql: &str, number: Option<i32>) -> Result<(), Error> {
    let run = async {
        let begin = format!("BEGIN; {LOCK_TIMEOUT}");
        client.batch_execute(&begin).await?;
        client.batch_execute(sql).await?;
        if let Some(number) = number {
            mark(client, number).await?;
        }
        client.batch_execute("COMMIT").await
    };
    let result = run.await;
    if result.is_err() {
        // If this fails, the connection is gone, and the transaction with it.
        let _ = client.batch_execute("ROLLBACK").await;
    }
    result
}

/// Builds an index, outside a transaction. One that was begun and not finished is of no use, and every write pays for it.
/// <https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY>
async fn build(client: &Client, name: &str, on: &str, number: i32) -> Result<(), Error> {
    client.batch_execute(INDEX_TIMEOUT).await?;
    let is_valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)";
    let full_name = format!("sluice.{name}");
    let rows = client
        .query_typed(is_valid, &[(&full_name, Type::TEXT)])
        .await?;
    let is_valid = rows.first().map(|row| row.get::<_, bool>(0));
    if is_valid == Some(false) {
        let drop = format!("DROP INDEX CONCURRENTLY {full_name}");
        client.batch_execute(&drop).await?;
    }
    if is_valid != Some(true) {
        let create = format!("CREATE INDEX CONCURRENTLY {name} ON {on}");
        client.batch_execute(&create).await?;
    }
    // Last, so that a step that stopped half-way runs again.
    mark(client, number).await
}

async fn mark(client: &Client, number: i32) -> Result<(), Error> {
    let mark = "INSERT INTO sluice.migrations (version) VALUES ($1)";
    client
        .execute_typed(mark, &[(&number, Type::INT4)])
        .await
        .map(drop)
}

/// The number of the last migration that was applied; 0 if there was none.
///
/// # Errors
/// The database refused, or was out of reach.
pub async fn schema_version(client: &Client) -> Result<i32, MigrateError> {
    version(client)
        .await
        .map_err(failed("reading the schema's version"))
}

async fn version(client: &Client) -> Result<i32, Error> {
    let exists = "SELECT to_regclass('sluice.migrations') IS NOT NULL";
    let rows = client.query_typed(exists, &[]).await?;
    if rows.first().is_none_or(|row| !row.get::<_, bool>(0)) {
        return Ok(0);
    }
    let last = "SELECT coalesce(max(version), 0) FROM sluice.migrations";
    let rows = client.query_typed(last, &[]).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}

/// Whether orders may be written by this connection: the schema is new enough, and what was acknowledged survives a crash of the
/// server. One round trip.
pub(crate) async fn check(client: &Client) -> Result<(), Verdict> {
    let sql = "SELECT coalesce(max(version), 0), current_setting('synchronous_commit') FROM sluice.migrations";
    let rows = client
        .query_typed(sql, &[])
        .await
        .map_err(|e| classify(&e))?;
    let wait = |why: String| Verdict {
        meaning: Meaning::Unavailable,
        drops: true,
        why,
    };
    let Some(row) = rows.first() else {
        return Err(wait("the schema's version cannot be read".to_owned()));
    };
    let (version, commit): (i32, &str) = (row.get(0), row.get(1));
    if version < latest_version() {
        return Err(wait(format!(
            "the schema has version {version}, and this release needs {}",
            latest_version()
        )));
    }
    if commit == "off" {
        return Err(wait("synchronous_commit is off".to_owned()));
    }
    Ok(())
}
