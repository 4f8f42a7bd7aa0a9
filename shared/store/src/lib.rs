#![doc = include_str!("../README.md")]

#[cfg(feature = "testing")]
pub mod contract;
mod dynamo;
mod item;
mod memory;
mod whole;

use serde::{Deserialize, Serialize};
use sluice_order::{
    ContentHash, ListQuery, Order, OrderAccepted, OrderId, Position, RejectReason, Timestamp,
};

pub use dynamo::DynamoStore;
pub use memory::MemoryStore;
pub use whole::{Part, ReadAll, ReadError};

/// The index by customer and time of acceptance.
pub const BY_CUSTOMER: &str = "by_customer";

/// Storage, as the consumers and the readers need it.
pub trait OrderStore: Send + Sync {
    /// Writes an order, unless its key has one already. A smoke order becomes a record apart, which neither [`Self::find`] nor
    /// [`Self::list`] shows, and which expires ([`sluice_order::smoke::KEPT_SECONDS`]). One write request, never repeated inside: every attempt counts
    /// against the lane's pace.
    fn put(
        &self,
        order: &StoredOrder,
    ) -> impl Future<Output = Result<PutOutcome, StoreError>> + Send;

    /// Whether the order that this rejects is stored, with the same content. Reads consistently.
    fn is_stored(
        &self,
        rejection: &Rejection,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Writes a rejection beside whatever is there. Of two rejections of the same content the one with the later time stands,
    /// whichever is written first: so a copy of an old one never replaces a newer one. One write request, never repeated inside.
    fn record(&self, rejection: &Rejection) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Records a rejection, unless the order is stored with the same content. The order may be stored between the read and
    /// the write. That does no harm, because readers prefer the order; the read keeps a needless rejection from staying
    /// beside it for ever.
    fn reject(&self, rejection: &Rejection) -> impl Future<Output = Result<(), StoreError>> + Send {
        async {
            if self.is_stored(rejection).await? {
                return Ok(());
            }
            self.record(rejection).await
        }
    }

    /// What storage holds for an id: the order, or else its rejection. Reads consistently.
    fn find(&self, id: &OrderId) -> impl Future<Output = Result<Option<Found>, StoreError>> + Send;

    /// Whether the smoke order with this id is stored. Reads consistently.
    fn has_smoke(&self, id: &OrderId) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// One page of a customer's orders.
    fn list(&self, query: &ListQuery) -> impl Future<Output = Result<Page, StoreError>> + Send;
}

/// A shared store is a store.
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

    async fn has_smoke(&self, id: &OrderId) -> Result<bool, StoreError> {
        (**self).has_smoke(id).await
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
    /// The whole hash of its content; the id carries only the start.
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
    /// The order was stored before, with the same content.
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
    /// When it was accepted and what was ordered, if the message could be read.
    pub content: Option<(Timestamp, ContentHash, Order)>,
}

impl Rejection {
    /// Whether this rejects the order with this content. The id carries only the start of the hash. So if the whole hash is
    /// known it decides: two contents may share their start, and neither may be lost.
    pub fn is_of(&self, content: &ContentHash) -> bool {
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

impl Found {
    /// The order's id.
    pub fn order_id(&self) -> OrderId {
        match self {
            Self::Order(order) => order.order_id,
            Self::Rejection(rejection) => rejection.order_id,
        }
    }

    /// What was ordered, where it is known.
    pub fn order(&self) -> Option<&Order> {
        match self {
            Self::Order(order) => Some(&order.order),
            Self::Rejection(rejection) => rejection.content.as_ref().map(|(_, _, order)| order),
        }
    }
}

/// Where an order stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// In the buffer.
    Accepted,
    /// Stored.
    InFulfillment,
    /// It will not be fulfilled, for a reason.
    Rejected,
    /// Stored, but only to try the path ([`sluice_order::smoke`]). No caller of the API sees it.
    Smoke,
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
    /// The orders. There may be fewer than asked for, even none, and more on the next page, because the work for one page
    /// is bounded.
    pub orders: Vec<Summary>,
    /// Where the next page begins; `None` if this is the last one.
    pub next: Option<Position>,
}

/// Why storage did not do what it was asked to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It may work later: storage timed out, failed, could not be reached, or is not set up. It is unknown whether a write
    /// took effect.
    #[error("storage is out of reach: {0}")]
    Unavailable(String),
    /// There were too many requests. Nothing was written.
    #[error("storage throttles: {0}")]
    Throttled(String),
    /// Storage will never accept this record.
    #[error("storage refuses the record ({reason})")]
    Refused {
        /// The reason that the rejection carries.
        reason: RejectReason,
        /// Storage's own message, for the operator who looks at the dead letter. It may quote the order, so it must not be
        /// logged. The `Display` text of the error leaves it out.
        message: String,
    },
}

impl StoreError {
    fn unavailable(why: &str) -> Self {
        Self::Unavailable(why.to_owned())
    }
}
