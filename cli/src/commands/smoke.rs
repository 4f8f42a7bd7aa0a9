//! `sluice smoke`: try both lanes with one order each, which nobody fulfills.

use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use crate::{
    deployment::{aws::Aws, invoke::invoke, rate::bounded, stack::Stack},
    terminal::{
        failure::{Exit, Failure},
        output::{self, tame},
        parse::seconds_or_time,
    },
};

/// The longest that the function waits, in seconds.
const LONGEST: f64 = 600.0;

/// Try both lanes with one order each, which nobody fulfills
///
/// The orders have a customer of their own, and storage keeps them apart for a day. Exits 1 if a lane does not store its
/// order in time: it is paused or has a backlog, or a part of the path fails.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct SmokeArguments {
    /// Wait for both orders at most so long (60 or 2m), up to 10m
    #[arg(long, value_name = "TIME", default_value = "60", value_parser = seconds_or_time)]
    wait: f64,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

/// What the function says.
#[derive(Deserialize, Debug)]
struct Outcome {
    passed: bool,
    lanes: Vec<Tried>,
}

#[derive(Deserialize, Debug)]
struct Tried {
    lane: String,
    order_id: Option<String>,
    failure: Option<String>,
}

pub(crate) async fn run(stack: &str, arguments: &SmokeArguments) -> Result<Exit, Failure> {
    let aws = Aws::from_environment().await?;
    let stack = Stack::find(&aws, stack).await?;
    let wait = bounded(arguments.wait.min(LONGEST));
    // The function answers at the end of its wait.
    let patience = wait + Duration::from_secs(30);
    let event = json!({"wait_seconds": wait.as_secs()});
    let outcome = invoke(&aws, stack.smoke_order()?, &event, patience).await?;
    if arguments.json {
        output::print_json(&outcome);
    }
    let outcome = Outcome::deserialize(outcome).map_err(|error| {
        Failure::wrong(
            format!("the function's answer is not what it should be: {error}"),
            "compare the versions of the command and the stack",
        )
    })?;
    if !arguments.json {
        output::print(&outcome.readable());
    }
    Ok(if outcome.passed {
        Exit::Fine
    } else {
        Exit::Wrong
    })
}

impl Outcome {
    fn readable(&self) -> String {
        let lines = self.lanes.iter().map(|tried| {
            let id = tried.order_id.as_deref().unwrap_or("no order");
            let outcome = tried.failure.as_deref().unwrap_or("stored");
            format!("{:10}{}: {}\n", tame(&tried.lane), tame(id), tame(outcome))
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lane_has_a_line() {
        let outcome: Outcome = serde_json::from_value(json!({"passed": false, "lanes": [
            {"lane": "standard", "order_id": "ord_x", "failure": null},
            {"lane": "hot", "order_id": null, "failure": "AcceptOrder answered 500: \u{1b}[2J"},
        ]}))
        .unwrap();
        assert_eq!(
            outcome.readable(),
            "standard  ord_x: stored\nhot       no order: AcceptOrder answered 500: \\u{1b}[2J\n"
        );
    }
}
