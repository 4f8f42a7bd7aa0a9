//! `sluice smoke`: try both lanes with one order each, which nobody fulfills.

use std::time::Duration;

use aws_sdk_lambda::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
    primitives::Blob,
};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    deployment::{aws::Aws, rate::bounded, stack::Stack},
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
    let outcome = invoke(&aws, stack.smoke_order()?, wait).await?;
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

async fn invoke(aws: &Aws, function: &str, wait: Duration) -> Result<Value, Failure> {
    // The function answers at the end of its wait. A second invocation would post other orders.
    let patience = wait + Duration::from_secs(30);
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(patience)
        .operation_timeout(patience);
    let config = Builder::from(&aws.config)
        .timeout_config(timeouts.build())
        .retry_config(RetryConfig::disabled());
    let call = json!({"wait_seconds": wait.as_secs()});
    let invoke = Client::from_conf(config.build())
        .invoke()
        .function_name(function)
        .payload(Blob::new(call.to_string()));
    let answer = invoke.send().await;
    let answer = answer.map_err(|error| aws.explain("invoke the function", &error))?;
    let payload = answer.payload().map(Blob::as_ref).unwrap_or_default();
    match serde_json::from_slice(payload) {
        Ok(outcome) if answer.function_error().is_none() => Ok(outcome),
        _ => {
            let said = tame(&String::from_utf8_lossy(payload)).clone();
            Err(Failure::wrong(
                format!("the function {function} failed: {said}"),
                "look at its log, /aws/lambda/STACK/smoke-order",
            ))
        }
    }
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
