//! The arguments of `sluice dlq`.
#![expect(
    clippy::doc_markdown,
    reason = "the doc comments are help texts for a terminal"
)]

use clap::{Args, Subcommand};
use sluice_order::Lane;

use super::{select::LetterId, why::Why};
use crate::terminal::parse::{at_least_one, lane, rate};

/// See the dead letters, send them back, or remove them
///
/// A dead letter is a message that could not be fulfilled. SQS cannot be searched: it hands out some messages at a time,
/// in no order. While a command runs, the letters it received are hidden from other readers. A letter that one run misses
/// may show up in the next.
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
    /// Only letters of this lane: standard or hot
    #[arg(long, value_name = "LANE", value_parser = lane)]
    pub(crate) lane: Option<Lane>,
    /// Only letters with this reason, such as NOT_JSON or PANIC; moved: SQS or SNS put it there, and they give no reason
    #[arg(long, value_name = "REASON")]
    pub(crate) reason: Option<Why>,
}

impl Filter {
    /// The lanes to look at.
    pub(crate) fn lanes(&self) -> Vec<Lane> {
        self.lane
            .map_or_else(|| Lane::ALL.to_vec(), |lane| vec![lane])
    }
}

/// List a sample of the dead letters, and why they are there
///
/// Shows ids and reasons, never what was ordered. The letters stay where they are.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Show at most N letters
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = at_least_one)]
    pub(crate) limit: usize,
    /// Print the list as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show all of a dead letter: its reason, attributes and body
///
/// The body is what the customer sent, with name and address. The letter stays where it is. It exits 1 if a letter was
/// not found.
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
/// Each letter goes to the queue that it came from, never to the topic, with its attributes, its message group and its
/// trace. It is removed only after SQS has confirmed the send. If the command is interrupted between the two, the message
/// is in both queues: that does no harm, because storage takes an order once. The attribute sluice.dead_letter counts how
/// often a letter was sent back.
/// It exits 1 if a letter was not sent back, or one of the IDs was not found.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct ReplayLettersArguments {
    /// Only these letters: message ids or order ids
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<LetterId>,
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Send at most N letters
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) limit: Option<usize>,
    /// Send at most N letters a second
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// Print what would be sent; send and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Remove dead letters for good
///
/// The command shows the letters and asks before it removes them. Before a letter is removed, its order is recorded as
/// REJECTED with the reason PURGED, and with its content if the message can be read. An order that is already stored stays
/// as it is. A letter whose body names no order is removed without a record. It exits 1 if a letter was not removed, or
/// one of the IDs was not found.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct PurgeArguments {
    /// Only these letters: message ids or order ids
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<LetterId>,
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Remove at most N letters
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = at_least_one)]
    pub(crate) limit: usize,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print what would be removed; record and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
