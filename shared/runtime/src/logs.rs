//! Where what happens goes: logs as one JSON object a line on standard output, traces to X-Ray's daemon.

use sluice_telemetry::{Segments, TARGET};
use tracing::Level;
use tracing_subscriber::{
    Layer, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

/// The level is `POWERTOOLS_LOG_LEVEL` (`ERROR` to `TRACE`); `INFO` where it is absent or unknown. Traces are sent where
/// `AWS_XRAY_DAEMON_ADDRESS` says.
pub(crate) fn init(service: &str, segments: Option<Segments>) {
    let level = std::env::var("POWERTOOLS_LOG_LEVEL")
        .ok()
        .and_then(|level| level.parse().ok())
        .unwrap_or(Level::INFO);
    let logs = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_filter(filter_fn(move |metadata| {
            *metadata.level() <= level && metadata.target() != TARGET
        }));
    let daemon = std::env::var("AWS_XRAY_DAEMON_ADDRESS").ok();
    let traces = daemon.map(|daemon| sluice_telemetry::layer(&daemon, service, segments));
    let (traces, failure) = match traces {
        Some(Ok(layer)) => (Some(layer), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    // A subscriber that is there already (a test's) stays.
    let _ = tracing_subscriber::registry()
        .with(logs)
        .with(traces)
        .try_init();
    if let Some(error) = failure {
        tracing::warn!(%error, "AWS_XRAY_DAEMON_ADDRESS cannot be used: nothing is traced");
    }
}
