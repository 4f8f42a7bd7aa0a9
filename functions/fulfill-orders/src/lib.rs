#![doc = include_str!("../README.md")]

mod sink;
pub mod xray;

use sluice_consumer::{Consumer, Pace, queue::QueueControl};
use sluice_order::{Clock, Lane, Secrets};
use sluice_store::OrderStore;

pub use sink::{OrderSink, read};

/// The consumer of a lane.
pub fn consumer<S: OrderStore, Q: QueueControl, C: Clock>(
    store: S,
    queue: Q,
    clock: C,
    secrets: Secrets,
    lane: Lane,
    pace: Pace,
) -> Consumer<OrderSink<S>, Q, C> {
    let read = move |body: &str| read(body, &secrets);
    Consumer::new(lane.as_str(), read, OrderSink(store), queue, clock, pace)
}
