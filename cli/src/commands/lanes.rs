//! `sluice pause`, `sluice resume` and `sluice pace`: stops a lane, starts it again, shows how fast it is.
//!
//! A lane is stopped at its event source ([`source`], [`switch`]), which takes the orders from its queue. How fast it is
//! follows from what `CloudWatch` says of the queue ([`figures`], [`drained`]); [`row`] and [`text`] show it. Only
//! [`cloudwatch`] and [`lambda`] know AWS.

pub(crate) mod args;
mod cloudwatch;
mod drained;
mod figures;
mod lambda;
mod pace;
mod row;
mod source;
mod switch;
mod text;

use sluice_order::Lane;

use crate::{
    Exit, Failure, aws::Aws, lanes::lambda::Lambda, output, progress::Progress, stack::Stack,
};
pub(crate) use pace::run as pace;
pub(crate) use switch::Turn;

/// Pauses or resumes a lane.
pub(crate) async fn turn(stack: &str, lane: Lane, turn: Turn) -> Result<Exit, Failure> {
    let aws = Aws::from_environment().await?;
    let stack = Stack::find(&aws, stack).await?;
    let lambda = Lambda::new(&aws);
    let queues = stack.queues(lane)?;
    let source = lambda.find(&queues, stack.consumer(lane)?).await?;
    let progress = Progress::open("Waiting until Lambda has switched it");
    let done = switch::turn(&lambda.switch(source.id), lane, turn).await?;
    drop(progress);
    let deployed = stack.parameter(lane, "Enabled").ok();
    output::print(&done.said(lane, turn, deployed))?;
    Ok(Exit::Fine)
}
