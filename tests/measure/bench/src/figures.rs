//! Numbers from samples.

use std::{collections::BTreeMap, time::Duration};

/// What was measured of a program, by name; the name ends with the unit.
pub(crate) type Figures = BTreeMap<&'static str, f64>;

/// What was measured of all programs, by theirs.
pub(crate) type ByProgram = BTreeMap<&'static str, Figures>;

/// So few samples beyond a quantile say nothing of it.
const BEYOND: f64 = 10.0;

/// The sample below which that part of all lies.
pub(crate) fn quantile<T: Ord + Copy>(of: &mut [T], part: f64) -> T {
    of.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index of the list"
    )]
    let at = (float(of.len() - 1) * part).round() as usize;
    of[at]
}

/// The same in milliseconds, where there are samples enough.
pub(crate) fn certain_quantile(of: &mut [Duration], part: f64) -> Option<f64> {
    let enough = float(of.len()) * (1.0 - part).min(part) >= BEYOND;
    enough.then(|| millis(quantile(of, part)))
}

/// The median in milliseconds.
pub(crate) fn median(of: &mut [Duration]) -> f64 {
    millis(quantile(of, 0.5))
}

/// The mean in milliseconds.
pub(crate) fn mean(of: &[Duration]) -> f64 {
    millis(of.iter().sum()) / float(of.len())
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(crate) fn float(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or_default() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_needs_samples_beyond_it() {
        let mut of: Vec<_> = (1..=1_000).rev().map(Duration::from_millis).collect();
        assert_eq!(certain_quantile(&mut of, 0.5), Some(501.0));
        assert_eq!(certain_quantile(&mut of, 0.99), Some(990.0));
        assert_eq!(certain_quantile(&mut of, 0.999), None);
    }
}
