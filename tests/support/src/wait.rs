//! Waiting, never without end.

use std::time::{Duration, Instant};

use tokio::time::sleep;

/// How long any wait may last. Generous, because the machine may be slow, and because what a killed command held of the
/// dead letters stays hidden for a minute; a test that passes ends long before.
pub const PATIENCE: Duration = Duration::from_mins(3);

/// Waits until the condition holds.
///
/// # Panics
///
/// If it takes too long.
pub async fn wait_for(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        sleep(Duration::from_millis(200)).await;
    }
}
