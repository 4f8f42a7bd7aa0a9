//! Points in time, as the interface shows them, and the clock that tells them.

use std::{
    fmt,
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A point in time with milliseconds, in UTC, between the years 1970 and 9999.
///
/// Shown as RFC 3339 with always three decimals and `Z`, so that text order is time order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest: the start of 1970.
    pub const MIN: Self = Self(0);
    /// The latest: the last millisecond of 9999.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// From milliseconds since 1970; what lies outside the range becomes its nearest end.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Milliseconds since 1970.
    pub fn as_millis(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .map_err(|_| fmt::Error)?;
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            t.year(),
            u8::from(t.month()),
            t.day(),
            t.hour(),
            t.minute(),
            t.second(),
            t.millisecond()
        )
    }
}

impl From<Timestamp> for String {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_string()
    }
}

impl TryFrom<String> for Timestamp {
    type Error = NotATimestamp;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for Timestamp {
    type Err = NotATimestamp;

    /// Any RFC 3339 date-time; what is finer than a millisecond is cut off.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| NotATimestamp)?;
        let millis = parsed
            .checked_to_offset(UtcOffset::UTC)
            .and_then(|utc| i64::try_from(utc.unix_timestamp_nanos().div_euclid(1_000_000)).ok())
            .ok_or(NotATimestamp)?;
        if (Self::MIN.0..=Self::MAX.0).contains(&millis) {
            Ok(Self(millis))
        } else {
            Err(NotATimestamp)
        }
    }
}

/// The text is no RFC 3339 date-time between 1970 and 9999.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an RFC 3339 date-time between 1970 and 9999, such as 2026-11-27T08:00:00.000Z")]
pub struct NotATimestamp;

/// Tells the time. A seam: the simulation and the tests bring their own.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still: what tests use.
impl Clock for Timestamp {
    fn now(&self) -> Timestamp {
        *self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_offsets_and_cuts_what_is_finer_than_a_millisecond() {
        let t: Timestamp = "2026-11-27T09:30:00.1239+01:00".parse().unwrap();
        assert_eq!(t.to_string(), "2026-11-27T08:30:00.123Z");
    }

    #[test]
    fn refuses_what_is_no_time_or_out_of_range() {
        for text in [
            "",
            "2026-11-27",
            "2026-11-27T08:00:00",
            "2026-13-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59-01:00",
            "0000-01-01T00:00:00+23:59",
            "10000-01-01T00:00:00Z",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(NotATimestamp), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_order_is_time_order_and_text_reads_back(a in 0..=Timestamp::MAX.0, b in 0..=Timestamp::MAX.0) {
            let (a, b) = (Timestamp(a), Timestamp(b));
            prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
            prop_assert_eq!(a.to_string().parse(), Ok(a));
        }
    }
}
