//! How long a message waits before its next try.

/// The longest wait, in seconds.
pub(crate) const MAX_SECONDS: u32 = 900;

/// Exponential backoff with full jitter: a whole number of seconds, evenly from 0 to a ceiling that is
/// 1 s at the first receive and doubles with each, up to 900 s. `random` is any 32 random bits.
///
/// "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
pub(crate) fn seconds(receives: u32, random: u32) -> u32 {
    let ceiling = 1u32
        .checked_shl(receives.saturating_sub(1))
        .map_or(MAX_SECONDS, |doubled| doubled.min(MAX_SECONDS));
    random % (ceiling + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_15_minutes() {
        for (receives, ceiling) in [
            (0, 1),
            (1, 1),
            (2, 2),
            (3, 4),
            (10, 512),
            (11, 900),
            (32, 900),
            (33, 900),
            (1_000, 900),
            (u32::MAX, 900),
        ] {
            assert_eq!(
                seconds(receives, ceiling),
                ceiling,
                "after {receives} receives"
            );
            assert_eq!(
                seconds(receives, ceiling + 1),
                0,
                "after {receives} receives"
            );
        }
    }
}
