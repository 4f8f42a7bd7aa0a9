//! The arguments of `sluice plan`.
#![expect(
    clippy::doc_markdown,
    reason = "the doc comments are help texts for a terminal"
)]

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sluice_order::{
    Lane,
    lane_settings::{CONCURRENCY, GATHERED_PER_SECOND, WRITES_PER_SECOND},
};

use super::quota::Known;
use crate::terminal::{parse, units::seconds};

/// Work out before a sale what it will do to the queue, the limits and the bill
///
/// From the rate at which orders arrive and the rate that storage takes, it works out how many orders wait and how long,
/// when the queue is empty again, what the sale costs, which limits it hits, and the parameters to deploy with. It works
/// offline: no network, no credentials. Waiting times assume the least that a lane promises, 0.9 of its pace, or less where the
/// event source cannot gather the messages for that.
///
/// It exits 1 if a limit is hit, even if it is enough to deploy with the printed parameters.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct PlanArguments {
    /// Orders a second at the busiest moment, such as 5000/s
    #[arg(long, value_name = "N[/s]", value_parser = peak)]
    pub(crate) peak: f64,
    /// How long orders arrive, such as 30s, 10m or 1h30m; with --sales, the time into which the file is compressed
    #[arg(long = "for", value_name = "TIME", value_parser = seconds, required_unless_present = "sales")]
    pub(crate) lasts: Option<f64>,
    /// How orders arrive
    #[arg(long, value_enum, default_value_t = Shape::Constant, conflicts_with = "sales")]
    pub(crate) shape: Shape,
    /// Orders arrive as in this sales file (- reads standard input): its busiest minute becomes the peak, the others keep
    /// their share of it
    #[arg(long, value_name = "FILE")]
    pub(crate) sales: Option<PathBuf>,
    /// Orders a second that storage can take from the lane
    #[arg(long, value_name = "W", value_parser = writes)]
    pub(crate) writes_per_second: f64,
    /// How many invocations of the lane run at once; if not given, the fewest at which it reaches 0.9 of its pace
    #[arg(long, value_name = "C", value_parser = concurrency)]
    pub(crate) concurrency: Option<u32>,
    /// Messages that the event source gathers a second for one batch; AWS documents 100 for a poller in provisioned mode
    #[arg(long, value_name = "N", default_value_t = GATHERED_PER_SECOND, value_parser = gathered)]
    pub(crate) gathered_per_second: f64,
    /// How many lines an order has; if not given, 3, or the average of the sales file
    #[arg(long, value_name = "N", value_parser = lines)]
    pub(crate) items_per_order: Option<f64>,
    /// How long storage takes for a write, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 10.0, value_parser = latency)]
    pub(crate) write_latency: f64,
    /// Where orders are stored
    #[arg(long, value_enum, default_value_t = Store::Dynamodb)]
    pub(crate) store: Store,
    /// How many connections the database has (`max_connections`), or how many of them Sluice may take
    #[arg(long, value_name = "N", required_if_eq_any([("store", "mysql"), ("store", "postgres")]), value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) max_connections: Option<u32>,
    /// How many instances of read-orders may hold a connection; if not given, what the consumers leave, halved
    #[arg(long, value_name = "N", requires = "max_connections", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) readers: Option<u32>,
    /// The lane that takes the orders: standard or hot
    #[arg(long, value_name = "LANE", default_value_t = Lane::Standard, value_parser = parse::lane)]
    pub(crate) lane: Lane,
    /// The region; if not given, AWS_REGION, AWS_DEFAULT_REGION or us-east-1
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// A quota of the account or a setting of the stack, in place of the default; may be repeated. The list of limits shows
    /// the names
    #[arg(long, value_name = "NAME=N")]
    pub(crate) quota: Vec<Known>,
    /// Print the plan as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where orders are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Store {
    /// A table of DynamoDB
    Dynamodb,
    /// A database of MySQL
    Mysql,
    /// A database of PostgreSQL
    Postgres,
}

impl Store {
    /// As the template's parameter has it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Dynamodb => "dynamodb",
            Self::Mysql => "mysql",
            Self::Postgres => "postgres",
        }
    }
}

/// How orders arrive.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Shape {
    /// At the peak all the time
    Constant,
    /// In a straight line from none to the peak at the end
    Ramp,
}

fn within(text: &str, least: f64, most: f64) -> Option<f64> {
    let value = text.parse().ok();
    value.filter(|value: &f64| (least..=most).contains(value))
}

fn peak(text: &str) -> Result<f64, String> {
    within(text.strip_suffix("/s").unwrap_or(text), 0.001, 1e6)
        .ok_or_else(|| "must be orders a second, from 0.001 to 1000000, such as 5000/s".to_owned())
}

fn writes(text: &str) -> Result<f64, String> {
    let (least, most) = (*WRITES_PER_SECOND.start(), *WRITES_PER_SECOND.end());
    within(text, least, most).ok_or_else(|| format!("must be a number from {least} to {most}"))
}

fn concurrency(text: &str) -> Result<u32, String> {
    let (least, most) = (CONCURRENCY.start(), CONCURRENCY.end());
    let value = text
        .parse()
        .ok()
        .filter(|value| CONCURRENCY.contains(value));
    value.ok_or_else(|| {
        format!("must be an integer from {least} to {most}, what an event source takes")
    })
}

fn gathered(text: &str) -> Result<f64, String> {
    within(text, 1.0, 10_000.0)
        .ok_or_else(|| "must be messages a second, from 1 to 10000".to_owned())
}

fn lines(text: &str) -> Result<f64, String> {
    within(text, 1.0, 1_000.0).ok_or_else(|| "must be a number from 1 to 1000".to_owned())
}

fn latency(text: &str) -> Result<f64, String> {
    within(text, 0.1, 3_000.0).ok_or_else(|| {
        "must be milliseconds, from 0.1 to 3000: later a write is given up".to_owned()
    })
}

#[cfg(test)]
#[path = "arguments_tests.rs"]
mod tests;
