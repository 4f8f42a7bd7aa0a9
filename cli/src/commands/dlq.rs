//! `sluice dlq`: shows what is in the dead-letter queues and why; sends letters back or removes them.
//!
//! SQS cannot be searched. So every command goes through a queue by receiving messages ([`sweep`]), hides the letters that
//! it received while it works ([`held`]), and makes them visible again at the end. [`select`] says which letters are
//! meant, [`resend`] what goes back to the lane's queue; both are plain functions. Only [`sqs`] knows AWS.

pub(crate) mod arguments;
mod collect;
mod confirm;
mod held;
mod letter;
mod letter_row;
mod list;
#[cfg(test)]
mod memory;
mod met;
mod purge;
mod queues;
mod replay;
mod resend;
mod select;
mod show;
mod sqs;
mod sweep;
mod why;

use sluice_order::SystemClock;

use self::{
    arguments::{DlqArguments, DlqCommand},
    purge::Purge,
    sqs::Sqs,
};
use crate::{
    deployment::{aws::Aws, stack::Stack, store::Store},
    terminal::{
        failure::{Exit, Failure},
        output,
        stop::Stop,
    },
};

pub(crate) async fn run(
    stack: &str,
    arguments: &DlqArguments,
    stop: &Stop,
) -> Result<Exit, Failure> {
    if let DlqCommand::Purge(purge) = &arguments.command
        && !purge.yes
        && !purge.dry_run
    {
        confirm::somebody_is_there()?;
    }
    let found = async {
        let aws = Aws::from_environment().await?;
        let stack = Stack::find(&aws, stack).await?;
        Ok((aws, stack))
    };
    let (aws, stack) = stop.look(found).await?;
    let queues = Sqs::new(&aws, stack.lanes()?);
    tokio::spawn(announce(stop.clone()));
    match &arguments.command {
        DlqCommand::List(arguments) => list::run(&queues, arguments, stop).await,
        DlqCommand::Show(arguments) => show::run(&queues, arguments, stop).await,
        DlqCommand::Replay(arguments) => replay::run(&queues, arguments, stop).await,
        DlqCommand::Purge(arguments) => {
            let purge = Purge {
                queues: &queues,
                store: &Store::of(&stack, &aws)?,
                clock: SystemClock,
                arguments,
                stop,
            };
            purge::run(&purge, confirm::number).await
        }
    }
}

/// Says at once that the end has begun, since the letters that are held have to be released first.
async fn announce(stop: Stop) {
    stop.requested().await;
    output::say("Stopping, and releasing what was received. Ctrl-C again ends at once.");
}
