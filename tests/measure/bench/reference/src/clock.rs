//! The time as AWS and the orders write it.

use std::time::{SystemTime, UNIX_EPOCH};

/// A moment in UTC.
#[derive(Clone, Copy)]
pub struct Moment(u64);

impl Moment {
    /// Now.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self(u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or_default())
    }

    /// So many milliseconds after 1970 began.
    pub fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// RFC 3339 with milliseconds: `2026-11-27T08:00:00.123Z`.
    pub fn rfc3339(self) -> String {
        let (year, month, day) = self.date();
        let (hour, minute, second) = self.time();
        let millis = self.0 % 1_000;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }

    /// As a signature carries it: `20261127T080000Z`.
    pub fn compact(self) -> String {
        let (year, month, day) = self.date();
        let (hour, minute, second) = self.time();
        format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
    }

    fn time(self) -> (u64, u64, u64) {
        let seconds = self.0 / 1_000 % 86_400;
        (seconds / 3_600, seconds / 60 % 60, seconds % 60)
    }

    /// Days to a date, by years that begin in March, so that a leap day is a year's last.
    /// <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
    fn date(self) -> (u64, u64, u64) {
        let days = self.0 / 86_400_000 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let part = (5 * of_year + 2) / 153;
        let month = if part < 10 { part + 3 } else { part - 9 };
        let day = of_year - (153 * part + 2) / 5 + 1;
        (era * 400 + year + u64::from(month <= 2), month, day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_795_766_400_123, "2026-11-27T08:00:00.123Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Moment::from_millis(millis).rfc3339(), expected);
        }
        assert_eq!(
            Moment::from_millis(1_795_766_400_123).compact(),
            "20261127T080000Z"
        );
    }
}
