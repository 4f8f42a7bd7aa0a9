//! The outcomes that the functions write into the annotation `outcome` of their segments, as text. Their only list here.

/// accept-order: the order is in the buffer. Every other outcome of accept-order is a refusal.
pub(crate) const ACCEPTED: &str = "Accepted";

/// fulfill-orders: the order is stored now.
pub(crate) const STORED: &str = "Stored";

/// fulfill-orders: the order was stored before.
pub(crate) const DUPLICATE: &str = "Duplicate";

/// fulfill-orders: another order is stored under the same key.
pub(crate) const CONFLICT: &str = "Conflict";

/// fulfill-orders: the message is a dead letter.
pub(crate) const DEAD_LETTERED: &str = "DeadLettered";

/// Outcomes after which a message does not come again. Where an order has several, the first of this list decides.
pub(crate) const FINAL: [&str; 4] = [STORED, DUPLICATE, CONFLICT, DEAD_LETTERED];
