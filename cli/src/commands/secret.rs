//! `sluice secret`: the secrets that order ids are sealed with.
//!
//! A rotation must never give out an id that some function does not know yet. So a new secret is added first, every function
//! has the time to read it, and only then are ids sealed with it. [`ring`] says what is written, [`manager`] writes it.

mod manager;
mod ring;

use std::time::Duration;

use clap::{Args, Subcommand};
use tokio::time::{Instant, interval};

use self::manager::Manager;
use crate::{
    deployment::{aws::Aws, stack::Stack},
    terminal::{
        failure::{Exit, Failure},
        output,
        progress::Progress,
    },
};

/// Show, rotate or retire the secrets that order ids are sealed with
#[derive(Args, Debug)]
pub(crate) struct SecretArguments {
    #[command(subcommand)]
    command: SecretCommand,
}

#[derive(Subcommand, Debug)]
enum SecretCommand {
    /// Show the numbers of the secrets, never the secrets
    List,
    /// Add a secret, wait until every function knows it, then seal new ids with it
    ///
    /// Ids that were sealed with another secret stay good. Nothing is deployed and nothing is rejected meanwhile. A rotation that
    /// was stopped goes on with the secret that it added when the command is run again; retire that one first if somebody may
    /// know it.
    Rotate,
    /// Remove a secret: every id that was sealed with it is refused from then on
    ///
    /// For a secret that somebody else may know. Rotate first: it refuses as long as new orders may be sealed with it. Orders
    /// that are in a queue under such an id wait there, and become dead letters after four days.
    Retire {
        /// The number of the secret
        number: u8,
        /// Do it: without this, the command only says what it would do
        #[arg(long)]
        yes: bool,
    },
}

pub(crate) async fn run(stack: &str, arguments: &SecretArguments) -> Result<Exit, Failure> {
    let aws = Aws::from_environment().await?;
    let stack = Stack::find(&aws, stack).await?;
    let manager = Manager::new(aws, stack.secret()?);
    match arguments.command {
        SecretCommand::List => {
            output::print(manager.read().await?.to_string().trim_end());
            Ok(Exit::Fine)
        }
        SecretCommand::Rotate => rotate(&manager, stack.secret_age()?).await,
        SecretCommand::Retire { number, yes } => {
            let age = stack.secret_age()?;
            retire(&manager, age, number, yes).await
        }
    }
}

/// The failure of a run that a signal ended. What was written stays as it is: a rotation that has added a secret goes on with
/// it.
pub(crate) fn stopped() -> Failure {
    Failure::wrong(
        "stopped: it is not known whether the secret was changed",
        "see `sluice secret list`, then run the same command again: a rotation goes on where it was",
    )
}

async fn rotate(manager: &Manager, max_age: Duration) -> Result<Exit, Failure> {
    let mut added = manager.read().await?;
    if let Some(number) = added.waiting() {
        output::say(format!(
            "Secret {number} was added by a rotation that was stopped: this one goes on with it"
        ));
    } else {
        added = added.with_new()?;
        manager.write(&added).await?;
    }
    let number = added.newest();
    let end = Instant::now() + waiting_time(max_age);
    let progress = Progress::open("Waiting until every function knows the new secret");
    let mut seconds = interval(Duration::from_secs(1));
    while Instant::now() < end {
        let left = end.saturating_duration_since(Instant::now()).as_secs();
        progress.say(format!(
            "Until every function knows secret {number}: {left} s"
        ));
        seconds.tick().await;
    }
    drop(progress);
    // Somebody else may have rotated meanwhile.
    if manager.read().await? != added {
        return Err(manager::changed());
    }
    manager.write(&added.with_current(number)).await?;
    let seconds = max_age.as_secs();
    output::print(&format!(
        "New ids are sealed with secret {number}, within {seconds} s in every function. Ids of the others stay good."
    ));
    Ok(Exit::Fine)
}

/// How long until every function that can read the secrets has read a change: each does so after their greatest age, when an
/// invocation begins.
fn waiting_time(max_age: Duration) -> Duration {
    max_age + max_age / 5
}

async fn retire(
    manager: &Manager,
    max_age: Duration,
    number: u8,
    yes: bool,
) -> Result<Exit, Failure> {
    let ring = manager.read().await?;
    let without = ring.without(number)?;
    if !yes {
        return Err(Failure::wrong(
            format!(
                "every id that was sealed with secret {number} would be refused, and orders in a queue under such an id would not be stored"
            ),
            "run the same command with --yes if somebody else may know this secret",
        ));
    }
    let wait = waiting_time(max_age).saturating_sub(manager.age().await?);
    if !wait.is_zero() {
        return Err(Failure::wrong(
            format!(
                "the secrets were changed a moment ago, and new orders may still be sealed with secret {number}"
            ),
            format!("run the same command again in {} s", wait.as_secs() + 1),
        ));
    }
    manager.write(&without).await?;
    output::print(&format!(
        "Secret {number} is removed. Every id that was sealed with it is refused."
    ));
    Ok(Exit::Fine)
}
