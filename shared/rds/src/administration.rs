//! What the administering function does: it makes the schema in a deploy, and says what the database holds to those who cannot
//! reach it.

use std::time::Duration;

use lambda_runtime::{Context, Error};
use serde::{Deserialize, Serialize};
use sluice_database::{Admission, Listed, Password, Settings};
use sluice_runtime::{Https, SettingError, custom_resource::Request, required};
use sluice_store::StoreError;
use tokio::time::{Instant, sleep, timeout};

use crate::{Login, settings};

/// The most hashes in one answer. Lambda answers at most 6 MB: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const PAGE: u32 = 10_000;

/// The longest that one try to connect may take: a database that paused needs some 15 s to wake up.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html>
const CONNECT: Duration = Duration::from_secs(20);

/// How long it is tried.
const TRIED: Duration = Duration::from_mins(5);

/// The wait before it is tried again.
const PAUSE: Duration = Duration::from_secs(2);

/// How long the work may take. Lambda ends the function after 15 minutes, and CloudFormation would hear nothing.
const ENOUGH: Duration = Duration::from_mins(14);

/// The custom resource's id, which never changes.
const RESOURCE: &str = "schema";

/// What the function is invoked with.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// By CloudFormation, in a deploy.
    Resource(Request),
    /// By an operator's command.
    Task(Task),
}

/// What an operator's command asks for.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(tag = "task", rename_all = "lowercase")]
pub enum Task {
    /// Bring the schema up to this release.
    Migrate,
    /// How many orders there are.
    Count,
    /// The orders behind this key, by their keys, without whose they are and what is in them.
    Hashes {
        /// The last key that was seen; empty at the beginning.
        #[serde(default)]
        after: String,
    },
}

/// What the function answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// The version that the schema has.
    Version(i32),
    /// How many orders there are.
    Count(u64),
    /// Some of the hashes.
    Hashes(Hashes),
    /// It failed; why, for the operator.
    Failed(String),
}

/// Some of the orders, and where to go on.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hashes {
    /// The orders.
    pub orders: Vec<Listed>,
    /// The last key, if there may be more.
    pub next: Option<String>,
}

/// The database. A seam: PostgreSQL or MySQL.
pub trait Administered {
    /// Brings the schema up to this release, and gives the functions' user what it needs. The version.
    ///
    /// # Errors
    /// Why it failed, without an order in it. So do the others.
    fn migrate(&self) -> impl Future<Output = Result<i32, String>>;

    /// How many orders there are.
    fn count(&self) -> impl Future<Output = Result<u64, String>>;

    /// The first `limit` orders behind this key.
    fn hashes(&self, after: &str, limit: u32) -> impl Future<Output = Result<Vec<Listed>, String>>;
}

/// What the administering function knows of the database.
#[derive(Clone, Debug)]
pub struct Administration {
    /// How its owner reaches it.
    pub owner: Settings,
    /// The functions' user.
    pub user: String,
    password: Option<Password>,
    /// Tokens are for RDS Proxy, and not for the database behind it.
    is_behind_proxy: bool,
}

impl Administration {
    /// As the function's variables say, in a stack that stores its orders in `store`.
    fn new(store: &str, https: &Https) -> Result<Self, SettingError> {
        sluice_runtime::built_for(store)?;
        let mut owner = settings(Login::Owner, https)?;
        let functions = settings(Login::Functions, https)?;
        if owner.user == functions.user {
            return Err(SettingError::unfit(
                "DatabaseOwner is the user in DatabaseUrl: the functions need one of their own, who may do less",
            ));
        }
        owner.connect_timeout = CONNECT;
        Ok(Self {
            user: functions.user,
            password: (!owner.is_loopback()).then_some(functions.password),
            is_behind_proxy: required("DATABASE_RESOURCE_ID")
                .is_ok_and(|id| id.starts_with("prx-")),
            owner,
        })
    }

