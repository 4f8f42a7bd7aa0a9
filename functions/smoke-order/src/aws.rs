//! The functions in Lambda, and what CodeDeploy hears.

use std::time::Duration;

use aws_sdk_codedeploy::types::LifecycleEventStatus;
use aws_sdk_lambda::{error::ProvideErrorMetadata, primitives::Blob};
use serde_json::Value;
use sluice_runtime::aws::Budget;

use crate::{Answer, Call, Function, Functions};

/// One invocation: the functions end after 10 s, and their callers repeat.
pub const INVOKE: Budget = Budget {
    attempts: 3,
    attempt: Duration::from_secs(12),
    total: Duration::from_secs(30),
};

/// What CodeDeploy is told: without it a deployment waits for an hour.
pub const CODEDEPLOY: Budget = Budget {
    attempts: 5,
    attempt: Duration::from_secs(5),
    total: Duration::from_secs(30),
};

/// The functions in Lambda, by their names.
#[derive(Clone, Debug)]
pub struct LambdaFunctions {
    client: aws_sdk_lambda::Client,
    accept_order: String,
    read_orders: String,
}

impl LambdaFunctions {
    /// The functions with these names or ARNs, as they are configured now.
    pub fn new(client: aws_sdk_lambda::Client, accept_order: String, read_orders: String) -> Self {
        Self {
            client,
            accept_order,
            read_orders,
        }
    }
}

impl Functions for LambdaFunctions {
    async fn call(&self, function: Function, event: &Value) -> Result<Answer, String> {
        let name = match function {
            Function::AcceptOrder => &self.accept_order,
            Function::ReadOrders => &self.read_orders,
        };
        let call = self.client.invoke().function_name(name);
        let called = match call.payload(Blob::new(event.to_string())).send().await {
            Ok(called) => called,
            // As API Gateway would say it to a caller, who then comes again.
            Err(error) if error.code() == Some("TooManyRequestsException") => {
                return Ok(Answer::busy());
            }
            Err(error) => {
                let why = sluice_aws::failure(&error);
                return Err(format!("{function:?} cannot be invoked: {why}"));
            }
        };
        let payload = called.payload().map(Blob::as_ref).unwrap_or_default();
        let said = String::from_utf8_lossy(payload);
        if called.function_error().is_some() {
            return Err(format!(
                "{function:?} failed, and its log says more: {said}"
            ));
        }
        serde_json::from_slice(payload)
            .map_err(|_| format!("{function:?} gave no answer for the API: {said}"))
    }
}

/// Tells CodeDeploy whether the new version passed, if it asked.
///
/// # Errors
/// It did not take it; why.
pub async fn tell_codedeploy(
    client: &aws_sdk_codedeploy::Client,
    call: &Call,
    passed: bool,
) -> Result<(), String> {
    let (Some(deployment), Some(execution)) = (&call.deployment, &call.execution) else {
        return Ok(());
    };
    let status = if passed {
        LifecycleEventStatus::Succeeded
    } else {
        LifecycleEventStatus::Failed
    };
    client
        .put_lifecycle_event_hook_execution_status()
        .deployment_id(deployment)
        .lifecycle_event_hook_execution_id(execution)
        .status(status)
        .send()
        .await
        .map(drop)
        .map_err(|error| sluice_aws::failure(&error).to_owned())
}
