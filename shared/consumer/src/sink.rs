//! What a consumer is for: how an item is read from a message, and what is done with it.
//!
//! A consumer of its own needs two things: a function that reads a body into an [`Envelope`], and a [`Sink`]. The
//! engine does the rest. `shared/consumer/tests/second_consumer.rs` is a whole one.

use sluice_order::{OrderId, RejectReason, Timestamp};

/// What a message body says.
#[derive(Clone, PartialEq, Debug)]
pub struct Envelope<T> {
    /// W3C `traceparent` of the trace that the message belongs to. Nobody verified it.
    pub traceparent: Option<String>,
    /// The order that the message is about, where the body names one that is ours. A rejection is recorded under it.
    pub order_id: Option<OrderId>,
    /// A hash of the customer, for logs and traces.
    pub customer_hash: Option<String>,
    /// When the order was accepted: the start of what `AcceptToStoreSeconds` counts.
    pub accepted_at: Option<Timestamp>,
    /// The item, or why the body holds none.
    pub item: Result<T, Unreadable>,
}

/// Why a body holds no item.
#[derive(Clone, PartialEq, Debug)]
pub enum Unreadable {
    /// It never will: the message becomes a dead letter.
    Never {
        /// For the rejection and the dead letter.
        reason: RejectReason,
        /// For the operator. It is logged, so it must not quote the body.
        detail: String,
    },
    /// It will once something is fixed here: the message comes again. The text is for the log.
    NotYet(String),
}

/// Where items go. A seam: a database, a broker, or memory in tests.
///
/// The engine waits for the pace before each [`Sink::write`] and each [`Sink::record`]. So neither may repeat a write
/// inside: every attempt counts.
pub trait Sink: Send + Sync {
    /// What a message holds.
    type Item: Send + Sync;

    /// How many items one call of [`Sink::write`] takes at most. Several pay where one transaction holds them all.
    fn most_items(&self) -> usize {
        1
    }

    /// Writes these items, each only where it is not there yet, in one call that does all or nothing. Returns what became
    /// of each, in their order. SQS may deliver a message twice in one batch, so two of the items may have the same key. `now` is the time of this attempt, which the sink may note in the items.
    fn write(
        &self,
        items: &mut [Self::Item],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Written>, SinkError>> + Send;

    /// Whether the sink records what is not going to be written. If not, do not write [`Sink::must_record`] and
    /// [`Sink::record`]; a conflict is then a dead letter.
    fn keeps_rejections(&self) -> bool {
        false
    }

    /// Whether this rejection has to be recorded. It need not where the very item that it rejects was written. A read: it
    /// does not wait for the pace.
    fn must_record(
        &self,
        rejected: &Rejected<'_, Self::Item>,
    ) -> impl Future<Output = Result<bool, SinkError>> + Send {
        let _ = rejected;
        async { Ok(true) }
    }

    /// Records that an item is not going to be written. It never touches what is written. Until a sink that keeps rejections
    /// implements it, the message of a rejection comes again, so that nothing is lost.
    fn record(
        &self,
        rejected: &Rejected<'_, Self::Item>,
    ) -> impl Future<Output = Result<(), SinkError>> + Send {
        let _ = rejected;
        let why = "this sink does not record rejections".to_owned();
        async { Err(SinkError::Unavailable(why)) }
    }
}

/// What became of a written item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Written {
    /// It is written, for the first time.
    Stored,
    /// It was written before.
    Duplicate,
    /// Its key names another item, which stands. The engine has this one recorded as rejected.
    Conflict,
}

/// An item that is not going to be written.
#[derive(Clone, Debug)]
pub struct Rejected<'a, T> {
    /// The order that it is about.
    pub order_id: OrderId,
    /// Why.
    pub reason: RejectReason,
    /// When it was rejected.
    pub at: Timestamp,
    /// The item, where it is a conflict.
    pub item: Option<&'a T>,
}

/// Why a sink did not do what it was asked. The texts of `Unavailable` and `Throttled` are logged, so they must not quote an
/// item. The detail of `Refused` may: it is only kept in the dead letter.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SinkError {
    /// It may do it later: timed out, failing, out of reach, or not set up. Whether a write took effect is unknown.
    #[error("{0}")]
    Unavailable(String),
    /// It does it, but not so often. Nothing was written.
    #[error("{0}")]
    Throttled(String),
    /// It will never take this item.
    #[error("refused ({reason})")]
    Refused {
        /// For the rejection and the dead letter.
        reason: RejectReason,
        /// For the operator who looks at the dead letter.
        detail: String,
    },
}
