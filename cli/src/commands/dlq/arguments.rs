//! What `sluice dlq` understands.
#![expect(
    clippy::doc_markdown,
    reason = "the doc comments are help texts for a terminal"
)]

use clap::{Args, Subcommand};
use sluice_order::Lane;

use super::{select::LetterId, why::Why};
use crate::args::{at_least_one, positive};

/// See the dead letters, send them back, or remove them
///
/// A dead letter is a message that could not be fulfilled. SQS cannot be searched: it hands messages out, some at a
/// time and in no order, and what a command got is hidden from all others while it works. So a letter that one run does
/// not meet the next one may.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct DlqArguments {
    #[command(subcommand)]
    pub(crate) command: DlqCommand,
}

#[derive(Subcommand, Debug)]
pub(crate) enum DlqCommand {
    List(ListArguments),
    Show(ShowArguments),
    Replay(ReplayLettersArguments),
    Purge(PurgeArguments),
}

/// Which dead letters.
#[derive(Args, Debug)]
pub(crate) struct Filter {
    /// Only those of this lane: standard or hot
    #[arg(long, value_name = "LANE")]
    pub(crate) lane: Option<Lane>,
    /// Only those with this reason, such as NOT_JSON or PANIC; moved: put there by SQS or SNS, which give none
    #[arg(long, value_name = "REASON")]
    pub(crate) reason: Option<Why>,
}

/// List a sample of the dead letters, and why they are there
///
/// Shows ids and reasons, never what was ordered. The letters stay where they are.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Show at most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = at_least_one)]
    pub(crate) limit: usize,
    /// Print the list as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show all of a dead letter: its reason, attributes and body
///
/// The body is what a customer sent, name and address with it. The letter stays where it is. It exits 1 if there is none.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct ShowArguments {
    /// A message id (of the letter, or the one that the consumer's log names) or an order id
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<LetterId>,
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Print the letters as a JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

/// Send dead letters back to their lane's queue
///
/// Each goes to the queue that it came from, never to the topic, with its attributes, its message group and its trace.
/// It is removed only after SQS has confirmed the send: if anything ends in between it is there twice, which does no
/// harm, because storage takes an order once. How often it was sent back stands in its attribute sluice.dead_letter.
/// It exits 1 if a letter was not sent back, or one of the IDs was not found.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct ReplayLettersArguments {
    /// Only these: message ids or order ids
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<LetterId>,
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Send at most so many
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) limit: Option<usize>,
    /// Send at most so many a second
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = positive)]
    pub(crate) rate: f64,
    /// Say what would be sent; send and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Remove dead letters for good
///
/// Shows them and asks. Each order is recorded as REJECTED with the reason PURGED and, where its message can be read,
/// with its content, before the letter is removed; an order that is stored already stays as it is. A body that names no
/// order is removed without a record. It exits 1 if a letter was not removed, or one of the IDs was not found.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct PurgeArguments {
    /// Only these: message ids or order ids
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<LetterId>,
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Remove at most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = at_least_one)]
    pub(crate) limit: usize,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Say what would be removed; record and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
