//! What the command understands.
#![expect(
    clippy::doc_markdown,
    reason = "the doc comments are help texts for a terminal"
)]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use sluice_order::OrderId;

use crate::{
    dlq::args::DlqArguments,
    lanes::args::{PaceArguments, PauseArguments, ResumeArguments},
    map::args::MapArguments,
    plan::args::PlanArguments,
    trace::args::TraceArguments,
};

const EXAMPLES: &str = "\
Examples:
  sluice submit order.json                      post one order under a new key, and print the key
  sluice submit order.json --idempotency-key K  post it again: it stays one order
  sluice status ord_… --wait 60                 see where it stands, for up to a minute until it is stored
  sluice replay sales.csv                       post every invoice, then check that storage holds each one once
  sluice replay sales.csv --rate 50 --limit 100 the first hundred, at most 50 a second
  sluice replay sales.csv --speed 3600          at the file's own timing, an hour in each second
  sluice --stack shop-staging replay sales.csv  against another stack
  sluice dlq list                               what could not be fulfilled, and why
  sluice dlq replay --reason PANIC --dry-run    what would go back to its queue, once the cause is mended
  sluice pace                                   how fast each lane is, and when it will be drained
  sluice pause standard                         let the lane's orders wait, while storage is being mended
  sluice resume standard                        take them again
  sluice trace ord_…                            its way through the service, and how long each part took
  sluice map --since 10m                        who called whom, how often, how fast, and what failed
  sluice plan --peak 5000/s --for 10m --writes-per-second 400
                                                what a sale will do to the queue, the limits and the bill

Where it looks:
  The addresses are the outputs of the CloudFormation stack. Region and credentials come from where every AWS tool
  takes them (AWS_REGION, AWS_PROFILE, `aws sso login`, …). For a local stack, source the env file that
  `make local` names: it sets AWS_ENDPOINT_URL.

Exit codes:
  0  fine
  1  something is missing or wrong, or was refused
  2  wrong usage, or the environment: no such stack, no credentials, no connection, an unreadable file";

/// Posts orders to Sluice, shows where they stand, checks that storage holds what was accepted, handles dead letters, plans sales, pauses lanes, follows traces.
#[derive(Parser, Debug)]
#[command(name = "sluice", version, after_help = EXAMPLES)]
pub struct Arguments {
    /// The CloudFormation stack to work with
    #[arg(
        long,
        global = true,
        env = "SLUICE_STACK",
        default_value = "sluice",
        value_name = "NAME"
    )]
    pub(crate) stack: String,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Submit(SubmitArguments),
    Status(StatusArguments),
    Replay(ReplayArguments),
    Dlq(DlqArguments),
    Pace(PaceArguments),
    Pause(PauseArguments),
    Resume(ResumeArguments),
    Trace(TraceArguments),
    Map(MapArguments),
    Plan(Box<PlanArguments>),
}

/// Post one order and print the answer
///
/// The answer is JSON on standard output: the order's id, its total, and when it was accepted. A refusal says on
/// standard error what is wrong with which field, and exits 1. When the service does not answer (429, 5xx, no
/// connection) the call is repeated under the same key, so it stays one order.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct SubmitArguments {
    /// The order as JSON; - reads standard input
    pub(crate) file: PathBuf,
    /// Names the order for the customer: whoever repeats it means the same order. Made up and printed if not given
    #[arg(long, value_name = "KEY", value_parser = idempotency_key)]
    pub(crate) idempotency_key: Option<String>,
}

/// Show where an order stands
///
/// ACCEPTED means in the buffer, IN_FULFILLMENT stored, REJECTED not stored for the reason given (exits 1).
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct StatusArguments {
    /// The order's id, as the answer to its post gave it
    pub(crate) id: OrderId,
    /// Ask again for so many seconds, until it is no longer ACCEPTED; exits 1 if it still is
    #[arg(long, value_name = "SECS")]
    pub(crate) wait: Option<u64>,
    /// Print the service's answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Post a file of sales and check that storage holds every accepted order once
///
/// Each invoice of the file becomes one order, the InvoiceNo its Idempotency-Key; the unfit ones are posted too, since
/// the service has to refuse them. When all are posted it waits for the buffer to drain, and then reads the table
/// itself: every accepted order must be there once, with its exact content, and nothing else of these customers.
/// Running it again adds no order. The file has the columns
/// InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country.
///
/// It exits 1 if anything is missing, wrong, doubled, unexpected or unanswered, if a fit order was refused, or an
/// unfit one accepted.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct ReplayArguments {
    /// The sales, as CSV
    pub(crate) file: PathBuf,
    /// Post at most so many orders a second
    #[arg(long, value_name = "N", value_parser = positive, conflicts_with = "speed")]
    pub(crate) rate: Option<f64>,
    /// Post the first N invoices only
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) limit: Option<usize>,
    /// Post at the times of the file, X times as fast
    #[arg(long, value_name = "X", value_parser = positive)]
    pub(crate) speed: Option<f64>,
    /// Wait for so many answers at once
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = in_flight)]
    pub(crate) in_flight: usize,
    /// Give up waiting for the buffer when it has not shrunk for so long
    #[arg(long, value_name = "SECS", default_value_t = 120)]
    pub(crate) patience: u64,
    /// Print the report as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn positive(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|n: &f64| n.is_finite() && *n > 0.0)
        .ok_or_else(|| "must be a number above 0".to_owned())
}

pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| "must be an integer of at least 1".to_owned())
}

fn in_flight(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|n| (1..=1_000).contains(n))
        .ok_or_else(|| "must be an integer from 1 to 1000".to_owned())
}

fn idempotency_key(text: &str) -> Result<String, String> {
    sluice_order::IdempotencyKey::new(text.to_owned())
        .map(|_| text.to_owned())
        .ok_or_else(|| "must be 1 to 255 visible ASCII characters".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn rate_and_speed_exclude_each_other_and_must_be_above_zero() {
        let parse = |rest: &[&str]| {
            Arguments::try_parse_from([&["sluice", "replay", "f.csv"], rest].concat())
        };
        assert!(parse(&["--rate", "2.5", "--in-flight", "1"]).is_ok());
        for bad in [
            &["--rate", "1", "--speed", "1"][..],
            &["--rate", "0"],
            &["--rate", "NaN"],
            &["--speed", "-1"],
            &["--speed", "inf"],
            &["--in-flight", "0"],
            &["--limit", "0"],
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_lane_that_there_is_not_is_wrong_usage_and_the_lanes_are_named() {
        for command in ["pause", "resume"] {
            assert!(Arguments::try_parse_from(["sluice", command, "hot"]).is_ok());
            let error = Arguments::try_parse_from(["sluice", command, "fast"]).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            let told = error.to_string();
            assert!(told.contains("the lanes are standard and hot"), "{told}");
            assert!(Arguments::try_parse_from(["sluice", command]).is_err());
        }
        assert!(Arguments::try_parse_from(["sluice", "pace", "--lane", "fast"]).is_err());
    }

    #[test]
    fn the_stack_may_stand_before_or_after_the_command() {
        let id = format!("ord_{}", "A".repeat(32));
        for line in [
            ["sluice", "--stack", "s", "status", &id],
            ["sluice", "status", &id, "--stack", "s"],
        ] {
            assert_eq!(Arguments::try_parse_from(line).unwrap().stack, "s");
        }
        assert!(Arguments::try_parse_from(["sluice", "status", "ord_1"]).is_err());
    }
}
