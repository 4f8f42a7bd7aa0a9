//! When to call the API again.

use std::time::Duration;

use backon::ExponentialBuilder;

/// The longest pause that an answer's `Retry-After` can ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(1);

/// Eight calls in about half a minute, plus what the service asks for. The pauses double from 200 ms to 10 s, and
/// each is made longer by a random part of itself.
pub fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(10))
        .with_max_times(7)
        .with_jitter()
}

/// The pause before the next call, if there is one.
///
/// The time that the service asks for is waited in full, and the backoff's random pause comes on top: otherwise all the
/// callers that it sent away would come back at the same instant.
pub(crate) fn pause(backoff: Option<Duration>, retry_after: Option<Duration>) -> Option<Duration> {
    Some(backoff? + retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER))
}

/// Whether an answer leaves open what became of the order, so that the call has to be repeated.
pub(crate) fn is_transient(status: u16) -> bool {
    status == 429 || (500..=599).contains(&status)
}

/// `Retry-After` in seconds. The service does not send its other form, a date: that counts as none.
pub(crate) fn retry_after(header: Option<&str>) -> Option<Duration> {
    header?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use backon::BackoffBuilder;

    use super::*;

    #[test]
    fn the_pauses_double_up_to_the_longest_and_then_it_is_over() {
        let bounds = [200, 400, 800, 1_600, 3_200, 6_400, 10_000].map(Duration::from_millis);
        let pauses: Vec<_> = backoff().build().collect();
        assert_eq!(pauses.len(), bounds.len());
        for (pause, bound) in pauses.iter().zip(bounds) {
            // backon computes with 32 bits, and adds up to as much again.
            let range = bound.mul_f64(0.99)..=bound.mul_f64(2.01);
            assert!(range.contains(pause), "{pauses:?}");
        }
        assert_eq!(pause(None, Some(Duration::from_secs(1))), None);
    }

    #[test]
    fn what_the_service_asks_for_is_waited_up_to_a_minute() {
        let second = Duration::from_secs(1);
        let asked = retry_after(Some(" 2 "));
        assert_eq!(asked, Some(second * 2));
        assert_eq!(pause(Some(second), asked), Some(second * 3));
        let year = retry_after(Some("31536000"));
        assert_eq!(pause(Some(second), year), Some(second * 61));
        assert_eq!(pause(Some(second), None), Some(second));
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
