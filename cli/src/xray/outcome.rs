//! The outcomes that the functions write into the annotation `outcome` of their segments, as text.

use sluice_order::Outcome;

/// accept-order: the order is in the buffer. Every other outcome of accept-order is a refusal.
pub(crate) const ACCEPTED: &str = "Accepted";

/// fulfill-orders: the order is stored now.
pub(crate) const STORED: &str = Outcome::Stored.as_str();

/// fulfill-orders: the order was stored before.
pub(crate) const DUPLICATE: &str = Outcome::Duplicate.as_str();

/// fulfill-orders: another order is stored under the same key.
pub(crate) const CONFLICT: &str = Outcome::Conflict.as_str();

/// fulfill-orders: the message is a dead letter.
pub(crate) const DEAD_LETTERED: &str = Outcome::DeadLettered.as_str();

/// Outcomes after which a message does not come again. Where an order has several, the first of this list decides.
pub(crate) const FINAL: [&str; 4] = [STORED, DUPLICATE, CONFLICT, DEAD_LETTERED];
