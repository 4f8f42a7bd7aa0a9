//! `sluice pause`, `sluice resume` and `sluice pace`: stops a lane, starts it again, shows how fast it is.
//!
//! A lane is stopped at its event source ([`source`], [`switch`]), which takes the orders from its queue. How fast it is
//! follows from what `CloudWatch` says of the queue ([`queue_metrics`], [`drained`]); [`lane_row`] and [`lane_table`] show
//! it. Only [`cloudwatch`] and [`lambda`] know AWS.

pub(crate) mod arguments;
mod cloudwatch;
mod drained;
mod lambda;
mod lane_row;
mod lane_table;
pub(crate) mod pace;
mod queue_metrics;
mod source;
pub(crate) mod switch;

use sluice_order::Lane;

use self::{lambda::Lambda, switch::Action};
use crate::{
    deployment::{aws::Aws, stack::Stack},
    terminal::{
        failure::{Exit, Failure},
        output,
        progress::Progress,
        stop::Stop,
    },
};

/// Pauses or resumes a lane.
pub(crate) async fn switch_lane(
    stack: &str,
    lane: Lane,
    action: Action,
    stop: &Stop,
) -> Result<Exit, Failure> {
    let work = async {
        let aws = Aws::from_environment().await?;
        let stack = Stack::find(&aws, stack).await?;
        let lambda = Lambda::new(&aws);
        let queues = stack.queues(lane)?;
        let source = lambda.find(&queues, stack.consumer(lane)?).await?;
        let progress = Progress::open("Waiting until Lambda has switched it");
        let done = switch::switch(&lambda.event_source(source.id), lane, action).await?;
        drop(progress);
        let deployed = stack.parameter(lane, "Enabled").ok();
        output::print(&done.said(lane, action, deployed));
        Ok(Exit::Fine)
    };
    let stopped = || {
        let is = action.done();
        Failure::wrong(
            format!("stopped: it is not known whether the {lane} lane will be {is}"),
            "run the same command again, or look with `sluice pace`",
        )
    };
    stop.unless(work, stopped).await
}
