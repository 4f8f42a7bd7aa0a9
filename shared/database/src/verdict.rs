//! What an error of a database means: for the record that met it, and for the connection.

use std::fmt;

use sluice_order::RejectReason;
use sluice_store::StoreError;

/// What an error means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// What it means for the record.
    pub meaning: Meaning,
    /// Whether the connection is of no use any more. It is dropped then, and the next call opens another one.
    pub drops: bool,
    /// What is logged: the code, or how far the call came. Never the server's message, which may quote the row.
    pub why: String,
}

/// What an error means for the record that met it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// [`StoreError::Unavailable`].
    Unavailable,
    /// [`StoreError::Throttled`].
    Throttled,
    /// [`StoreError::Refused`].
    Refused(RejectReason),
}

impl Verdict {
    /// It may work later, by another connection.
    pub fn gone(why: impl Into<String>) -> Self {
        Self {
            meaning: Meaning::Unavailable,
            drops: true,
            why: why.into(),
        }
    }
}

/// What is logged of it.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl From<Verdict> for StoreError {
    fn from(verdict: Verdict) -> Self {
        let Verdict { meaning, why, .. } = verdict;
        match meaning {
            Meaning::Unavailable => Self::Unavailable(why),
            Meaning::Throttled => Self::Throttled(why),
            Meaning::Refused(reason) => Self::Refused {
                reason,
                message: why,
            },
        }
    }
}
