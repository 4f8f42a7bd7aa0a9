//! Judges when writes came: how many any window of time holds, at most and at least.
//!
//! Times are seconds, in rising order. Every pair of them is looked at, since a window that breaks a bound can be made shorter
//! or longer until its ends are arrivals, without mending it.

use crate::number::count;

/// No shorter window is judged for the most: a lane promises nothing about the parts of a second.
const SHORTEST: f64 = 1.0;

/// No shorter one is judged for the least: the time between two batches counts for too much in it.
const LONG: f64 = 60.0;

/// With a backlog a lane stores at least so much of its pace.
const LEAST_SHARE: f64 = 0.9;

/// What a lane is set to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Pace {
    /// Writes a second: W.
    pub(crate) writes: f64,
    /// Invocations at once: C.
    pub(crate) concurrency: u32,
}

/// The window that comes nearest to holding too few, or does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Least {
    /// What it holds, as a part of W·T.
    pub(crate) share: f64,
    /// What it has to hold: 0.9·W·T - C, as a part of W·T.
    pub(crate) bound: f64,
}

/// By how many writes a window of T seconds holds more than W·T, at most. The bound is C.
pub(crate) fn most_over(arrivals: &[f64], pace: Pace) -> f64 {
    let mut most = f64::NEG_INFINITY;
    for (first, from) in arrivals.iter().enumerate() {
        for (within, to) in (1..).zip(&arrivals[first..]) {
            let seconds = (to - from).max(SHORTEST);
            most = most.max(count(within) - pace.writes * seconds);
        }
    }
    most
}

/// The window between `from` and `until`, when there was a backlog all the time, that holds least; none if that time is too
/// short.
pub(crate) fn least(arrivals: &[f64], pace: Pace, from: f64, until: f64) -> Option<Least> {
    let within = arrivals.iter().filter(|at| (from..until).contains(*at));
    let ends: Vec<_> = std::iter::once(from)
        .chain(within.copied())
        .chain([until])
        .collect();
    let mut worst: Option<(f64, Least)> = None;
    for (first, begin) in ends.iter().enumerate() {
        // The ends themselves are not within: just after one and just before the other.
        for (between, end) in ends[first + 1..].iter().enumerate() {
            let seconds = end - begin;
            if seconds < LONG {
                continue;
            }
            let full = pace.writes * seconds;
            let needed = LEAST_SHARE * full - f64::from(pace.concurrency);
            let margin = count(between) - needed;
            if worst.is_none_or(|(least, _)| margin < least) {
                let least = Least {
                    share: count(between) / full,
                    bound: needed / full,
                };
                worst = Some((margin, least));
            }
        }
    }
    worst.map(|(_, least)| least)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        writes: 10.0,
        concurrency: 2,
    };

    /// One write after each interval, for so many seconds.
    fn even(interval: f64, seconds: f64) -> Vec<f64> {
        let writes = crate::number::whole(seconds / interval);
        (0..writes).map(|n| f64::from(n) * interval).collect()
    }

    fn breaks_most(arrivals: &[f64]) -> bool {
        most_over(arrivals, PACE) > f64::from(PACE.concurrency)
    }

    fn breaks_least(arrivals: &[f64], from: f64, until: f64) -> bool {
        least(arrivals, PACE, from, until).is_none_or(|least| least.share < least.bound)
    }

    #[test]
    fn an_even_pace_is_one_write_over() {
        let over = most_over(&even(0.1, 200.0), PACE);
        assert!((over - 1.0).abs() < 1e-6, "{over}");
    }

    #[test]
    fn a_burst_is_found_wherever_it_is() {
        for at in [0, 700, 1_900] {
            let mut arrivals = even(0.100_1, 200.0);
            let time = arrivals[at];
            arrivals.splice(at..at, [time; 2]);
            assert!(breaks_most(&arrivals), "at {at}");
            arrivals.remove(at);
            assert!(!breaks_most(&arrivals), "one more is allowed");
        }
    }

    #[test]
    fn a_pace_that_is_a_little_too_fast_is_found_in_the_long_run() {
        assert!(breaks_most(&even(0.099, 200.0)));
        assert!(!breaks_most(&even(0.099, 5.0)));
    }

    #[test]
    fn parts_of_a_second_are_not_judged() {
        assert!(!breaks_most(&[0.5; 12]), "a second's, and C");
        assert!(breaks_most(&[0.5; 13]));
        assert!(!breaks_most(&[]));
    }

    #[test]
    fn a_slow_lane_is_found() {
        let least_of = |interval| least(&even(interval, 200.0), PACE, 60.0, 199.0).unwrap();
        let Least { share, .. } = least_of(0.1 / 0.97);
        assert!((0.95..0.98).contains(&share), "{share}");
        assert!(!breaks_least(&even(0.1 / 0.91, 200.0), 60.0, 199.0));
        assert!(breaks_least(&even(0.1 / 0.89, 200.0), 60.0, 199.0));
    }

    #[test]
    fn a_pause_is_found_wherever_it_is() {
        for from in [60.0, 100.0, 190.0] {
            let with_pause = |seconds: f64| {
                let mut arrivals = even(0.1, 200.0);
                arrivals.retain(|at| !(from..from + seconds).contains(at));
                breaks_least(&arrivals, 60.0, 200.0)
            };
            assert!(with_pause(8.0), "at {from}");
            assert!(!with_pause(5.0), "at {from}");
        }
        let mut arrivals = even(0.1, 200.0);
        arrivals.retain(|at| !(10.0..59.0).contains(at));
        assert!(!breaks_least(&arrivals, 60.0, 200.0), "that was before");
    }

    #[test]
    fn too_short_a_time_shows_nothing() {
        assert_eq!(least(&even(0.1, 200.0), PACE, 60.0, 119.0), None);
        assert!(breaks_least(&[], 0.0, 61.0));
    }
}
