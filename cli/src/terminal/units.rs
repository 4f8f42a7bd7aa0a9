//! Numbers for people.

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

/// A time in at most two units: `1h 44m`.
pub(crate) fn duration(seconds: f64) -> String {
    if seconds < 9.95 {
        return trimmed(&format!("{seconds:.1}")) + "s";
    }
    let seconds = whole(seconds.round());
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let (more, rest) = match (days, hours, minutes) {
        (0, 0, 0) => return format!("{seconds}s"),
        (0, 0, _) => (format!("{minutes}m"), (seconds % 60, "s")),
        (0, ..) => (format!("{hours}h"), (minutes % 60, "m")),
        _ => (format!("{days}d"), (hours % 24, "h")),
    };
    match rest {
        (0, _) => more,
        (rest, unit) => format!("{more} {rest}{unit}"),
    }
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
        let all = [0.0, 0.55, 9.96, 60.0, 61.0, 6_240.0, 7_200.0, 1_213_200.0];
        let shown = ["0s", "0.6s", "10s", "1m", "1m 1s", "1h 44m", "2h", "14d 1h"];
        assert_eq!(all.map(duration), shown);
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
