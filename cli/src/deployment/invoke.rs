//! Invokes a function of the stack, and waits for its answer.

use std::time::Duration;

use aws_sdk_lambda::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
    primitives::Blob,
};
use serde_json::Value;

use super::aws::Aws;
use crate::terminal::{failure::Failure, output::tame};

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
