//! Why a message is a dead letter, as the command names it.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};
use serde_json::Value;
use sluice_order::RejectReason;

use crate::terminal::parse::trimmed;

/// Why a message is a dead letter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Why {
    /// The consumer says so.
    Rejected(RejectReason),
    /// SQS moved it after the last receive, or SNS could not deliver it. They give no reason.
    Moved,
    /// The consumer gives a reason that this version of the command does not know.
    Unknown,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(reason) => reason.fmt(f),
            Self::Moved => f.write_str("moved"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl Serialize for Why {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Why {
    type Err = UnknownWhy;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let name = trimmed(name);
        if let Some(own) = [Self::Moved, Self::Unknown]
            .into_iter()
            .find(|own| own.to_string().eq_ignore_ascii_case(name))
        {
            return Ok(own);
        }
        serde_json::from_value(Value::String(name.to_ascii_uppercase()))
            .map(Self::Rejected)
            .map_err(|_| UnknownWhy)
    }
}

/// A name that no reason has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownWhy;

impl fmt::Display for UnknownWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reasons are ")?;
        for reason in RejectReason::ALL {
            write!(f, "{reason}, ")?;
        }
        write!(f, "{} and {}", Why::Moved, Why::Unknown)
    }
}

impl std::error::Error for UnknownWhy {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_in_either_case() {
        let all = RejectReason::ALL.map(Why::Rejected);
        for why in all.into_iter().chain([Why::Moved, Why::Unknown]) {
            for name in [
                why.to_string().to_lowercase(),
                why.to_string().to_uppercase(),
                format!(" {why}\r\n"),
            ] {
                assert_eq!(name.parse(), Ok(why));
            }
        }
        assert_eq!(Why::Rejected(RejectReason::NotJson).to_string(), "NOT_JSON");
    }

    #[test]
    fn an_unknown_name_is_told_the_known_ones() {
        let error = "NOPE".parse::<Why>().unwrap_err().to_string();
        assert!(error.starts_with("the reasons are NOT_JSON, "), "{error}");
        assert!(error.ends_with("PURGED, moved and unknown"), "{error}");
    }
}
