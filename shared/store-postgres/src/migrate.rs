//! The schema, in numbered steps. Each runs once, whoever runs them and however many at a time.

use postgres_protocol::password::scram_sha_256;
use sluice_database::{Admission, Meaning, Verdict};
use tokio_postgres::{Client, Error, types::Type};

use crate::classify::classify;

/// What the migrations themselves need.
const VERSIONS: &str = include_str!("../migrations/0000_versions.sql");

/// The migrations. The first has the number 1. A step is never changed once it was released; it only adds, because the previous
/// release still runs while it is applied.
const MIGRATIONS: [&str; 1] = [include_str!("../migrations/0001_orders.sql")];

/// What the functions' role may do.
const ROLE: &str = include_str!("../migrations/role.sql");

/// The lock that lets one migration run at a time: `sluice` in ASCII. It is of the database, as the schema is.
const LOCK: i64 = 0x736c_7569_6365;

/// How long a step waits for a table that somebody uses. Whoever wants to write queues behind it, so it gives up soon.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '5s'";

/// The version that this release needs.
pub const fn latest_version() -> i32 {
    // The number of a migration is below 10,000 by its file's name.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "there are few migrations"
    )]
    {
        MIGRATIONS.len() as i32
    }
}

/// A migration did not run. All that it had done is undone.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database refused, or was out of reach.
    #[error("{what} failed: {why}. Next: the database is as it was; repeat when this is mended")]
    Failed {
        /// What was tried.
        what: String,
        /// The database's own words. They quote no row: a migration handles none.
        why: String,
    },
}

fn failed(what: impl Into<String>) -> impl FnOnce(Error) -> MigrateError {
    |error| MigrateError::Failed {
        what: what.into(),
        why: error.as_db_error().map_or_else(
            || error.to_string(),
            |db| format!("{} (SQLSTATE {})", db.message(), db.code().code()),
        ),
    }
}

/// Applies the migrations that are missing, each in a transaction. It needs a role that may create a schema in the database, and
/// it waits while another process does the same. The client must be its own: what others send by it would be part of the
/// transaction.
///
/// # Errors
/// A step failed. Those before it stay.
pub async fn migrate(client: &Client) -> Result<i32, MigrateError> {
    step(client, 0, VERSIONS).await?;
    for (number, sql) in (1..).zip(MIGRATIONS) {
        step(client, number, sql).await?;
    }
    schema_version(client).await
}

async fn step(client: &Client, number: i32, sql: &str) -> Result<(), MigrateError> {
    let result = apply(client, number, sql).await;
    if result.is_err() {
        // If this fails, the connection is gone, and the transaction with it.
        let _ = client.batch_execute("ROLLBACK").await;
    }
    result.map_err(failed(format!("migration {number}")))
}

async fn apply(client: &Client, number: i32, sql: &str) -> Result<(), Error> {
    // The timeout is set after the lock: to wait for another migration may take as long as that takes.
    let begin = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({LOCK}); {LOCK_TIMEOUT}"
    );
    client.batch_execute(&begin).await?;
    if number == 0 {
        client.batch_execute(sql).await?;
    } else {
        // A step that another process has applied meanwhile is seen here, because the statement begins after the lock is held.
        let mark = "INSERT INTO sluice.migrations (version) VALUES ($1) ON CONFLICT DO NOTHING";
        if client.execute_typed(mark, &[(&number, Type::INT4)]).await? == 1 {
            client.batch_execute(sql).await?;
        }
    }
    client.batch_execute("COMMIT").await
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

/// Makes a role that may log in, unless it is there, and lets it in the way that is asked for. The password of a role that logs in
/// by one already is left alone, because a rotation may have changed it. What already holds is not granted again: from version 16
/// on that needs rights over the role which its maker alone has.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.DBAccounts.html>
///
/// # Errors
/// The own role may not make roles, or the server knows no tokens.
pub async fn admit(client: &Client, role: &str, admission: &Admission) -> Result<(), MigrateError> {
    let what = || failed(format!("letting in the role {role}"));
    let looked = "SELECT r.oid IS NOT NULL, i.oid IS NOT NULL, \
                  COALESCE(pg_has_role(r.oid, i.oid, 'MEMBER'), false), quote_ident($1) \
                  FROM (SELECT 1) one LEFT JOIN pg_roles r ON r.rolname = $1 \
                  LEFT JOIN pg_roles i ON i.rolname = 'rds_iam'";
    let rows = client.query_typed(looked, &[(&role, Type::TEXT)]).await;
    let rows = rows.map_err(what())?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let (is_there, has_tokens, is_by_token): (bool, bool, bool) =
        (row.get(0), row.get(1), row.get(2));
    let name: &str = row.get(3);
    let mut statements = Vec::new();
    match admission {
        // The server keeps and logs what it gets here, so it gets no password.
        Admission::Password(password) if !is_there || is_by_token => {
            let verifier = scram_sha_256(password.as_bytes());
            if is_by_token {
                statements.push(format!("REVOKE rds_iam FROM {name}"));
            }
            let verb = if is_there { "ALTER" } else { "CREATE" };
            statements.push(format!("{verb} ROLE {name} LOGIN PASSWORD '{verifier}'"));
        }
        Admission::Password(_) => {}
        Admission::Token if !has_tokens => {
            return Err(MigrateError::Failed {
                what: format!("letting in the role {role}"),
                why: "the server knows no tokens from IAM (there is no role rds_iam)".to_owned(),
            });
        }
        Admission::Token | Admission::Trusted => {
            if !is_there {
                statements.push(format!("CREATE ROLE {name} LOGIN"));
            }
            if *admission == Admission::Token && !is_by_token {
                statements.push(format!("GRANT rds_iam TO {name}"));
            }
        }
    }
    for statement in statements {
        client.batch_execute(&statement).await.map_err(what())?;
    }
    Ok(())
}

/// Gives a role what the functions need and no more, and sets its timeouts. The role must exist.
///
/// # Errors
/// The role does not exist, or the own role may not grant. Nothing was changed.
pub async fn grant(client: &Client, role: &str) -> Result<(), MigrateError> {
    let what = || failed(format!("granting rights to {role}"));
    let quoted = client
        .query_typed("SELECT quote_ident($1)", &[(&role, Type::TEXT)])
        .await
        .map_err(what())?;
    let quoted: String = quoted.first().map(|row| row.get(0)).unwrap_or_default();
    // Several statements that are sent as one text are one transaction.
    let sql = ROLE.replace(":\"role\"", &quoted);
    client.batch_execute(&sql).await.map_err(what())
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
