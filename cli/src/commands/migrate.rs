//! `sluice migrate`: bring a database's schema up to this release.

use std::time::Duration;

use clap::Args;
use serde_json::json;
use sluice_mysql::MysqlStore;
use sluice_postgres::{Engine, PostgresStore, Settings};
use sluice_rds::Answer;
use sluice_store::StoreError;

use crate::{
    deployment::{
        aws::{self, Aws},
        invoke::{ask_database_admin, strange},
        stack::Stack,
        store,
    },
    terminal::{
        failure::{Exit, Failure},
        output::{self, tame},
        settings::Hidden,
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
/// migrates to the release that is deployed. The variable `DATABASE_URL` counts as the option: unset it to have the
/// function do it. What was migrated is in the answer.
///
/// A database on another machine is reached by TLS, with RDS's authorities of its region: set `AWS_REGION` to that.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct MigrateArguments {
    /// The database, as a user who may create a schema: postgres://USER:PASSWORD@HOST:PORT/DATABASE, or mysql://…
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<Hidden>,
    /// Give this role or user, which must exist, what the functions need and no more: to read and insert orders. For MySQL: NAME, or NAME@HOST
    #[arg(long, value_name = "NAME", requires = "database_url")]
    role: Option<String>,
}

pub(crate) async fn run(stack: &str, arguments: &MigrateArguments) -> Result<Exit, Failure> {
    match &arguments.database_url {
        Some(Hidden(url)) => directly(url, arguments.role.as_deref()).await,
        None => by_function(stack).await,
    }
}

async fn by_function(stack: &str) -> Result<Exit, Failure> {
    let aws = Aws::from_environment().await?;
    let stack = Stack::find(&aws, stack).await?;
    let function = stack.database_admin()?;
    let event = json!({"task": "migrate"});
    match ask_database_admin(&aws, function, &event, PATIENCE).await? {
        Answer::Version(version) => {
            let function = tame(function);
            output::print(&format!(
                "By the function {function}: the schema has version {version}."
            ));
            Ok(Exit::Fine)
        }
        other => Err(strange(function, &format!("{other:?}"))),
    }
}

async fn directly(url: &str, role: Option<&str>) -> Result<Exit, Failure> {
    const NAMED: &str = "--database-url";
    let region = aws::region().await;
    let settings = store::settings(NAMED, url, region.as_deref())?;
    let database = tame(&format!("{}/{}", settings.host, settings.database));
    let (version, newest) = match settings.engine {
        Engine::Postgres => (
            postgres(settings, role).await?,
            sluice_postgres::latest_version(),
        ),
        Engine::Mysql => (mysql(settings, role).await?, sluice_mysql::latest_version()),
    };
    output::print(&if version > newest {
        format!(
            "{database} has version {version}, which a later release made. This one needs {newest}."
        )
    } else {
        format!("{database} has version {version}.")
    });
    Ok(Exit::Fine)
}

async fn postgres(settings: Settings, role: Option<&str>) -> Result<i32, Failure> {
    let failed = |sluice_postgres::MigrateError::Failed { what, why }| failed(&what, &why, UNDONE);
    let unreached = out_of_reach(&settings);
    let client = PostgresStore::client(settings).await.map_err(unreached)?;
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
    let unreached = out_of_reach(&settings);
    let mut client = MysqlStore::client(settings).await.map_err(unreached)?;
    let version = sluice_mysql::migrate(&mut client).await.map_err(failed)?;
    if let Some(user) = user {
        sluice_mysql::grant(&mut client, user)
            .await
            .map_err(failed)?;
    }
    Ok(version)
}

fn out_of_reach(settings: &Settings) -> impl Fn(StoreError) -> Failure + use<> {
    let database = tame(&format!("{}/{}", settings.host, settings.database));
    move |why| {
        Failure::environment(
            format!("there is no connection to {database}: {why}"),
            "see that it runs and that the address is right, then run the same command again",
        )
    }
}

/// A signal came.
pub(crate) fn stopped(arguments: &MigrateArguments) -> Failure {
    let what = if arguments.database_url.is_some() {
        "stopped: a migration that was under way is undone, or on MySQL goes on where it stopped"
    } else {
        "stopped waiting: if the function database-admin was called already, it goes on by itself"
    };
    Failure::wrong(what, "run the same command again, which says how it ended")
}

/// What became of a step that failed, on PostgreSQL.
const UNDONE: &str = "mend this, then run the same command again: what failed has no effect";

/// And on MySQL.
const AGAIN: &str = "mend this, then run the same command again: what was done until then does no harm when it is done again";

fn failed(what: &str, why: &str, next: &'static str) -> Failure {
    Failure::wrong(format!("{what} failed: {why}"), next)
}
