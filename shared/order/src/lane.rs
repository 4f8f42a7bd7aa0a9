//! Lanes: bulkheads between the orders that hold a hot product and all others.

use std::{fmt, str::FromStr};

/// A lane has its own queue, dead-letter queue, consumer and pace, so that a backlog in one delays no other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Lane {
    /// Orders that hold a hot product.
    Hot,
    /// All other orders.
    Standard,
}

impl Lane {
    /// Every lane there is.
    pub const ALL: [Self; 2] = [Self::Standard, Self::Hot];

    /// The value of the message attribute `lane`, which the subscriptions filter on.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Standard => "standard",
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Lane {
    type Err = UnknownLane;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|lane| lane.as_str() == name)
            .ok_or_else(|| UnknownLane(name.to_owned()))
    }
}

/// A name that no lane has.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown lane {0:?}: the lanes are standard and hot")]
pub struct UnknownLane(String);
