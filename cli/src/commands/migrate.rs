//! `sluice migrate`: bring a database's schema up to this release.

use clap::Args;
use sluice_mysql::MysqlStore;
use sluice_postgres::{Engine, PostgresStore, Settings};
use sluice_store::StoreError;

use crate::terminal::{
    failure::{Exit, Failure},
    output,
};

/// Bring the schema of a PostgreSQL or MySQL database up to this release
///
/// It applies the migrations that are missing: on PostgreSQL each in a transaction, on MySQL in statements that may run again. To
/// run it twice, or twice at once, does no harm. Run it before the release that needs it is deployed: the release before runs on
/// the new schema too.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct MigrateArguments {
    /// The database, as a user who may create a schema: postgres://USER:PASSWORD@HOST:PORT/DATABASE, or mysql://…
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
    /// Give this role or user, which must exist, what the functions need and no more: to read and insert orders. For MySQL: NAME, or NAME@HOST
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
}

pub(crate) async fn run(arguments: &MigrateArguments) -> Result<Exit, Failure> {
    let settings: Settings = arguments.database_url.parse().map_err(|why| {
        Failure::environment(
            format!("--database-url cannot be used: {why}"),
            "write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE, or as mysql://USER:PASSWORD@HOST:PORT/DATABASE",
        )
    })?;
    let role = arguments.role.as_deref();
    let (version, newest) = match settings.engine {
        Engine::Postgres => (
            postgres(settings, role).await?,
            sluice_postgres::latest_version(),
        ),
        Engine::Mysql => (mysql(settings, role).await?, sluice_mysql::latest_version()),
    };
    output::print(&if version > newest {
        format!(
            "The schema has version {version}, which a later release made. This one needs {newest}.\n"
        )
    } else {
        format!("The schema has version {version}.")
    });
    Ok(Exit::Fine)
}

async fn postgres(settings: Settings, role: Option<&str>) -> Result<i32, Failure> {
    let failed = |sluice_postgres::MigrateError::Failed { what, why }| failed(&what, &why, UNDONE);
    let client = PostgresStore::client(settings);
    let client = client.await.map_err(|why| out_of_reach(&why))?;
    let version = sluice_postgres::migrate(&client).await.map_err(failed)?;
    if let Some(role) = role {
        sluice_postgres::grant(&client, role)
            .await
            .map_err(failed)?;
    }
    Ok(version)
}

async fn mysql(settings: Settings, user: Option<&str>) -> Result<i32, Failure> {
    let failed = |sluice_mysql::MigrateError::Failed { what, why }| failed(&what, &why, AGAIN);
    let client = MysqlStore::client(settings);
    let mut client = client.await.map_err(|why| out_of_reach(&why))?;
    let version = sluice_mysql::migrate(&mut client).await.map_err(failed)?;
    if let Some(user) = user {
        sluice_mysql::grant(&mut client, user)
            .await
            .map_err(failed)?;
    }
    Ok(version)
}

fn out_of_reach(why: &StoreError) -> Failure {
    Failure::environment(
        format!("there is no connection to the database: {why}"),
        "see that it runs and that the address is right, then run the same command again",
    )
}

/// A signal came.
pub(crate) fn stopped() -> Failure {
    let what =
        "stopped: a migration that was under way is undone, or on MySQL goes on where it stopped";
    Failure::wrong(what, "run the same command again")
}

/// What became of a step that failed, on PostgreSQL.
const UNDONE: &str = "mend this, then run the same command again: what failed was undone";

/// And on MySQL.
const AGAIN: &str = "mend this, then run the same command again: what was done until then does no harm when it is done again";

fn failed(what: &str, why: &str, next: &'static str) -> Failure {
    Failure::wrong(format!("{what} failed: {why}"), next)
}
