//! What the administering function does: it makes the schema in a deploy, and says what the database holds to those who cannot
//! reach it.

use serde::{Deserialize, Serialize};
use sluice_runtime::Https;

use crate::custom_resource::{self, Request};

/// The most hashes in one answer. Lambda answers at most 6 MB: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const PAGE: u32 = 10_000;

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
    /// The keys and hashes of the orders behind this key, in the order of the keys.
    Hashes {
        /// The last key that was seen; empty at the beginning.
        #[serde(default)]
        after: String,
    },
}

/// What the function answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
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

/// Keys with their hashes, and where to go on.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize)]
pub struct Hashes {
    /// An order's key and its content's hash.
    pub orders: Vec<(String, String)>,
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

    /// The first `limit` keys behind this one, with their hashes.
    fn hashes(
        &self,
        after: &str,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<(String, String)>, String>>;
}

/// Does what an event asks for. CloudFormation is told by itself.
pub async fn serve(event: Event, database: &impl Administered, https: &Https) -> Answer {
    let task = match &event {
        Event::Resource(request) if request.is_delete() => None,
        Event::Resource(_) => Some(Task::Migrate),
        Event::Task(task) => Some(task.clone()),
    };
    let answer = match task {
        // The orders stay, and their schema with them.
        None => Answer::Version(0),
        Some(task) => done(&task, database).await.unwrap_or_else(Answer::Failed),
    };
    if let Answer::Failed(why) = &answer {
        tracing::error!(why, "the database is as it was");
    }
    if let Event::Resource(request) = event {
        custom_resource::answer(&request, &answer, https).await;
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
            let next = last.map(|(key, _)| key.clone());
            Answer::Hashes(Hashes { orders, next })
        }
    })
}
