//! Orders and messages for tests.

use std::{
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use fulfill_orders::OrderSink;
use sluice_consumer::{Consumer, Message, Pace, queue::QueueControl};
use sluice_order::{Clock, Lane, Order, OrderAccepted, Timestamp, testing::secrets};
use sluice_store::OrderStore;

/// The consumer of the standard lane.
pub(crate) fn consumer<S: OrderStore, Q: QueueControl, C: Clock>(
    store: S,
    queue: Q,
    clock: C,
    pace: Pace,
) -> Consumer<OrderSink<S>, Q, C> {
    fulfill_orders::consumer(store, queue, clock, secrets(), Lane::Standard, pace)
}

/// So fast that nothing waits for it.
pub(crate) fn unpaced() -> Pace {
    Pace::every(Duration::ZERO)
}

/// Draws that begin with this one and count up: from an even one a batch with suspects is handled with care.
pub(crate) fn draws_from(first: u32) -> impl Fn() -> u32 + Send + Sync {
    let next = AtomicU32::new(first);
    move || next.fetch_add(1, Relaxed)
}

pub(crate) const CARE: u32 = 0;

pub(crate) const NOW: i64 = 1_795_766_400_000;

pub(crate) fn accepted(key: &str, sku: &str) -> OrderAccepted {
    let sample = Order::sample().sku(sku).key(key);
    let accepted_at = Timestamp::from_millis(NOW - 1_000);
    sample.accepted_at(accepted_at).message(&secrets())
}

/// A message whose id and receipt are its key; the key names the order too.
pub(crate) fn message(key: &str, sku: &str, receives: u32) -> Message {
    Message {
        id: key.into(),
        receipt_handle: format!("receipt of {key}"),
        body: accepted(key, sku).to_body().unwrap(),
        receives,
        ..Message::default()
    }
}
