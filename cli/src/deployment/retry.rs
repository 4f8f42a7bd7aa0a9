//! When to call again.

use std::time::Duration;

/// The longest that an answer's `Retry-After` is believed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(1);

/// Exponential backoff with full jitter, bounded in number and in length.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// Calls in all.
    pub attempts: u32,
    /// Upper bound of the first pause; each further bound is double the one before.
    pub first: Duration,
    /// Upper bound of every pause.
    pub longest: Duration,
}

impl Default for Retry {
    /// Half a minute in all, plus what the service asks for.
    fn default() -> Self {
        Self {
            attempts: 8,
            first: Duration::from_millis(200),
            longest: Duration::from_secs(10),
        }
    }
}

impl Retry {
    /// How long to wait after the failed call number `failed` (from 1); `None` when that was the last.
    ///
    /// `random` is uniform over all of its range. What the service asks for is waited in full and the jitter
    /// comes on top: else everyone it sent away would come back at the same instant.
    pub fn pause(
        &self,
        failed: u32,
        retry_after: Option<Duration>,
        random: u64,
    ) -> Option<Duration> {
        if failed >= self.attempts {
            return None;
        }
        let doubled = 2_u32.saturating_pow(failed.saturating_sub(1));
        let bound = self.first.saturating_mul(doubled).min(self.longest);
        let bound = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
        // The upper half of the product is random × bound / 2^64, without a bias worth a name.
        let jitter = (u128::from(random) * (u128::from(bound) + 1)) >> 64;
        let jitter = Duration::from_millis(u64::try_from(jitter).unwrap_or(bound));
        Some(retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER) + jitter)
    }
}

/// Whether an answer says nothing about the order, so that the call has to be repeated.
pub(crate) fn is_transient(status: u16) -> bool {
    status == 429 || (500..=599).contains(&status)
}

/// `Retry-After` in seconds. Its other form, a date, is not what the service sends; backoff stands in for it.
pub(crate) fn retry_after(header: Option<&str>) -> Option<Duration> {
    header?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry {
        attempts: 4,
        first: Duration::from_millis(100),
        longest: Duration::from_millis(250),
    };

    #[test]
    fn the_bound_doubles_up_to_the_longest_and_then_it_is_over() {
        let most = |failed| RETRY.pause(failed, None, u64::MAX);
        assert_eq!(most(1), Some(Duration::from_millis(100)));
        assert_eq!(most(2), Some(Duration::from_millis(200)));
        assert_eq!(most(3), Some(Duration::from_millis(250)));
        assert_eq!(most(4), None);
    }

    #[test]
    fn jitter_is_full() {
        assert_eq!(RETRY.pause(2, None, 0), Some(Duration::ZERO));
        let half = RETRY.pause(2, None, u64::MAX / 2);
        assert_eq!(half, Some(Duration::from_millis(100)));
    }

    #[test]
    fn what_the_service_asks_for_is_waited_up_to_a_minute() {
        let asked = retry_after(Some(" 2 "));
        assert_eq!(asked, Some(Duration::from_secs(2)));
        assert_eq!(RETRY.pause(1, asked, 0), asked);
        let year = retry_after(Some("31536000"));
        assert_eq!(RETRY.pause(1, year, 0), Some(Duration::from_mins(1)));
        assert_eq!(retry_after(Some("Fri, 27 Nov 2026 08:00:00 GMT")), None);
    }

    #[test]
    fn only_an_answer_that_leaves_the_order_open_is_repeated() {
        assert!([429, 500, 502, 503, 504].into_iter().all(is_transient));
        assert!(
            ![200, 202, 301, 400, 403, 404, 409, 413, 422]
                .into_iter()
                .any(is_transient)
        );
    }
}
