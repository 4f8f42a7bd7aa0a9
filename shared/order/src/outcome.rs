//! What becomes of one received record: the words that log lines and traces carry, and that `sluice trace` reads.

use std::{fmt, str::FromStr};

/// What became of one record of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Its item is written, for the first time.
    Stored,
    /// Its item was written before.
    Duplicate,
    /// Its key names another item, which stands. This one is recorded as rejected.
    Conflict,
    /// It lies in the dead-letter queue.
    DeadLettered,
    /// It failed, and comes again after a backoff.
    Transient,
    /// The invocation had no time for it. It comes again.
    HandedBack,
}

impl Outcome {
    /// Every outcome there is.
    pub const ALL: [Self; 6] = [
        Self::Stored,
        Self::Duplicate,
        Self::Conflict,
        Self::DeadLettered,
        Self::Transient,
        Self::HandedBack,
    ];

    /// Its name in logs and traces. The names are part of the interface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "Stored",
            Self::Duplicate => "Duplicate",
            Self::Conflict => "Conflict",
            Self::DeadLettered => "DeadLettered",
            Self::Transient => "Transient",
            Self::HandedBack => "HandedBack",
        }
    }

    /// Whether SQS delivers the message again.
    pub fn comes_again(self) -> bool {
        matches!(self, Self::Transient | Self::HandedBack)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Outcome {
    type Err = UnknownOutcome;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == name)
            .ok_or(UnknownOutcome)
    }
}

/// A name that no outcome of this version has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no outcome has that name")]
pub struct UnknownOutcome;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_reads_back() {
        for outcome in Outcome::ALL {
            assert_eq!(outcome.as_str().parse(), Ok(outcome));
        }
        assert_eq!("stored".parse::<Outcome>(), Err(UnknownOutcome));
    }
}
