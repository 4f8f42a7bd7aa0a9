//! What storage sees of a lane: a proxy of its own before the table.

use std::time::Instant;

use sluice_order::Lane;
use sluice_testing::{proxy::Proxy, stack::Stack};

/// A proxy that notes when writes come, and harms none.
pub(crate) struct Recorder(Proxy);

impl Recorder {
    /// From now on the lane writes through it.
    pub(crate) async fn before(stack: &Stack, lane: Lane) -> Self {
        let proxy = Proxy::start(stack.endpoint(), 0).await;
        let proxy = proxy.expect("a port can be had");
        stack.storage_in(lane, &proxy).await;
        Self(proxy)
    }

    /// When writes came, in seconds from a moment.
    pub(crate) fn writes(&self, since: Instant) -> Vec<f64> {
        let seen = self.0.seen();
        let times = seen.arrivals("PutItem").iter();
        times
            .filter_map(|at| Some(at.checked_duration_since(since)?.as_secs_f64()))
            .collect()
    }
}
