//! Numbers: between counts and measures, and what stands for many of them.

/// A count as a number to compute with.
pub(crate) fn count(of: usize) -> f64 {
    f64::from(u32::try_from(of).expect("a count of this run"))
}

/// A measure as a count, rounded.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` stops at both ends"
)]
pub(crate) fn whole(number: f64) -> u32 {
    number.round() as u32
}

/// The value that so great a share of all do not exceed: the nearest rank.
pub(crate) fn percentile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = whole((share * count(sorted.len())).ceil()).max(1);
    sorted.get(rank as usize - 1).copied()
}

/// The one in the middle; of an even number the lower.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    percentile(values, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks() {
        let hundred: Vec<_> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&hundred, 0.99), Some(99.0));
        assert_eq!(percentile(&hundred, 1.0), Some(100.0));
        assert_eq!(percentile(&hundred[..1], 0.99), Some(100.0));
        assert_eq!(percentile(&[], 0.99), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
    }
}
