//! The loads, and what comes of one.

use std::time::{Duration, Instant};

use fastrand::Rng;

use super::statements::Write;
use crate::number::{count, median, percentile, whole};

/// What is asked of the server, in multiples of what it can write, and for how many seconds. The heavy ones are shorter, because
/// Sluice stores what waits after each.
pub(crate) const LOADS: [(f64, f64); 5] = [
    (0.5, 20.0),
    (1.0, 20.0),
    (2.0, 10.0),
    (4.0, 10.0),
    (8.0, 10.0),
];

/// Orders, and when each comes.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Load {
    /// How many times as much as the server can write.
    pub(crate) factor: f64,
    /// In seconds from the start, in rising order.
    pub(crate) times: Vec<f64>,
    /// How long orders come.
    pub(crate) seconds: f64,
}

impl Load {
    /// So many times what the server can write in a second, for so many seconds. Each order comes at a time of its own, whatever
    /// the others do, as customers come; the same times each time.
    pub(crate) fn new(factor: f64, seconds: f64, capacity: f64) -> Self {
        let mut random = Rng::with_seed(7);
        let orders = whole(factor * capacity * seconds);
        let mut times: Vec<_> = (0..orders).map(|_| random.f64() * seconds).collect();
        times.sort_by(f64::total_cmp);
        Self {
            factor,
            times,
            seconds,
        }
    }

    /// Orders a second.
    pub(crate) fn rate(&self) -> f64 {
        count(self.times.len()) / self.seconds
    }
}

/// What came of a load.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Outcome {
    /// How many times as much as the server can write came.
    pub(crate) factor: f64,
    /// Orders a second.
    pub(crate) rate: f64,
    /// How many orders came.
    pub(crate) orders: usize,
    /// How many of them are stored.
    pub(crate) stored: usize,
    /// From the first order to the last write, and no less than orders came, in seconds.
    pub(crate) seconds: f64,
    /// How long each statement took that reached the server, in seconds.
    pub(crate) took: Vec<f64>,
}

impl Outcome {
    /// From what was seen until all was over. What began before is of another load.
    pub(crate) fn new(load: &Load, begun: Instant, stored: usize, writes: &[Write]) -> Self {
        let writes = || writes.iter().filter(|write| write.begun >= begun);
        let answered = writes().filter(|write| !write.failed);
        let last =
            answered.map(|write| (write.begun + write.took).saturating_duration_since(begun));
        let last = last.max().unwrap_or_default();
        Self {
            factor: load.factor,
            rate: load.rate(),
            orders: load.times.len(),
            stored,
            seconds: last.as_secs_f64().max(load.seconds),
            took: writes().map(|w| w.took.as_secs_f64()).collect(),
        }
    }

    /// What half of the statements did not exceed, in seconds.
    pub(crate) fn p50(&self) -> f64 {
        median(&self.took).unwrap_or(0.0)
    }

    /// What 99 of 100 statements did not exceed, in seconds.
    pub(crate) fn p99(&self) -> f64 {
        percentile(&self.took, 0.99).unwrap_or(0.0)
    }

    /// Stored orders a second.
    pub(crate) fn goodput(&self) -> f64 {
        count(self.stored) / self.seconds
    }

    /// The part of the orders that is not stored.
    pub(crate) fn failed(&self) -> f64 {
        1.0 - count(self.stored) / count(self.orders.max(1))
    }
}

/// How many of these writes began within a time.
pub(crate) fn begun_within(writes: &[Write], from: Instant, time: Duration) -> usize {
    let within = |write: &&Write| (from..from + time).contains(&write.begun);
    writes.iter().filter(within).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_come_at_times_of_their_own_and_the_same_each_time() {
        let load = Load::new(2.0, 10.0, 12.5);
        assert_eq!(load.times.len(), 250);
        assert!((load.rate() - 25.0).abs() < 1e-9);
        assert!(load.times.is_sorted());
        assert!(load.times.iter().all(|at| (0.0..10.0).contains(at)));
        assert_eq!(load, Load::new(2.0, 10.0, 12.5));
        let gaps = load.times.windows(2).map(|two| two[1] - two[0]);
        let short = gaps.filter(|gap| *gap < 0.01).count();
        assert!((30..90).contains(&short), "{short} of 250 are close");
    }

    #[test]
    fn an_outcome_counts_failed_statements_but_not_as_stored() {
        let (load, start) = (Load::new(1.0, 2.0, 2.0), Instant::now());
        let begun = start + Duration::from_millis(1);
        let write = |at: f64, took, failed| Write {
            begun: begun + Duration::from_secs_f64(at),
            took: Duration::from_secs_f64(took),
            failed,
        };
        let before = Write {
            begun: start,
            took: Duration::from_mins(1),
            failed: false,
        };
        let writes = [
            before,
            write(0.5, 0.1, false),
            write(1.0, 9.0, true),
            write(3.5, 0.5, false),
        ];
        let outcome = Outcome::new(&load, begun, 2, &writes);
        assert_eq!((outcome.orders, outcome.seconds), (4, 4.0));
        assert_eq!((outcome.p50(), outcome.p99()), (0.5, 9.0));
        assert_eq!((outcome.goodput(), outcome.failed()), (0.5, 0.5));
        let none = Outcome::new(&load, begun, 0, &[]);
        assert_eq!(
            (none.stored, none.seconds),
            (0, 2.0),
            "as long as orders came"
        );
        let within = begun_within(
            &writes,
            begun + Duration::from_secs(1),
            Duration::from_millis(2_500),
        );
        assert_eq!(within, 1, "its beginning is within it, and its end is not");
    }
}
