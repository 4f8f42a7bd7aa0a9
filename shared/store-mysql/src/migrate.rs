//! The schema, in numbered steps. Each runs once, whoever runs them and however many at a time.

use mysql_async::{Conn, Error, prelude::Queryable};
use sluice_database::Admission;

/// What the migrations themselves need.
const VERSIONS: &str = include_str!("../migrations/0000_versions.sql");

/// The migrations. The first has the number 1. A step is never changed once it was released; it only adds, because the previous
/// release still runs while it is applied.
///
/// A statement that changes a schema commits by itself in MySQL, so a step that fails leaves what it has done until then. Each
/// statement of a step is written so that it does no harm when it runs again.
const MIGRATIONS: [&str; 1] = [include_str!("../migrations/0001_orders.sql")];

/// What the functions' user may do.
const USER: &str = include_str!("../migrations/user.sql");

/// The lock that lets one migration run at a time. It is of the server, so the database's name is in it, in a form of bounded length.
const LOCK: &str = "CONCAT('sluice:', MD5(DATABASE()))";

/// How long a migration waits for another one, in seconds.
const PATIENCE: u32 = 600;

/// How long a statement waits for a table that somebody uses, in seconds. Whoever wants to write queues behind it, so it gives up soon.
const LOCK_TIMEOUT: &str = "SET SESSION lock_wait_timeout = 5, innodb_lock_wait_timeout = 5";

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

/// A migration did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database refused, or was out of reach.
    #[error(
        "{what} failed: {why}. Next: repeat when this is mended; what was done stays, and does no harm when it is done again"
    )]
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
        why: match error {
            Error::Server(error) => format!("{} (MySQL error {})", error.message, error.code),
            other => other.to_string(),
        },
    }
}

/// Applies the migrations that are missing, in the database of the connection. It needs a user that may create tables and views in
/// it, and it waits while another process does the same. The connection must be its own.
///
/// # Errors
/// A step failed. Those before it stay, and so does what it had done itself.
pub async fn migrate(conn: &mut Conn) -> Result<i32, MigrateError> {
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
    let migrated = steps(conn).await;
    // If this fails, the connection is gone, and the lock with it.
    let _ = conn.query_drop(format!("DO RELEASE_LOCK({LOCK})")).await;
    migrated?;
    schema_version(conn).await
}

async fn steps(conn: &mut Conn) -> Result<(), MigrateError> {
    let begin = format!("{LOCK_TIMEOUT}; {VERSIONS}");
    run(conn, &begin).await.map_err(failed("migration 0"))?;
    let applied = schema_version(conn).await?;
    for (number, sql) in (1..).zip(MIGRATIONS) {
        if number > applied {
            step(conn, number, sql)
                .await
                .map_err(failed(format!("migration {number}")))?;
        }
    }
    Ok(())
}

async fn step(conn: &mut Conn, number: i32, sql: &str) -> Result<(), Error> {
    run(conn, sql).await?;
    // Last, so that a step that stopped half-way runs again.
    let mark = "INSERT INTO migrations (version, applied_at) VALUES (?, UTC_TIMESTAMP(3))";
    conn.exec_drop(mark, (number,)).await
}

/// Runs statements, one after another. The first that fails is the last.
async fn run(conn: &mut Conn, sql: &str) -> Result<(), Error> {
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

/// Makes a user that may log in, unless it is there, and lets it in the way that is asked for. The password of a user that logs in
/// by one already is left alone, because a rotation may have changed it. From another machine it needs TLS.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.DBAccounts.html>
///
/// # Errors
/// The own user may not make users, or the server knows no tokens.
pub async fn admit(conn: &mut Conn, user: &str, admission: &Admission) -> Result<(), MigrateError> {
    let what = || failed(format!("letting in the user {user}"));
    let (name, host) = user.rsplit_once('@').unwrap_or((user, "%"));
    let looked = "SELECT COALESCE(MAX(plugin), '') FROM mysql.user WHERE user = ? AND host = ?";
    let looked = conn.exec_first(looked, (name, host)).await;
    let plugin: String = looked.map_err(what())?.unwrap_or_default();
    let login = match admission {
        Admission::Password(_) if !plugin.is_empty() && plugin != TOKENS => return Ok(()),
        Admission::Password(password) => {
            format!(" IDENTIFIED BY {} REQUIRE SSL", quoted(password))
        }
        Admission::Token if plugin == TOKENS => return Ok(()),
        // Where it is not loaded this fails, and no user is made that anybody could log in as.
        Admission::Token => format!(" IDENTIFIED WITH {TOKENS} AS 'RDS' REQUIRE SSL"),
        Admission::Trusted => String::new(),
    };
    let verb = match (plugin.is_empty(), admission) {
        (true, _) => "CREATE USER IF NOT EXISTS",
        (false, Admission::Trusted) => return Ok(()),
        (false, _) => "ALTER USER",
    };
    let statement = format!("{verb} {}{login}", account(user));
    run(conn, &statement).await.map_err(what())
}

/// The plugin of RDS and Aurora that checks tokens. It is loaded where IAM database authentication is switched on.
const TOKENS: &str = "AWSAuthenticationPlugin";

/// A user as statements name it.
fn account(user: &str) -> String {
    let (name, host) = user.rsplit_once('@').unwrap_or((user, "%"));
    format!("{}@{}", quoted(name), quoted(host))
}

/// Gives a user what the functions need and no more. The user must exist. It is `NAME` from any host, or `NAME@HOST`.
///
/// # Errors
/// The user does not exist, or the own user may not grant. What was granted before stays.
pub async fn grant(conn: &mut Conn, user: &str) -> Result<(), MigrateError> {
    run(
        conn,
        &USER.replace(" TO USER", &format!(" TO {}", account(user))),
    )
    .await
    .map_err(failed(format!("granting rights to {user}")))
}

/// A text in quotes, as a connection reads it whose `sql_mode` is ours.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
