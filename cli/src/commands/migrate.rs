//! `sluice migrate`: bring a database's schema up to this release.

use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde_json::json;
use sluice_mysql::MysqlStore;
use sluice_postgres::{Engine, PostgresStore, Settings};
use sluice_store::StoreError;

use crate::{
    deployment::{aws::Aws, invoke::invoke, stack::Stack, store},
    terminal::{
        failure::{Exit, Failure},
        output::{self, tame},
    },
};

/// How long the function has: what Lambda gives it, and a little more.
const PATIENCE: Duration = Duration::from_secs(910);

/// Bring the schema of a PostgreSQL or MySQL database up to this release
///
/// It applies the migrations that are missing: on PostgreSQL each in a transaction, on MySQL in statements that may run again. To
/// run it twice, or twice at once, does no harm. The release before runs on the new schema too.
///
/// Without --database-url the stack's function database-admin does it, as each deploy does: it reaches a database in a VPC, and it
/// migrates to the release that is deployed.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct MigrateArguments {
    /// The database, as a user who may create a schema: postgres://USER:PASSWORD@HOST:PORT/DATABASE, or mysql://…
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Give this role or user, which must exist, what the functions need and no more: to read and insert orders. For MySQL: NAME, or NAME@HOST
    #[arg(long, value_name = "NAME", requires = "database_url")]
    role: Option<String>,
}

pub(crate) async fn run(stack: &str, arguments: &MigrateArguments) -> Result<Exit, Failure> {
    match &arguments.database_url {
        Some(url) => directly(url, arguments.role.as_deref()).await,
        None => by_function(stack).await,
    }
}

/// What the function says.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Version(i32),
    Failed(String),
}

async fn by_function(stack: &str) -> Result<Exit, Failure> {
    let aws = Aws::from_environment().await?;
    let stack = Stack::find(&aws, stack).await?;
    let event = json!({"task": "migrate"});
    let answer = invoke(&aws, stack.database_admin()?, &event, PATIENCE).await?;
    match Answer::deserialize(answer) {
        Ok(Answer::Version(version)) => {
            output::print(&format!("The schema has version {version}."));
            Ok(Exit::Fine)
        }
        Ok(Answer::Failed(why)) => Err(Failure::wrong(
            tame(&why),
            "mend this, then run the same command again",
        )),
        Err(error) => Err(Failure::wrong(
            format!("the function's answer is not what it should be: {error}"),
            "compare the versions of the command and the stack",
        )),
    }
}

async fn directly(url: &str, role: Option<&str>) -> Result<Exit, Failure> {
    let settings = store::settings(url).map_err(|why| {
        Failure::environment(
            format!("--database-url cannot be used: {why}"),
            "write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE, or as mysql://USER:PASSWORD@HOST:PORT/DATABASE",
        )
    })?;
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
