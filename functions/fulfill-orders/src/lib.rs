#![doc = include_str!("../README.md")]
#![recursion_limit = "256"] // The types of nested futures are deep.

mod sink;
mod start;
pub mod xray;

use sluice_consumer::{Consumer, Pace, queue::QueueControl};
use sluice_order::{Clock, Lane};
use sluice_runtime::LiveSecrets;
use sluice_store::OrderStore;

pub use sink::{OrderSink, read, read_with};
pub use start::run;

/// The consumer of a lane.
pub fn consumer<S: OrderStore, Q: QueueControl, C: Clock>(
    store: S,
    queue: Q,
    clock: C,
    secrets: impl Into<LiveSecrets>,
    lane: Lane,
    pace: Pace,
) -> Consumer<OrderSink<S>, Q, C> {
    let secrets = secrets.into();
    let read = move |body: &str| read_with(body, &secrets);
    Consumer::new(lane.as_str(), read, OrderSink(store), queue, clock, pace)
}
