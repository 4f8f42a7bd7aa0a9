#![doc = include_str!("../README.md")]

pub mod aws;
pub mod custom_resource;
mod function;
mod https;
pub mod logs;
pub mod metrics;
mod secrets;
mod service;
mod settings;

pub use function::{Function, Invocations, Out};
pub use https::{AMAZON_ROOTS, Https, Opening, is_open};
pub use secrets::{LiveSecrets, SecretsUnavailable};
pub use service::{Answer, Service};
pub use settings::{SettingError, built_for, number, optional, required};

use std::{
    io::{self, Write},
    sync::Arc,
};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use sluice_telemetry::Segments;
use tracing::Dispatch;

/// Sets up logs, traces and metrics, builds the function, and serves invocations until Lambda stops the process. If the
/// function cannot be built, says so in one log line and ends the process. `crate_name` is `env!("CARGO_CRATE_NAME")`: what that
/// crate logs is written.
///
/// # Errors
/// The Runtime API is out of reach.
pub async fn run<E, A, F>(
    crate_name: &'static str,
    build: impl AsyncFnOnce() -> Result<F, SettingError>,
) -> Result<(), Error>
where
    E: for<'de> serde::Deserialize<'de>,
    A: serde::Serialize,
    F: AsyncFn(E, lambda_runtime::Context) -> A,
{
    run_with(crate_name, None, build).await
}

/// The same, with the segments of the orders' own traces kept in `segments`, where given, for the function to send.
///
/// # Errors
/// The Runtime API is out of reach.
pub async fn run_with<E, A, F>(
    crate_name: &'static str,
    segments: Option<Segments>,
    build: impl AsyncFnOnce() -> Result<F, SettingError>,
) -> Result<(), Error>
where
    E: for<'de> serde::Deserialize<'de>,
    A: serde::Serialize,
    F: AsyncFn(E, lambda_runtime::Context) -> A,
{
    let function = Function::from_env(crate_name);
    // Where it cannot be written nobody is there to be told.
    let out: Out = Arc::new(|lines| drop(io::stdout().write_all(lines.as_bytes())));
    let (subscriber, failure) = function.subscriber(out.clone(), segments);
    // Nothing is there yet that could be in the way.
    let _ = tracing::dispatcher::set_global_default(Dispatch::new(subscriber));
    logs::log_panics();
    if let Some(error) = failure {
        tracing::warn!(%error, "AWS_XRAY_DAEMON_ADDRESS cannot be used: nothing is traced");
    }
    let metrics = function.metrics();
    if let Some(metrics) = &metrics {
        let _ = ::metrics::set_global_recorder(metrics.clone());
    }
    let handler = build().await.unwrap_or_else(|error| {
        tracing::error!(%error, "the function cannot start");
        // Returned from `main`, it would be a second line.
        std::process::exit(1)
    });
    let invocations = Invocations::new(function, metrics, out);
    let serve = async |event: LambdaEvent<E>| invocations.serve(event, &handler).await;
    lambda_runtime::run(service_fn(serve)).await
}
