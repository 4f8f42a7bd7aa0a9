//! The functions in Lambda, and what CodeDeploy hears.

use std::time::Duration;

use serde_json::{Value, json};
use sluice_runtime::{Service, aws::Budget};

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
    lambda: Service,
    accept_order: String,
    read_orders: String,
}

impl LambdaFunctions {
    /// The functions with these names, as they are configured now.
    pub fn new(lambda: Service, accept_order: String, read_orders: String) -> Self {
        Self {
            lambda,
            accept_order,
            read_orders,
        }
    }
}

impl Functions for LambdaFunctions {
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
    async fn call(&self, function: Function, event: &Value) -> Result<Answer, String> {
        let name = match function {
            Function::AcceptOrder => &self.accept_order,
            Function::ReadOrders => &self.read_orders,
        };
        let path = format!("/2015-03-31/functions/{name}/invocations");
        let event = event.to_string();
        let called = self.lambda.post(&path, &[], event.as_bytes()).await;
        let called = called.map_err(|why| format!("{function:?} cannot be invoked: {why}"))?;
        let said = String::from_utf8_lossy(&called.body);
        match called.status {
            200 if called.has_function_failed => Err(format!(
                "{function:?} failed, and its log says more: {said}"
            )),
            200 => serde_json::from_slice(&called.body)
                .map_err(|_| format!("{function:?} gave no answer for the API: {said}")),
            // As API Gateway would say it to a caller, who then comes again.
            429 => Ok(Answer::busy()),
            status => Err(format!(
                "{function:?} cannot be invoked: {status} {}",
                called.error
            )),
        }
    }
}

/// Tells CodeDeploy whether the new version passed, if it asked.
/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_PutLifecycleEventHookExecutionStatus.html>
///
/// # Errors
/// It did not take it; why.
pub async fn tell_codedeploy(
    codedeploy: &Service,
    call: &Call,
    passed: bool,
) -> Result<(), String> {
    let (Some(deployment), Some(execution)) = (&call.deployment, &call.execution) else {
        return Ok(());
    };
    let body = json!({
        "deploymentId": deployment,
        "lifecycleEventHookExecutionId": execution,
        "status": if passed { "Succeeded" } else { "Failed" },
    });
    let operation = "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus";
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", operation),
    ];
    let body = body.to_string();
    match codedeploy.post("/", &headers, body.as_bytes()).await? {
        sluice_runtime::Answer { status: 200, .. } => Ok(()),
        refused => Err(format!(
            "{} {}",
            refused.status,
            String::from_utf8_lossy(&refused.body)
        )),
    }
}
