//! The consumer of a lane: writes buffered orders into fulfillment storage.
//!
//! Here is what is particular to orders: how a body is read ([`read`]) and what is done with an order ([`OrderSink`]). All
//! else is the engine's, in `shared/consumer`.

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
