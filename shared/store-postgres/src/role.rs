//! The functions' role: how it is let in, and what it may do.

use postgres_protocol::password::scram_sha_256;
use sluice_database::Admission;
use tokio_postgres::{Client, types::Type};

use crate::migrate::{MigrateError, failed};

/// What the functions' role may do.
const ROLE: &str = include_str!("../migrations/role.sql");

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
        Admission::ByProxy if is_there => {}
        Admission::ByProxy => {
            return Err(MigrateError::Failed {
                what: format!("letting in the role {role}"),
                why: "it is not there: make it with the password that RDS Proxy has for it"
                    .to_owned(),
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
    // Several statements that are sent as one text are one transaction: half of them would leave a role without a login.
    let statements = statements.join("; ");
    client.batch_execute(&statements).await.map_err(what())
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
