//! `sluice submit`: one order.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    deployment::{api::Api, aws::Aws, problem::Problem, stack::Stack},
    terminal::{
        failure::{Exit, Failure},
        input, output,
        stop::Stop,
    },
};

/// Post one order and print the answer
///
/// The answer is JSON on standard output: the order's id, its total, and when it was accepted. A refusal is printed on
/// standard error, with what is wrong with which field, and exits 1. When the service does not answer (429, 5xx, no
/// connection) the command repeats the call under the same key, so it stays one order.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct SubmitArguments {
    /// The order as JSON; - reads standard input
    file: PathBuf,
    /// The customer's name for this order: posting it again under the same key posts no second order. If not given, a
    /// new key is made and printed
    #[arg(long, value_name = "KEY", value_parser = idempotency_key)]
    idempotency_key: Option<String>,
}

fn idempotency_key(text: &str) -> Result<String, String> {
    sluice_order::IdempotencyKey::new(text.to_owned())
        .map(|_| text.to_owned())
        .ok_or_else(|| "must be 1 to 255 visible ASCII characters".to_owned())
}

pub(crate) async fn run(
    stack: &str,
    arguments: &SubmitArguments,
    stop: &Stop,
) -> Result<Exit, Failure> {
    let prepared = stop.unless(prepare(stack, &arguments.file), || {
        Failure::wrong("stopped: nothing was posted", "run it again")
    });
    let (body, api) = prepared.await?;
    let key = if let Some(key) = &arguments.idempotency_key {
        key.clone()
    } else {
        let key = Uuid::new_v4().to_string();
        // Before the call: if the answer never comes, this is what makes a repeat safe.
        output::say(format_args!("Idempotency-Key: {key}"));
        key
    };
    let repeat = format!("repeat with --idempotency-key {key}: it stays one order");
    let posted = async {
        let answer = api.post_order(&key, body.as_bytes()).await;
        answer.map_err(|failure| {
            Failure::environment(
                format!("{failure}. It is not known whether the order was accepted"),
                &repeat,
            )
        })
    };
    let stopped = || {
        Failure::wrong(
            "stopped: it is not known whether the order was accepted",
            &repeat,
        )
    };
    let answer = stop.unless(posted, stopped).await?;
    if answer.status == 202 {
        let receipt: Value = serde_json::from_slice(&answer.body).map_err(|error| {
            Failure::wrong(format!("the service's answer is no JSON: {error}"), &repeat)
        })?;
        output::print_json(&receipt);
        return Ok(Exit::Fine);
    }
    output::say(Problem::of(&answer).readable());
    if answer.is_transient() {
        return Err(Failure::wrong(
            "the service did not accept the order in time",
            repeat,
        ));
    }
    Ok(Exit::Wrong)
}

/// The order's text, and where to post it.
async fn prepare(stack: &str, file: &Path) -> Result<(String, Api), Failure> {
    let body = input::text(file).await.map_err(|why| {
        Failure::environment(
            format!("{} cannot be posted: {why}", input::name(file)),
            "name a file with one order as JSON; nothing was posted",
        )
    })?;
    let aws = Aws::from_environment().await?;
    let stack = Stack::find(&aws, stack).await?;
    Ok((body, Api::of(&stack, &aws)?))
}
