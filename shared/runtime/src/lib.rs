//! What every function does at start: read its settings, set up logs, configure AWS.
//!
//! A function that cannot run says why in one log line that names the variable, and stops: the
//! operator has to act, and nothing was received yet that could be lost.

pub mod aws;
mod logs;
mod settings;

pub use settings::{SettingError, number, optional, required, secrets};

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use sluice_telemetry::Segments;
use tracing::Instrument;

/// Sets up logs, builds the function, and serves invocations until Lambda stops the process. If the function cannot be
/// built, says so in one log line and ends the process.
///
/// # Errors
/// The Runtime API is out of reach.
pub async fn run<E, A, F>(build: impl AsyncFnOnce() -> Result<F, SettingError>) -> Result<(), Error>
where
    E: for<'de> serde::Deserialize<'de>,
    A: serde::Serialize,
    F: AsyncFn(E, lambda_runtime::Context) -> A,
{
    run_with(None, build).await
}

/// The same, with the segments of the orders' own traces kept in `segments`, where given, for the function to send.
///
/// # Errors
/// The Runtime API is out of reach.
pub async fn run_with<E, A, F>(
    segments: Option<Segments>,
    build: impl AsyncFnOnce() -> Result<F, SettingError>,
) -> Result<(), Error>
where
    E: for<'de> serde::Deserialize<'de>,
    A: serde::Serialize,
    F: AsyncFn(E, lambda_runtime::Context) -> A,
{
    let service = std::env::var("POWERTOOLS_SERVICE_NAME").unwrap_or_default();
    logs::init(&service, segments);
    let function = build().await.unwrap_or_else(|error| {
        tracing::error!(%error, "the function cannot start");
        // Returned from `main`, it would be a second line.
        std::process::exit(1)
    });
    let is_cold = AtomicBool::new(true);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<E>| {
        let header = event.context.xray_trace_id.as_deref();
        let request_id = &event.context.request_id;
        let is_cold = is_cold.swap(false, Relaxed);
        let span = sluice_telemetry::invocation(&service, header, request_id, is_cold);
        let answer = function(event.payload, event.context).instrument(span);
        Ok::<A, Diagnostic>(answer.await)
    }))
    .await
}
