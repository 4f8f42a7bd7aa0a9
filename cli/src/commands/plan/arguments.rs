//! What `sluice plan` understands.
#![expect(
    clippy::doc_markdown,
    reason = "the doc comments are help texts for a terminal"
)]

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sluice_order::Lane;

use super::{
    lane::{CONCURRENCY, WRITES},
    quota::Known,
};

/// Work out a sale before it comes: the queue, the limits, the cost, the parameters
///
/// From how orders arrive and what storage takes it computes how many wait and how long, when the queue is empty again,
/// what the sale costs, which limits it hits, and the parameters to deploy with. It calls nobody: no network, no
/// credentials. Waiting is worked out for the least that a lane promises, 0.9 of its pace.
///
/// It exits 1 if a limit is hit, even if the remedy is only to deploy with the printed parameters.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct PlanArguments {
    /// Orders a second at the busiest moment, such as 5000/s
    #[arg(long, value_name = "N[/s]", value_parser = peak)]
    pub(crate) peak: f64,
    /// How long orders arrive, such as 30s, 10m or 1h30m; with --sales, the time that the file is squeezed into
    #[arg(long = "for", value_name = "TIME", value_parser = seconds, required_unless_present = "sales")]
    pub(crate) lasts: Option<f64>,
    /// How they arrive: at the peak all the time, or in a straight line from none to the peak at the end
    #[arg(long, value_enum, default_value_t = Shape::Constant, conflicts_with = "sales")]
    pub(crate) shape: Shape,
    /// Arrive as in this sales file: its busiest minute becomes the peak, all others keep their share of it
    #[arg(long, value_name = "FILE")]
    pub(crate) sales: Option<PathBuf>,
    /// Orders a second that storage takes from the lane
    #[arg(long, value_name = "W", value_parser = writes)]
    pub(crate) writes_per_second: f64,
    /// Invocations of the lane at once; if not given, the least that fits, from 2
    #[arg(long, value_name = "C", value_parser = concurrency)]
    pub(crate) concurrency: Option<u32>,
    /// Lines of an order; if not given, 3, or the average of the sales file
    #[arg(long, value_name = "N", value_parser = lines)]
    pub(crate) items_per_order: Option<f64>,
    /// How long storage takes for a write
    #[arg(long, value_name = "MS", default_value_t = 10.0, value_parser = latency)]
    pub(crate) write_latency: f64,
    /// The lane that takes the orders: standard or hot
    #[arg(long, value_name = "LANE", default_value_t = Lane::Standard)]
    pub(crate) lane: Lane,
    /// The region; if not given, AWS_REGION, AWS_DEFAULT_REGION or us-east-1
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// What the account was granted or the stack is set to, in place of the default; may be repeated.
    /// The names stand in the list of limits
    #[arg(long, value_name = "NAME=N")]
    pub(crate) quota: Vec<Known>,
    /// Write the charts to this file as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Print the plan as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
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
    let (least, most) = (*WRITES.start(), *WRITES.end());
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

fn lines(text: &str) -> Result<f64, String> {
    within(text, 1.0, 1_000.0).ok_or_else(|| "must be a number from 1 to 1000".to_owned())
}

fn latency(text: &str) -> Result<f64, String> {
    within(text, 0.1, 3_000.0).ok_or_else(|| {
        "must be milliseconds, from 0.1 to 3000: later a write is given up".to_owned()
    })
}

/// A time of numbers and units, such as 1h30m, in seconds.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    let wrong = || "must be a time from 1s to 30d, such as 30s, 10m, 2h or 1h30m".to_owned();
    let mut total = 0.0;
    let mut largest = f64::INFINITY;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: u32 = rest[..digits].parse().map_err(|_| wrong())?;
        let mut after = rest[digits..].chars();
        let unit = match after.next() {
            Some('s') => 1.0,
            Some('m') => 60.0,
            Some('h') => 3_600.0,
            Some('d') => 86_400.0,
            _ => return Err(wrong()),
        };
        if unit >= largest {
            return Err(wrong());
        }
        largest = unit;
        total += f64::from(number) * unit;
        rest = after.as_str();
    }
    Some(total)
        .filter(|total| (1.0..=30.0 * 86_400.0).contains(total))
        .ok_or_else(wrong)
}

#[cfg(test)]
#[path = "args_tests.rs"]
mod tests;
