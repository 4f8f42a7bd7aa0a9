//! `sluice dlq`: what is in the dead-letter queues and why; sends letters back or removes them.
//!
//! SQS cannot be searched, so every command goes through a queue by receiving ([`sweep`]), keeps what it met hidden
//! while it works ([`held`]) and shows it again at the end. [`select`] says which letters are meant, [`resend`] what
//! goes back to the lane's queue; both are plain functions. Only [`sqs`] knows AWS.

pub(crate) mod args;
mod collect;
mod confirm;
mod held;
mod letter;
mod list;
#[cfg(test)]
mod memory;
mod purge;
mod queues;
mod replay;
mod resend;
mod row;
mod select;
mod show;
mod sqs;
mod stop;
mod sweep;
mod why;

use sluice_order::{Lane, SystemClock};
use sluice_store::DynamoStore;

use crate::{Exit, Failure, aws::Aws, stack::Stack};
use args::{DlqArguments, DlqCommand, Filter};
use purge::Purge;
use select::Selection;
use sqs::Sqs;
use stop::Stop;

pub(crate) async fn run(stack: &str, arguments: &DlqArguments) -> Result<Exit, Failure> {
    if let DlqCommand::Purge(purge) = &arguments.command
        && !purge.yes
        && !purge.dry_run
    {
        confirm::somebody_is_there()?;
    }
    let aws = Aws::from_environment().await?;
    let stack = Stack::find(&aws, stack).await?;
    let queues = Sqs::new(&aws, stack.lanes()?);
    let stop = Stop::on_ctrl_c();
    match &arguments.command {
        DlqCommand::List(arguments) => list::run(&queues, arguments, &stop).await,
        DlqCommand::Show(arguments) => show::run(&queues, arguments, &stop).await,
        DlqCommand::Replay(arguments) => replay::run(&queues, arguments, &stop).await,
        DlqCommand::Purge(arguments) => {
            let client = aws_sdk_dynamodb::Client::new(&aws.config);
            let purge = Purge {
                queues: &queues,
                store: &DynamoStore::new(client, stack.table()?),
                clock: SystemClock,
                arguments,
                stop: &stop,
            };
            purge::run(&purge, confirm::number).await
        }
    }
}

impl Filter {
    fn lanes(&self) -> Vec<Lane> {
        self.lane
            .map_or_else(|| Lane::ALL.to_vec(), |lane| vec![lane])
    }
}

/// Whether every id that was asked for was met; else says which were not.
fn found(selection: &Selection, seen: usize) -> Result<Exit, Failure> {
    let missing = selection.missing();
    if missing.is_empty() {
        return Ok(Exit::Fine);
    }
    Err(Failure::wrong(
        format!("not among the {seen} letters met: {}", missing.join(", ")),
        "look again in a minute: SQS hands messages out in no order, and none that somebody else is looking at",
    ))
}
