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
        let parsed = OffsetDateTime::parse(text, &Rfc3339)
            .map_err(|_| NotATimestamp(what_is_wrong(text)))?;
        let millis = parsed
            .checked_to_offset(UtcOffset::UTC)
            .and_then(|utc| i64::try_from(utc.unix_timestamp_nanos().div_euclid(1_000_000)).ok());
        millis
            .filter(|millis| (Self::MIN.0..=Self::MAX.0).contains(millis))
            .map(Self)
            .ok_or(NotATimestamp("; it lies outside of these years"))
    }
}

/// The text is no RFC 3339 date-time between 1970 and 9999. It says what is missing or wrong, where that can be seen.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an RFC 3339 date-time between 1970 and 9999, such as 2026-11-27T08:00:00.000Z{0}")]
pub struct NotATimestamp(&'static str);

/// What to say of a text that is no date-time.
fn what_is_wrong(text: &str) -> &'static str {
    const FORM: &str = "";
    let fits = |text: &str, form: &str| {
        text.len() == form.len()
            && text.bytes().zip(form.bytes()).all(|(c, f)| match f {
                b'0' => c.is_ascii_digit(),
                b'+' => c == b'+' || c == b'-',
                _ => c == f,
            })
    };
    let starts = |text: &str, form: &str| text.get(..form.len()).is_some_and(|t| fits(t, form));
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return "; it is a number";
    }
    if !starts(text, "0000-00-00") {
        return FORM;
    }
    let Some(time) = text.get(11..).filter(|time| !time.is_empty()) else {
        return "; the time and the zone are missing: T00:00:00Z";
    };
    if !starts(time, "00:00") {
        return FORM;
    }
    if !starts(time, "00:00:00") {
        return "; the seconds are missing";
    }
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    match time[8..].trim_start_matches(digits) {
        "" => "; the zone is missing: Z, or an offset such as +01:00",
        "Z" | "z" => "; there is no such day or time",
        zone if fits(zone, "+00:00") => "; there is no such day, time or offset",
        zone if fits(zone, "+0000") || fits(zone, "+00") => {
            "; the offset has hours, a colon and minutes, such as +01:00"
        }
        _ => "; the zone is Z, or an offset such as +01:00",
    }
}

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
    fn a_leap_second_is_the_end_of_a_day_in_utc() {
        assert!("2016-12-31T23:59:60Z".parse::<Timestamp>().is_ok());
        assert!("2020-05-05T12:30:60Z".parse::<Timestamp>().is_err());
    }

    #[test]
    fn a_refusal_says_what_is_missing_or_wrong() {
        for (text, said) in [
            ("", "08:00:00.000Z"),
            ("yesterday", "08:00:00.000Z"),
            ("10000-01-01T00:00:00Z", "08:00:00.000Z"),
            ("2026-11-27 8:00", "08:00:00.000Z"),
            ("2026-11-2\u{663}T08:00:00Z", "08:00:00.000Z"),
            ("1795766400", "; it is a number"),
            ("1795766400.5", "; it is a number"),
            ("2026-11-27", "; the time and the zone are missing"),
            ("2026-11-27T", "; the time and the zone are missing"),
            ("2026-11-27T08:00", "; the seconds are missing"),
            ("2026-11-27T08:00Z", "; the seconds are missing"),
            ("2026-11-27T08:00+01:00", "; the seconds are missing"),
            ("2026-11-27T08:00:00", "; the zone is missing"),
            ("2026-11-27T08:00:00.123456", "; the zone is missing"),
            (
                "2026-11-27T08:00:00+0100",
                "; the offset has hours, a colon",
            ),
            (
                "2026-11-27T08:00:00.5-08",
                "; the offset has hours, a colon",
            ),
            ("2026-11-27T08:00:00 UTC", "; the zone is Z"),
            ("2026-11-27T08:00:00[Europe/Berlin]", "; the zone is Z"),
            ("2026-11-27T08:00:00%2B01:00", "; the zone is Z"),
            ("2026-13-01T00:00:00Z", "; there is no such day"),
            ("2026-02-29T00:00:00Z", "; there is no such day"),
            ("2026-11-27T24:00:00Z", "; there is no such day or time"),
            (
                "2026-11-27T08:00:00+25:00",
                "; there is no such day, time or offset",
            ),
            ("1969-12-31T23:59:59Z", "; it lies outside"),
            ("9999-12-31T23:59:59-01:00", "; it lies outside"),
            ("0000-01-01T00:00:00+23:59", "; it lies outside"),
        ] {
            let error = text.parse::<Timestamp>().unwrap_err().to_string();
            assert!(error.starts_with("must be an RFC 3339 date-time between"));
            let (_, end) = error.split_once("08:00:00.000Z").unwrap();
            let said = said.trim_start_matches("08:00:00.000Z");
            assert!(
                end.starts_with(said) && end.is_empty() == said.is_empty(),
                "{text}: {error}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fail(text in r"([0-9TZ:+. -]|\PC){0,30}", zone in r"\PC{0,8}") {
            let _ = text.parse::<Timestamp>();
            let _ = format!("2026-11-27T08:00:00{zone}").parse::<Timestamp>();
        }

        #[test]
        fn text_order_is_time_order_and_text_reads_back(a in 0..=Timestamp::MAX.0, b in 0..=Timestamp::MAX.0) {
            let (a, b) = (Timestamp(a), Timestamp(b));
            prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
            prop_assert_eq!(a.to_string().parse(), Ok(a));
        }
    }
}
