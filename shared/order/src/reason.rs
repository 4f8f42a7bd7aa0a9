//! Why an accepted order was rejected.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The reason that a rejection and a dead letter carry. The names are part of the interface.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum RejectReason {
    /// The message body is not JSON.
    NotJson,
    /// The body is JSON, but not an event that this version of the consumer knows.
    UnknownEvent,
    /// The event lacks a field, or its order breaks a rule.
    InvalidOrder,
    /// The order id is malformed, or its MAC is not ours.
    ForgedId,
    /// The content is not what the hash or the id says.
    ContentMismatch,
    /// The order does not fit a storage item.
    TooLarge,
    /// Storage refuses the item, and would refuse it again.
    RefusedByStorage,
    /// The same `Idempotency-Key` already named an order with other content.
    KeyReused,
    /// Processing the order panicked, again and again.
    Panic,
    /// An operator removed it from the dead-letter queue for good.
    Purged,
}

impl RejectReason {
    /// Every reason there is, in the order in which `sluice dlq list --help` names them.
    pub const ALL: [Self; 10] = [
        Self::NotJson,
        Self::UnknownEvent,
        Self::InvalidOrder,
        Self::ForgedId,
        Self::ContentMismatch,
        Self::TooLarge,
        Self::RefusedByStorage,
        Self::KeyReused,
        Self::Panic,
        Self::Purged,
    ];

    /// Whether the detail beside this reason may quote the order: storage's own words do. Then it stays in the dead letter,
    /// which holds the order anyway, and is neither logged nor shown in lists.
    pub fn may_quote(self) -> bool {
        matches!(self, Self::TooLarge | Self::RefusedByStorage)
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
