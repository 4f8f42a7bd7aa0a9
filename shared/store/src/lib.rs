#![doc = include_str!("../README.md")]

mod dynamo;
mod item;
mod memory;

use serde::{Deserialize, Serialize};
use sluice_order::{
    ContentHash, ListQuery, Order, OrderAccepted, OrderId, Position, RejectReason, Timestamp,
};

pub use dynamo::DynamoStore;
pub use memory::MemoryStore;

/// The index by customer and time of acceptance.
pub const BY_CUSTOMER: &str = "by_customer";

/// Storage, as the consumers and the readers need it.
pub trait OrderStore: Send + Sync {
    /// Writes an order, unless its key has one already. One write request, never repeated inside.
    fn put(
        &self,
        order: &StoredOrder,
    ) -> impl Future<Output = Result<PutOutcome, StoreError>> + Send;

    /// Whether the very order that this rejects is stored, by a consistent read.
    fn is_stored(
        &self,
        rejection: &Rejection,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Writes a rejection beside whatever there is. The last one recorded stands. One write request, never repeated
    /// inside.
    fn record(&self, rejection: &Rejection) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Records a rejection, unless this very order is stored. Between the look and the write it may be stored, which
    /// does no harm, since readers prefer the order; the look keeps a rejection from lying beside it for ever.
    fn reject(&self, rejection: &Rejection) -> impl Future<Output = Result<(), StoreError>> + Send {
        async {
            if self.is_stored(rejection).await? {
                return Ok(());
            }
            self.record(rejection).await
        }
    }

    /// What storage holds for an id, by a consistent read: the order, else the rejection.
    fn find(&self, id: &OrderId) -> impl Future<Output = Result<Option<Found>, StoreError>> + Send;

    /// One page of a customer's orders.
    fn list(&self, query: &ListQuery) -> impl Future<Output = Result<Page, StoreError>> + Send;
}

/// A store that is shared.
impl<S: OrderStore> OrderStore for &S {
    async fn put(&self, order: &StoredOrder) -> Result<PutOutcome, StoreError> {
        (**self).put(order).await
    }

    async fn is_stored(&self, rejection: &Rejection) -> Result<bool, StoreError> {
        (**self).is_stored(rejection).await
    }

    async fn record(&self, rejection: &Rejection) -> Result<(), StoreError> {
        (**self).record(rejection).await
    }

    async fn find(&self, id: &OrderId) -> Result<Option<Found>, StoreError> {
        (**self).find(id).await
    }

    async fn list(&self, query: &ListQuery) -> Result<Page, StoreError> {
        (**self).list(query).await
    }
}

/// An order in storage.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredOrder {
    /// Its id.
    pub order_id: OrderId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it was written.
    pub stored_at: Timestamp,
    /// The whole hash of its content.
    pub content: ContentHash,
    /// W3C `traceparent` of its trace, where it has one.
    pub traceparent: Option<String>,
    /// What was ordered.
    pub order: Order,
}

impl StoredOrder {
    /// The accepted order, as stored at this time.
    pub fn new(accepted: OrderAccepted, stored_at: Timestamp) -> Self {
        Self {
            order_id: accepted.order_id,
            accepted_at: accepted.accepted_at,
            stored_at,
            content: accepted.content,
            traceparent: accepted.traceparent,
            order: accepted.order,
        }
    }
}

/// What became of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PutOutcome {
    /// The order is stored.
    Stored,
    /// It was stored before, with the same content.
    Duplicate,
    /// The key has an order with other content, which stands.
    Conflict,
}

/// An accepted order that will not be fulfilled.
#[derive(Clone, PartialEq, Debug)]
pub struct Rejection {
    /// Its id.
    pub order_id: OrderId,
    /// Why.
    pub reason: RejectReason,
    /// When it was rejected.
    pub rejected_at: Timestamp,
    /// When it was accepted and what was ordered, where that could be read.
    pub content: Option<(Timestamp, ContentHash, Order)>,
}

impl Rejection {
    /// Whether it is of the order with this content. The id tells only the start of it, so where the whole is
    /// known that decides: two contents may share their start, and neither may vanish.
    fn is_of(&self, content: &ContentHash) -> bool {
        match &self.content {
            Some((_, own, _)) => own == content,
            None => self.order_id.is_for(content),
        }
    }
}

/// What storage holds for an id.
#[derive(Clone, PartialEq, Debug)]
pub enum Found {
    /// The order.
    Order(Box<StoredOrder>),
    /// Its rejection.
    Rejection(Box<Rejection>),
}

/// Where an order stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// In the buffer.
    Accepted,
    /// Stored.
    InFulfillment,
    /// Not to be fulfilled, for a reason.
    Rejected,
}

/// An order in a list: all but its content.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// The order's id.
    pub order_id: OrderId,
    /// Where it stands.
    #[serde(rename(deserialize = "order_status"))]
    pub status: OrderStatus,
    /// The currency of the total, ISO 4217.
    pub currency: String,
    /// The total in the currency's minor unit.
    pub total: u64,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it was written.
    pub stored_at: Timestamp,
}

/// A part of a list.
#[derive(Clone, PartialEq, Debug)]
pub struct Page {
    /// The orders. There may be fewer than asked for, or none, and more on the next page: the work that a
    /// page costs is bounded.
    pub orders: Vec<Summary>,
    /// Where the next page begins, if there may be more.
    pub next: Option<Position>,
}

/// Why storage did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It may do it later: timed out, failing, out of reach, or not set up. Whether a write
    /// took effect is unknown.
    #[error("storage is out of reach: {0}")]
    Unavailable(String),
    /// It does it, but not so often. Nothing was written.
    #[error("storage throttles: {0}")]
    Throttled(String),
    /// It will never do it.
    #[error("storage refuses the record ({reason})")]
    Refused {
        /// For the rejection.
        reason: RejectReason,
        /// For the operator who looks at the record. Not for logs, as the error itself is: it may repeat content.
        message: String,
    },
}

impl StoreError {
    fn unavailable(why: &str) -> Self {
        Self::Unavailable(why.to_owned())
    }
}
