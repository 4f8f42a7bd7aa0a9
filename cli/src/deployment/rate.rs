//! A limit on calls a second.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

/// Ticks at most `rate` times a second, the first time at once. A tick that was held up delays the next ones: they never
/// come faster to catch up.
pub(crate) fn at_most(rate: f64) -> Interval {
    let period = bounded(1.0 / rate).max(Duration::from_nanos(1));
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// A number of seconds, at most ten years, so that it can be added to a clock. What is no duration is ten years.
pub(crate) fn bounded(seconds: f64) -> Duration {
    const TEN_YEARS: Duration = Duration::from_hours(24 * 3_650);
    Duration::try_from_secs_f64(seconds).map_or(TEN_YEARS, |duration| duration.min(TEN_YEARS))
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, advance};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_tick_that_was_held_up_delays_the_next() {
        let mut limit = at_most(4.0);
        let start = Instant::now();
        limit.tick().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        limit.tick().await;
        assert_eq!(start.elapsed(), Duration::from_millis(250));
        advance(Duration::from_secs(9)).await;
        limit.tick().await;
        let held_up = Instant::now();
        limit.tick().await;
        assert_eq!(held_up.elapsed(), Duration::from_millis(250));
    }

    #[tokio::test]
    async fn no_rate_is_too_small_or_too_large() {
        for rate in [f64::MIN_POSITIVE, 1e-300, 1e300, f64::MAX] {
            at_most(rate).tick().await;
        }
    }
}
