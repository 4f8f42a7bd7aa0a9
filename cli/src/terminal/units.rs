//! Numbers, times, sizes and sums, as people read and write them.

use jiff::{RoundMode, Span, SpanRelativeTo, SpanRound, Unit};

/// A number of at most four billion, cut to a whole one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` stops at both ends"
)]
pub(crate) fn whole(number: f64) -> u32 {
    number as u32
}

/// A count as a number to compute with.
pub(crate) fn count(of: usize) -> f64 {
    f64::from(u32::try_from(of).unwrap_or(u32::MAX))
}

/// Digits in groups of three; two decimals below 100, if there are any.
pub(crate) fn number(value: f64) -> String {
    let text = if value.abs() < 100.0 {
        let text = format!("{value:.2}");
        return trimmed(&text);
    } else {
        format!("{value:.0}")
    };
    let mut grouped = String::with_capacity(text.len() * 4 / 3);
    for (at, digit) in text.char_indices() {
        if at > 0 && (text.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number in at most six characters: `950`, `12.5k`, `3M`.
pub(crate) fn short(value: f64) -> String {
    for (unit, name) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if value >= unit * 0.9995 {
            return trimmed(&format!("{:.1}", value / unit)) + name;
        }
    }
    trimmed(&format!("{value:.1}"))
}

fn trimmed(text: &str) -> String {
    match text.split_once('.') {
        Some((whole, decimals)) => match decimals.trim_end_matches('0') {
            "" => whole.to_owned(),
            decimals => format!("{whole}.{decimals}"),
        },
        None => text.to_owned(),
    }
}

/// Reads a time such as `30s`, `10m` or `1h30m`, in seconds: from 1 second to 30 days.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    let span = text.parse::<Span>().ok();
    let seconds = span.and_then(|span| {
        span.total((Unit::Second, SpanRelativeTo::days_are_24_hours()))
            .ok()
    });
    seconds
        .filter(|seconds| (1.0..=30.0 * 86_400.0).contains(seconds))
        .ok_or_else(|| "must be a time from 1s to 30d, such as 30s, 10m, 2h or 1h30m".to_owned())
}

/// Writes how long a call took, from 0.1 ms up: `1.5ms`, `35ms`, `1.23s`, `1m 5s`. One below zero is zero: clocks differ.
pub(crate) fn latency(seconds: f64) -> String {
    match seconds.max(0.0) {
        short @ ..0.01 => format!("{:.1}ms", short * 1e3),
        short @ ..0.9995 => format!("{:.0}ms", short * 1e3),
        middle @ ..59.995 => format!("{middle:.2}s"),
        long => duration(long),
    }
}

/// Writes a time in at most two units: `0.6s`, `12s`, `1h 44m`.
pub(crate) fn duration(seconds: f64) -> String {
    if seconds < 9.95 {
        return trimmed(&format!("{seconds:.1}")) + "s";
    }
    let seconds = whole(seconds.round());
    let smallest = if seconds < 3_600 {
        Unit::Second
    } else if seconds < 86_400 {
        Unit::Minute
    } else {
        Unit::Hour
    };
    let two_units = SpanRound::new()
        .largest(Unit::Day)
        .smallest(smallest)
        .mode(RoundMode::Trunc)
        .days_are_24_hours();
    let span = Span::new().seconds(i64::from(seconds));
    format!("{:#}", span.round(two_units).unwrap_or(span))
}

/// Bytes in the unit that AWS counts in.
pub(crate) fn bytes(value: f64) -> String {
    match value {
        1e6.. => trimmed(&format!("{:.2}", value / 1e6)) + " MB",
        1e3.. => trimmed(&format!("{:.1}", value / 1e3)) + " KB",
        _ => format!("{value:.0} bytes"),
    }
}

/// US dollars: cents, or four digits of what is less than one dollar.
pub(crate) fn money(value: f64) -> String {
    if value >= 100.0 {
        format!("${}", number(value))
    } else if value >= 1.0 {
        format!("${value:.2}")
    } else {
        format!("${value:.4}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let all = [0.0, 2.5, 99.999, 100.4, 1_000.0, 120_000.0, 3_000_000.0];
        let shown = ["0", "2.5", "100", "100", "1,000", "120,000", "3,000,000"];
        assert_eq!(all.map(number), shown);
        assert_eq!(
            [0.0, 7.26, 999.9, 12_500.0, 2_760_000.0, 3e9].map(short),
            ["0", "7.3", "1k", "12.5k", "2.8M", "3G"]
        );
    }

    #[test]
    fn a_time_has_two_units_at_most() {
        for (seconds, shown) in [
            (0.0, "0s"),
            (0.55, "0.6s"),
            (9.96, "10s"),
            (60.0, "1m"),
            (61.0, "1m 1s"),
            (6_240.0, "1h 44m"),
            (6_299.0, "1h 44m"),
            (7_200.0, "2h"),
            (1_213_200.0, "14d 1h"),
            (45.0 * 86_400.0, "45d"),
        ] {
            assert_eq!(duration(seconds), shown, "{seconds}");
        }
    }

    #[test]
    fn a_latency_is_short_and_precise() {
        let all = [-1.0, 0.0004, 0.0456, 0.9996, 1.234, 59.996, 3_700.0];
        let shown = ["0.0ms", "0.4ms", "46ms", "1.00s", "1.23s", "1m", "1h 1m"];
        assert_eq!(all.map(latency), shown);
    }

    #[test]
    fn a_time_is_read_in_one_unit_or_several() {
        for (text, read) in [
            ("30s", 30.0),
            ("10m", 600.0),
            ("1h30m", 5_400.0),
            ("1h 30m", 5_400.0),
            ("1.5h", 5_400.0),
            ("14d", 1_209_600.0),
        ] {
            assert_eq!(seconds(text), Ok(read), "{text}");
        }
        for bad in [
            "", "5", "0s", "31d", "-5m", "1s1h", "m5", "1h1h", "1 month", "5m ago",
        ] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_and_sums_have_their_unit() {
        assert_eq!(
            [512.0, 1_080.0, 6e6].map(bytes),
            ["512 bytes", "1.1 KB", "6 MB"]
        );
        assert_eq!(
            [0.01234, 5.5, 17_304.2].map(money),
            ["$0.0123", "$5.50", "$17,304"]
        );
    }
}
