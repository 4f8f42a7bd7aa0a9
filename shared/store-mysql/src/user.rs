//! The functions' user: how it is let in, and what it may do.

use mysql_async::{Conn, prelude::Queryable};
use sluice_database::Admission;

use crate::migrate::{MigrateError, failed, run};

/// What the functions' user may do.
const USER: &str = include_str!("../migrations/user.sql");

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
        Admission::ByProxy if !plugin.is_empty() => return Ok(()),
        Admission::ByProxy => {
            return Err(MigrateError::Failed {
                what: format!("letting in the user {user}"),
                why: "it is not there: make it with the password that RDS Proxy has for it"
                    .to_owned(),
            });
        }
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
