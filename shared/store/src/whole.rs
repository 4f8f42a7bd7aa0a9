//! Storage as a whole, as whoever moves or compares it reads it.

use crate::{Found, StoreError};

/// Storage that can be read from its beginning to its end. Smoke orders are no part of it.
pub trait ReadAll: Send + Sync {
    /// The records behind a place, in an order of storage's own; from the beginning if there is none. What is written meanwhile may
    /// be among them or not; what was there before is, and once.
    ///
    /// # Errors
    /// As those of [`crate::OrderStore`]'s reads; a record that is not one of ours is [`StoreError::Unavailable`] too.
    fn read_all(
        &self,
        behind: Option<&str>,
    ) -> impl Future<Output = Result<Part, StoreError>> + Send;
}

/// Some records, and where to go on.
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    /// Orders and rejections. There may be none and yet more behind.
    pub records: Vec<Found>,
    /// The place behind them; `None` at the end.
    pub next: Option<String>,
}
