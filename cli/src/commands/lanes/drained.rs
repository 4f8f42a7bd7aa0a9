//! When a queue will be empty if orders go on coming and going at the same rates.

use std::cmp::Ordering;

use serde::Serialize;

use super::queue_metrics::Measured;

/// When the queue will be empty.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Drained {
    /// It is empty now.
    Empty,
    /// After this time.
    After { seconds: f64 },
    /// Never: more orders come than go.
    Grows,
    /// Never: as many come as go.
    Still,
    /// Never: nothing is taken from it.
    Paused,
    /// The rates are unknown.
    Unknown,
}

impl Drained {
    /// When a backlog is gone, at these rates: orders that come and orders that go, a second.
    pub(crate) fn of(backlog: u64, rates: Option<(f64, f64)>) -> Self {
        if backlog == 0 {
            return Self::Empty;
        }
        let Some((comes, goes)) = rates else {
            return Self::Unknown;
        };
        match goes.partial_cmp(&comes) {
            Some(Ordering::Greater) => Self::After {
                seconds: orders(backlog) / (goes - comes),
            },
            Some(Ordering::Less) => Self::Grows,
            _ => Self::Still,
        }
    }

    /// At the measured rates. While a lane is paused nothing goes, whatever went before.
    pub(crate) fn as_measured(backlog: u64, measured: Option<&Measured>, paused: bool) -> Self {
        let rates = measured.map(|m| (m.in_per_second, m.out_per_second));
        match Self::of(backlog, rates) {
            Self::Empty => Self::Empty,
            _ if paused => Self::Paused,
            drained => drained,
        }
    }

    /// At the pace that the lane is set to, with orders coming at the measured rate.
    pub(crate) fn at_pace(backlog: u64, measured: Option<&Measured>, pace: f64) -> Self {
        Self::of(backlog, measured.map(|m| (m.in_per_second, pace)))
    }
}

fn orders(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sluice_order::Timestamp;

    use super::*;

    fn measured(comes: f64, goes: f64) -> Measured {
        Measured {
            minutes: 5,
            until: Timestamp::from_millis(0),
            in_per_second: comes,
            out_per_second: goes,
        }
    }

    #[test]
    fn a_backlog_goes_by_what_goes_above_what_comes() {
        let drained = |rates| Drained::of(600, rates);
        assert_eq!(drained(Some((5.0, 20.0))), Drained::After { seconds: 40.0 });
        assert_eq!(drained(Some((20.0, 5.0))), Drained::Grows);
        assert_eq!(drained(Some((5.0, 5.0))), Drained::Still);
        assert_eq!(drained(Some((0.0, 0.0))), Drained::Still);
        assert_eq!(drained(None), Drained::Unknown);
        assert_eq!(Drained::of(0, None), Drained::Empty);
        assert_eq!(Drained::of(0, Some((9.0, 0.0))), Drained::Empty);
    }

    #[test]
    fn a_paused_lane_does_not_go_on_as_before() {
        let before = measured(1.0, 100.0);
        let paused = |backlog| Drained::as_measured(backlog, Some(&before), true);
        assert_eq!(paused(99), Drained::Paused);
        assert_eq!(paused(0), Drained::Empty);
        assert_eq!(Drained::as_measured(9, None, true), Drained::Paused);
        let running = Drained::as_measured(99, Some(&before), false);
        assert_eq!(running, Drained::After { seconds: 1.0 });
    }

    #[test]
    fn the_pace_takes_the_place_of_what_went() {
        let at_pace = |comes| Drained::at_pace(100, Some(&measured(comes, 0.0)), 50.0);
        assert_eq!(at_pace(0.0), Drained::After { seconds: 2.0 });
        assert_eq!(at_pace(60.0), Drained::Grows);
        assert_eq!(Drained::at_pace(100, None, 50.0), Drained::Unknown);
    }

    proptest! {
        #[test]
        fn after_that_time_nothing_is_left(
            backlog in 1_u64..10_000_000, comes in 0.0_f64..1e4, goes in 0.0_f64..1e4,
        ) {
            match Drained::of(backlog, Some((comes, goes))) {
                Drained::After { seconds } => {
                    let left = orders(backlog) + (comes - goes) * seconds;
                    prop_assert!(seconds > 0.0 && left.abs() <= 1e-6 * orders(backlog).max(comes * seconds));
                }
                Drained::Grows => prop_assert!(comes > goes),
                Drained::Still => prop_assert!((comes - goes).abs() < f64::EPSILON),
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
