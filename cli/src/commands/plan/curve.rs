//! When orders arrive.

use crate::terminal::units::count;

/// How many steps a ramp is cut into.
const RAMP_STEPS: u32 = 240;

/// Arrivals over the sale, in steps of an even rate each.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Curve {
    /// One after the other.
    pub(crate) steps: Vec<Step>,
    /// Orders a second at the busiest moment.
    pub(crate) peak: f64,
}

/// A time in which orders arrive evenly.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Step {
    /// How long it is; above zero.
    pub(crate) seconds: f64,
    /// How many arrive in it.
    pub(crate) orders: f64,
}

impl Curve {
    /// The peak all the time.
    pub(crate) fn constant(peak: f64, seconds: f64) -> Self {
        let orders = peak * seconds;
        Self {
            steps: vec![Step { seconds, orders }],
            peak,
        }
    }

    /// From nothing in a straight line up to the peak at the end.
    pub(crate) fn ramp(peak: f64, seconds: f64) -> Self {
        let steps = f64::from(RAMP_STEPS);
        let step = |at: u32| Step {
            seconds: seconds / steps,
            orders: peak * (f64::from(at) + 0.5) / steps * seconds / steps,
        };
        Self {
            steps: (0..RAMP_STEPS).map(step).collect(),
            peak,
        }
    }

    /// So many orders in each of some minutes: the busiest becomes the peak, the others keep their share of it.
    ///
    /// The minutes rise. `seconds` is how long the whole takes, if not as long as it was.
    pub(crate) fn of_minutes(
        minutes: &[(i64, usize)],
        peak: f64,
        seconds: Option<f64>,
    ) -> Option<Self> {
        let (first, last) = (minutes.first()?.0, minutes.last()?.0);
        let busiest = minutes.iter().map(|(_, orders)| *orders).max()?;
        let minutes_between = |from: i64, to: i64| {
            let minutes = u32::try_from(to.saturating_sub(from)).unwrap_or(u32::MAX);
            f64::from(minutes)
        };
        let span = minutes_between(first, last) + 1.0;
        let minute = seconds.map_or(60.0, |seconds| seconds / span);
        let mut steps = Vec::with_capacity(minutes.len() * 2);
        let mut now = first;
        for (at, orders) in minutes {
            if *at > now {
                steps.push(Step {
                    seconds: minutes_between(now, *at) * minute,
                    orders: 0.0,
                });
            }
            steps.push(Step {
                seconds: minute,
                orders: peak * minute * count(*orders) / count(busiest),
            });
            now = at + 1;
        }
        Some(Self { steps, peak })
    }

    /// How many orders arrive.
    pub(crate) fn orders(&self) -> f64 {
        self.steps.iter().map(|step| step.orders).sum()
    }

    /// How long they arrive.
    pub(crate) fn seconds(&self) -> f64 {
        self.steps.iter().map(|step| step.seconds).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
    }

    #[test]
    fn a_ramp_has_half_of_the_orders_and_rises() {
        let (ramp, constant) = (Curve::ramp(50.0, 600.0), Curve::constant(50.0, 600.0));
        assert!(near(ramp.orders(), 15_000.0), "{}", ramp.orders());
        assert!(near(constant.orders(), 30_000.0));
        assert!(near(ramp.seconds(), 600.0));
        assert!(
            ramp.steps
                .windows(2)
                .all(|two| two[0].orders < two[1].orders)
        );
    }

    #[test]
    fn minutes_keep_their_distances_and_the_busiest_is_the_peak() {
        let minutes = [(100, 1), (101, 4), (111, 2)];
        let curve = Curve::of_minutes(&minutes, 80.0, None).unwrap();
        let step = |seconds, orders| Step { seconds, orders };
        let expected = [
            step(60.0, 1_200.0),
            step(60.0, 4_800.0),
            step(540.0, 0.0),
            step(60.0, 2_400.0),
        ];
        assert_eq!(curve.steps, expected);
        assert!(near(curve.seconds(), 720.0));
    }

    #[test]
    fn minutes_can_be_squeezed_into_a_time() {
        let minutes = [(0, 1), (9, 2)];
        let curve = Curve::of_minutes(&minutes, 10.0, Some(60.0)).unwrap();
        assert!(near(curve.seconds(), 60.0));
        assert!(near(curve.orders(), 6.0 * 5.0 + 6.0 * 10.0));
        assert_eq!(Curve::of_minutes(&[], 10.0, None), None);
    }

    proptest! {
        #[test]
        fn no_step_is_busier_than_the_peak(
            counts in prop::collection::btree_map(0_i64..5_000, 1_usize..50, 1..40),
            peak in 0.1_f64..10_000.0,
            seconds in prop::option::of(1.0_f64..100_000.0),
        ) {
            let minutes: Vec<_> = counts.into_iter().collect();
            let curve = Curve::of_minutes(&minutes, peak, seconds).unwrap();
            let rates: Vec<_> = curve.steps.iter().map(|step| step.orders / step.seconds).collect();
            let busiest = rates.iter().copied().fold(0.0, f64::max);
            prop_assert!(near(busiest, peak), "{busiest} {peak}");
            if let Some(seconds) = seconds {
                prop_assert!(near(curve.seconds(), seconds));
            }
        }
    }
}
