//! The Lambda function `smoke-order`: wiring only.
#![recursion_limit = "256"] // The types of nested futures are deep.

use std::{sync::Arc, time::Duration};

use lambda_runtime::{Context, Error};
use sluice_runtime::{Https, Service, SettingError, custom_resource::Request};
use smoke_order::{CODEDEPLOY, Call, INVOKE, LambdaFunctions, Outcome, WAIT, tell_codedeploy};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let job: String = sluice_runtime::optional("JOB")?;
    match job.as_str() {
        "guard" => guard().await,
        _ => try_lanes().await,
    }
}

async fn try_lanes() -> Result<(), Error> {
    sluice_runtime::run(env!("CARGO_CRATE_NAME"), async || {
        let https = Https::new();
        let functions = LambdaFunctions::new(
            lambda(&https)?,
            sluice_runtime::required("ACCEPT_ORDER")?,
            sluice_runtime::required("READ_ORDERS")?,
        );
        let elsewhere = "AWS_ENDPOINT_URL_CODEDEPLOY";
        let codedeploy = Service::new("codedeploy", elsewhere, CODEDEPLOY, &https)?;
        let parts = Arc::new((functions, codedeploy));
        Ok(async move |call: Call, context: Context| -> Outcome {
            let (functions, codedeploy) = &*parts;
            let wait = call.wait_seconds.map_or(WAIT, Duration::from_secs).min(WAIT);
            // Lambda repeats an invocation under the same id, so a repeat posts the same orders.
            let outcome = smoke_order::test(functions, &context.request_id, wait).await;
            if let Err(error) = tell_codedeploy(codedeploy, &call, outcome.passed).await {
                tracing::error!(%error, "CodeDeploy does not know the outcome, and waits for an hour");
            }
            outcome
        })
    })
    .await
}

async fn guard() -> Result<(), Error> {
    sluice_runtime::run(env!("CARGO_CRATE_NAME"), async || {
        let https = Https::new();
        let lambda = lambda(&https)?;
        Ok(async move |request: Request, _: Context| {
            smoke_order::guard(request, &lambda, &https).await;
        })
    })
    .await
}

fn lambda(https: &Https) -> Result<Service, SettingError> {
    Service::new("lambda", "AWS_ENDPOINT_URL_LAMBDA", INVOKE, https)
}
