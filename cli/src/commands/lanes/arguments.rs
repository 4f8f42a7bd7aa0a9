//! The arguments of `sluice pause`, `sluice resume` and `sluice pace`.

use clap::Args;
use sluice_order::Lane;

use crate::terminal::parse;

/// Stop taking a lane's orders from their queue
///
/// Nothing is refused: orders are accepted as before and wait in the queue, up to 14 days each. Batches that have begun
/// end within a minute. The command waits until Lambda has stopped, and prints the parameter that keeps the next
/// `sam deploy` from undoing it. A lane that is already paused stays paused.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct PauseArguments {
    /// The lane: standard or hot
    #[arg(value_name = "LANE", value_parser = parse::lane)]
    pub(crate) lane: Lane,
}

/// Take a paused lane's orders from their queue again
///
/// The orders that waited are stored at the lane's pace. The command waits until Lambda has started, and prints the
/// parameter that keeps the next `sam deploy` from undoing it. A lane that is already running keeps running.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct ResumeArguments {
    /// The lane: standard or hot
    #[arg(value_name = "LANE", value_parser = parse::lane)]
    pub(crate) lane: Lane,
}

/// Show how fast the lanes are, and when their queues will be empty
///
/// For each lane: whether it runs, what it is set to, how many orders wait and how long, and how many orders came and
/// went a second, over the last full minutes that CloudWatch has (at most five). From these rates follows when the queue
/// will be empty, and when it would be at the pace that the lane is set to. A figure that CloudWatch does not have is shown
/// as unknown: its figures are a minute or more late, and it has none for a queue that nobody used for six hours. The age
/// leaves out orders that were received three times and are not stored yet, as after an outage.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct PaceArguments {
    /// Only this lane: standard or hot
    #[arg(long, value_name = "LANE", value_parser = parse::lane)]
    pub(crate) lane: Option<Lane>,
    /// Print the lanes as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
