//! An order as those see it who compare storage with something else.

use serde::{Deserialize, Serialize};

/// An order without whose it is and what is in it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Listed {
    /// Its key.
    pub order_key: String,
    /// The hash of its content that stands beside it.
    pub content_hash: String,
    /// When it was accepted, in milliseconds since 1970.
    pub accepted_at: i64,
    /// When it was stored, in milliseconds since 1970.
    pub stored_at: i64,
}
