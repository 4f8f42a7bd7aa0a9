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
mod purge;
mod queues;
mod replay;
mod resend;
mod select;
mod show;
mod sqs;
mod stop;
mod sweep;
mod why;

use sluice_order::SystemClock;
use sluice_store::DynamoStore;

use self::{
    arguments::{DlqArguments, DlqCommand},
    purge::Purge,
    sqs::Sqs,
    stop::Stop,
};
use crate::{
    deployment::{aws::Aws, stack::Stack},
    terminal::failure::{Exit, Failure},
};

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
