//! `sluice migrate`: bring a database's schema up to this release.

use clap::Args;
use sluice_postgres::{MigrateError, PostgresStore, Settings, grant, latest_version, migrate};

use crate::terminal::{
    failure::{Exit, Failure},
    output,
};

/// Bring the schema of a PostgreSQL database up to this release
///
/// It applies the migrations that are missing, each in a transaction. To run it twice, or twice at once, does no harm. Run it
/// before the release that needs it is deployed: the release before runs on the new schema too.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct MigrateArguments {
    /// The database, as a role that may create a schema: postgres://USER:PASSWORD@HOST:PORT/DATABASE
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
    /// Give this role, which must exist, what the functions need and no more: to read and insert orders
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
}

pub(crate) async fn run(arguments: &MigrateArguments) -> Result<Exit, Failure> {
    let settings: Settings = arguments.database_url.parse().map_err(|why| {
        Failure::environment(
            format!("--database-url cannot be used: {why}"),
            "write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE",
        )
    })?;
    let client = PostgresStore::client(settings).await.map_err(|why| {
        Failure::environment(
            format!("there is no connection to the database: {why}"),
            "see that it runs and that the address is right, then run the same command again",
        )
    })?;
    let version = migrate(&client).await.map_err(failed)?;
    if let Some(role) = &arguments.role {
        grant(&client, role).await.map_err(failed)?;
    }
    let newest = latest_version();
    output::print(&if version > newest {
        format!(
            "The schema has version {version}, which a later release made. This one needs {newest}.\n"
        )
    } else {
        format!("The schema has version {version}.")
    });
    Ok(Exit::Fine)
}

/// A signal came.
pub(crate) fn stopped() -> Failure {
    let what = "stopped: the database undoes a migration that was under way";
    Failure::wrong(what, "run the same command again")
}

fn failed(error: MigrateError) -> Failure {
    let MigrateError::Failed { what, why } = error;
    Failure::wrong(
        format!("{what} failed: {why}"),
        "mend this, then run the same command again: what failed was undone",
    )
}
