//! Invokes a function of the stack, and waits for its answer.

use std::time::Duration;

use aws_sdk_lambda::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
    primitives::Blob,
};
use serde::Deserialize;
use serde_json::Value;
use sluice_rds::Answer;

use super::aws::Aws;
use crate::terminal::{failure::Failure, output::tame};

/// What the function database-admin answers to a task. A task that failed is a failure.
pub(crate) async fn ask_database_admin(
    aws: &Aws,
    function: &str,
    task: &Value,
    patience: Duration,
) -> Result<Answer, Failure> {
    let answer = invoke(aws, function, task, patience).await?;
    match Answer::deserialize(answer) {
        Ok(Answer::Failed(why)) => Err(Failure::wrong(
            format!("the function {} says: {}", tame(function), tame(&why)),
            "mend this, then run the same command again",
        )),
        Ok(answer) => Ok(answer),
        Err(error) => Err(strange(function, &error.to_string())),
    }
}

/// The function's answer is none that it should give.
pub(crate) fn strange(function: &str, what: &str) -> Failure {
    let (function, what) = (tame(function), tame(what));
    Failure::wrong(
        format!("the answer of the function {function} is not what it should be: {what}"),
        "compare the versions of the command and the stack",
    )
}

/// What a function answers. It is invoked once: a second invocation would do its work again.
pub(crate) async fn invoke(
    aws: &Aws,
    function: &str,
    event: &Value,
    patience: Duration,
) -> Result<Value, Failure> {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(patience)
        .operation_timeout(patience);
    let config = Builder::from(&aws.config)
        .timeout_config(timeouts.build())
        .retry_config(RetryConfig::disabled());
    let invoke = Client::from_conf(config.build())
        .invoke()
        .function_name(function)
        .payload(Blob::new(event.to_string()));
    let answer = invoke.send().await;
    let answer = answer.map_err(|error| aws.explain("invoke the function", &error))?;
    let payload = answer.payload().map(Blob::as_ref).unwrap_or_default();
    match serde_json::from_slice(payload) {
        Ok(outcome) if answer.function_error().is_none() => Ok(outcome),
        _ => {
            let said = tame(&String::from_utf8_lossy(payload)).clone();
            Err(Failure::wrong(
                format!("the function {function} failed: {said}"),
                "look at its log in CloudWatch, whose group's name begins with /aws/lambda/ and the stack's name",
            ))
        }
    }
}
