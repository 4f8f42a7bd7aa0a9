//! Orders full of what must never be written, and storage that fails in every way.

use serde_json::{Value, json};
use sluice_order::{
    Order, OrderAccepted, RejectReason, Timestamp,
    testing::{Sample, secrets},
};
use sluice_store::{
    Found, MemoryStore, OrderStore, Page, PutOutcome, Rejection, StoreError, StoredOrder,
};

use super::captured::{ON_PURPOSE, trace};

/// A part of each value that is personal, or a secret between us and a client.
pub(crate) const MARK: &str = "marked";

/// When the orders were accepted: 2 s before now.
pub(crate) fn accepted_at() -> Timestamp {
    Timestamp::from_millis(NOW - 2_000)
}

/// The clock of the consumers: 600 ms after the messages of [`sluice_testing::event`] were sent.
pub(crate) const NOW: i64 = 1_795_766_400_700;

/// An order whose product says what storage does with it.
fn sample(sku: &str) -> Sample {
    let ship_to = json!({"name": "A. Marked", "line1": "1 marked street", "city": "marked city"});
    Order::sample()
        .customer("marked-customer")
        .sku(sku)
        .with_in_lines("description", "a marked description")
        .with("ship_to", ship_to)
}

/// The same as the body of a request.
pub(crate) fn order(sku: &str) -> Value {
    sample(sku).json()
}

/// The message of an order, under its own trace. `n` is of one digit and names the key.
pub(crate) fn accepted(n: u32, sku: &str) -> OrderAccepted {
    let trace = trace_of(n).replacen("1-", "", 1).replace('-', "");
    sample(sku)
        .key(&format!("marked-key-{n}"))
        .accepted_at(accepted_at())
        .traceparent(&format!("00-{trace}-53995c3f42cd8ad8-01"))
        .message(&secrets())
}

pub(crate) fn body(n: u32, sku: &str) -> String {
    accepted(n, sku).to_body().unwrap()
}

/// The trace that [`accepted`] names, as X-Ray writes it.
pub(crate) fn trace_of(n: u32) -> String {
    trace(char::from_digit(n, 10).unwrap())
}

/// Storage that fails for the products `unavailable`, `throttled`, `refused` and `panics`. Its words repeat the order.
#[derive(Default)]
pub(crate) struct FaultyStore(MemoryStore);

impl OrderStore for FaultyStore {
    async fn put(&self, order: &StoredOrder) -> Result<PutOutcome, StoreError> {
        match order.order.lines()[0].sku().as_str() {
            "unavailable" => Err(StoreError::Unavailable("no connection".to_owned())),
            "throttled" => Err(StoreError::Throttled("ThrottlingException".to_owned())),
            "refused" => Err(StoreError::Refused {
                reason: RejectReason::RefusedByStorage,
                message: format!("Value {order:?} failed to satisfy constraint"),
            }),
            "panics" => panic!("{ON_PURPOSE}: {order:?}"),
            _ => self.0.put(order).await,
        }
    }

    async fn is_stored(&self, rejection: &Rejection) -> Result<bool, StoreError> {
        self.0.is_stored(rejection).await
    }

    async fn record(&self, rejection: &Rejection) -> Result<(), StoreError> {
        self.0.record(rejection).await
    }

    async fn find(&self, id: &sluice_order::OrderId) -> Result<Option<Found>, StoreError> {
        self.0.find(id).await
    }

    async fn has_smoke(&self, id: &sluice_order::OrderId) -> Result<bool, StoreError> {
        self.0.has_smoke(id).await
    }

    async fn list(&self, query: &sluice_order::ListQuery) -> Result<Page, StoreError> {
        self.0.list(query).await
    }
}
