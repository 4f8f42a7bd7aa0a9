//! Storage as a whole, as whoever moves or compares it reads it.

use crate::{Found, StoreError};

/// Storage that can be read from its beginning to its end. Smoke orders are no part of it; a rejection of one may be.
pub trait ReadAll: Send + Sync {
    /// The records behind a mark, in an order of storage's own; from the beginning if there is none. What is written meanwhile may
    /// be among them or not; what was there before is, and once.
    ///
    /// # Errors
    /// [`ReadError`].
    fn read_all(
        &self,
        behind: Option<&str>,
    ) -> impl Future<Output = Result<Part, ReadError>> + Send;
}

/// Some records, and where to go on.
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    /// Orders and rejections. There may be none and yet more behind.
    pub records: Vec<Found>,
    /// The mark behind them; `None` at the end.
    pub next: Option<String>,
}

/// Why there is no part.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// As those of [`crate::OrderStore`]'s reads.
    #[error(transparent)]
    Storage(#[from] StoreError),
    /// A record is not one of ours, and will not become one. The text names it by its key, and quotes nothing else of it.
    #[error("{0} is not one of ours")]
    Foreign(String),
    /// The mark is none that this storage gave.
    #[error("the mark is no place of this storage")]
    NoPlace,
}
