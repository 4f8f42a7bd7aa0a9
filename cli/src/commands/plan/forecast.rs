//! The forecast: all that is known of a sale before it comes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    connections::Connections,
    cost::Cost,
    lane::Settings,
    limit::{Limit, Status},
    size::OrderSize,
};
use crate::terminal::failure::Exit;

/// A forecast.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct Forecast {
    /// When the quotas and prices were looked up.
    pub(crate) figures_of: String,
    /// Where they are from.
    pub(crate) sources: BTreeMap<String, String>,
    /// The region whose quotas count.
    pub(crate) region: String,
    /// The lane that takes the orders.
    pub(crate) lane: &'static str,
    /// Where orders are stored.
    pub(crate) store: &'static str,
    /// The database's connections, where orders are stored in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connections: Option<Connections>,
    /// Orders in all.
    pub(crate) orders: f64,
    /// Orders a second at the busiest moment.
    pub(crate) peak_per_second: f64,
    /// How long they arrive.
    pub(crate) seconds: f64,
    /// An order.
    pub(crate) order: OrderSize,
    /// The lane's settings.
    pub(crate) settings: Settings,
    /// Orders stored a second at least, while there is a backlog. All figures of waiting assume no more.
    pub(crate) least_rate_per_second: f64,
    /// The most orders in the queue.
    pub(crate) deepest: f64,
    /// When that is.
    pub(crate) deepest_at_seconds: f64,
    /// The longest that an order waits.
    pub(crate) longest_wait_seconds: f64,
    /// When all are stored.
    pub(crate) drained_seconds: f64,
    /// When all are stored if the lane loses nothing of its pace.
    pub(crate) drained_at_full_pace_seconds: f64,
    /// Invocations of accept-order at the peak.
    pub(crate) accepting_invocations: f64,
    /// What it costs.
    pub(crate) cost: Cost,
    /// What the figures assume.
    pub(crate) assumptions: String,
    /// The limits.
    pub(crate) limits: Vec<Limit>,
    /// What to do.
    pub(crate) suggestions: Vec<String>,
    /// The line for samconfig.toml.
    pub(crate) parameter_overrides: String,
    /// Orders in the queue, at most, in each part of the time until it is drained.
    pub(crate) depth_chart: Vec<f64>,
    /// The longest wait of the orders that are stored in each of these parts.
    pub(crate) wait_chart: Vec<f64>,
}

impl Forecast {
    /// How far charts go.
    pub(crate) fn end(&self) -> f64 {
        self.drained_seconds.max(self.seconds)
    }

    /// Whether a limit is hit.
    pub(crate) fn exit(&self) -> Exit {
        let over = self.limits.iter().any(|limit| limit.status == Status::Over);
        if over { Exit::Wrong } else { Exit::Fine }
    }
}