    /// How the functions' user is to be let in. Its secret is tried to be read for some minutes: IAM may not have spread the right
    /// to it yet.
    ///
    /// # Errors
    /// Its secret cannot be read; why.
    pub async fn admission(&self) -> Result<Admission, String> {
        match &self.password {
            None => Ok(Admission::Trusted),
            Some(password) if required("DATABASE_SECRET").is_ok() => {
                tried(async || {
                    let asked = password.ask().await?;
                    Ok(Admission::Password(asked.unwrap_or_default()))
                })
                .await
            }
            Some(_) if self.is_behind_proxy => Ok(Admission::ByProxy),
            Some(_) => Ok(Admission::Token),
        }
    }

    /// A connection, which is tried for some minutes: the database may be waking up, or in a failover.
    ///
    /// # Errors
    /// There is none; why.
    pub async fn connected<C>(
        &self,
        connect: impl AsyncFn(Settings) -> Result<C, StoreError>,
    ) -> Result<C, String> {
        tried(async || {
            let connected = connect(self.owner.clone()).await;
            connected.map_err(|why| format!("there is no connection to the database: {why}"))
        })
        .await
    }
}

/// What `does` makes. It is tried for some minutes.
async fn tried<T>(does: impl AsyncFn() -> Result<T, String>) -> Result<T, String> {
    let begun = Instant::now();
    loop {
        match does().await {
            Err(why) if begun.elapsed() < TRIED => tracing::warn!(why, "not yet"),
            done => return done,
        }
        sleep(PAUSE).await;
    }
}

/// Runs the administering function of a program that stores orders in `store`. What is wrong with its settings is answered, because
/// CloudFormation would wait for an answer that never comes.
///
/// # Errors
/// The Runtime API is out of reach.
pub async fn administer<D: Administered>(
    crate_name: &'static str,
    store: &str,
    database: impl FnOnce(Administration) -> D,
) -> Result<(), Error> {
    sluice_runtime::run(crate_name, async || {
        let https = Https::new();
        let known = Administration::new(store, &https).map(database);
        let known = known.map_err(|error| error.to_string());
        Ok(async move |event: Event, _: Context| serve(event, known.as_ref(), &https).await)
    })
    .await
}

/// Does what an event asks for. `database` is `Err` with the reason where none can be reached, and that reason is the answer then.
/// If CloudFormation asked, it is sent the answer too: it does not read what the function returns.
pub async fn serve<D: Administered>(
    event: Event,
    database: Result<&D, &String>,
    https: &Https,
) -> Answer {
    let task = match &event {
        Event::Resource(request) if request.is_delete() => None,
        Event::Resource(_) => Some(Task::Migrate),
        Event::Task(task) => Some(task.clone()),
    };
    let answer = match (task, database) {
        // The orders stay, and their schema with them.
        (None, _) => Answer::Version(0),
        (Some(_), Err(why)) => Answer::Failed(why.clone()),
        (Some(task), Ok(database)) => timeout(ENOUGH, done(&task, database))
            .await
            .unwrap_or_else(|_| Err(format!("not done within {ENOUGH:?}")))
            .unwrap_or_else(Answer::Failed),
    };
    let failure = match &answer {
        Answer::Failed(why) => Some(why.as_str()),
        _ => None,
    };
    if let Some(why) = failure {
        tracing::error!(why, "the database was not brought to what the stack needs");
    }
    if let Event::Resource(request) = &event {
        request.answer(RESOURCE, failure, https).await;
    }
    answer
}

async fn done(task: &Task, database: &impl Administered) -> Result<Answer, String> {
    Ok(match task {
        Task::Migrate => Answer::Version(database.migrate().await?),
        Task::Count => Answer::Count(database.count().await?),
        Task::Hashes { after } => {
            let orders = database.hashes(after, PAGE).await?;
            let is_full = orders.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
            let last = orders.last().filter(|_| is_full);
            let next = last.map(|order| order.order_key.clone());
            Answer::Hashes(Hashes { orders, next })
        }
    })
}

#[cfg(test)]
#[path = "administration_tests.rs"]
mod tests;
