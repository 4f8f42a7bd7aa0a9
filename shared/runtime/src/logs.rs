//! Logs: one JSON object a line, on standard output.

use tracing_subscriber::fmt;

/// The level is `POWERTOOLS_LOG_LEVEL` (`ERROR` to `TRACE`); `INFO` where it is absent or unknown.
pub(crate) fn init() {
    let level = std::env::var("POWERTOOLS_LOG_LEVEL")
        .ok()
        .and_then(|level| level.parse().ok())
        .unwrap_or(tracing::Level::INFO);
    // A subscriber that is there already (a test's) stays.
    let _ = fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_max_level(level)
        .try_init();
}
