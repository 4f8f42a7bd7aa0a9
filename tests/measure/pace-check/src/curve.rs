//! When the orders of a load are posted: the same curves as `sluice plan` reckons with, order by order.

use std::{collections::BTreeMap, fs::File, io::BufReader};

use sluice::sales::invoices;
use sluice_testing::project;

use crate::number::{count, whole};

/// The sales, as the project has them.
pub(crate) const SALES: &str = "data/online-retail-2010-12.csv";

/// So many orders a second, for so many seconds.
pub(crate) fn constant(peak: f64, seconds: f64) -> Vec<f64> {
    times(&[(seconds, peak * seconds)])
}

/// From none in a straight line up to the peak at the end.
pub(crate) fn ramp(peak: f64, seconds: f64) -> Vec<f64> {
    let orders = peak * seconds / 2.0;
    let at = |n| seconds * ((f64::from(n) + 0.5) / orders).sqrt();
    (0..whole(orders)).map(at).collect()
}

/// As in the sales: the busiest minute becomes the peak, and all is squeezed into so many seconds.
pub(crate) fn sales(peak: f64, seconds: f64) -> Vec<f64> {
    let file = File::open(project().join(SALES)).expect("the sales are there");
    let invoices = invoices::read(BufReader::new(file)).expect("they are sales");
    let mut minutes = BTreeMap::<i64, usize>::new();
    for invoice in invoices.iter().filter(|invoice| invoice.fit.is_some()) {
        let date = invoice.time().expect("a date");
        *minutes.entry(date.as_millis() / 60_000).or_default() += 1;
    }
    of_minutes(&minutes, peak, seconds)
}

fn of_minutes(minutes: &BTreeMap<i64, usize>, peak: f64, seconds: f64) -> Vec<f64> {
    let (Some((first, _)), Some((last, _))) = (minutes.first_key_value(), minutes.last_key_value())
    else {
        return Vec::new();
    };
    let busiest = minutes.values().copied().max().unwrap_or(1);
    let minute = seconds / count((*first..=*last).count());
    let steps: Vec<_> = (*first..=*last)
        .map(|at| minutes.get(&at).copied().unwrap_or(0))
        .map(|orders| (minute, peak * minute * count(orders) / count(busiest)))
        .collect();
    times(&steps)
}

/// The times of single orders, where so many arrive evenly in each of these seconds. Each comes when the middle of it does.
fn times(steps: &[(f64, f64)]) -> Vec<f64> {
    let mut times = Vec::new();
    let (mut now, mut arrived) = (0.0, 0.0);
    for (seconds, orders) in steps {
        let mut next = count(times.len()) + 0.5;
        while next <= arrived + orders {
            times.push(now + seconds * (next - arrived) / orders);
            next += 1.0;
        }
        now += seconds;
        arrived += orders;
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(times: &[f64], expected: &[f64]) {
        let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-6;
        assert!(
            times.len() == expected.len() && times.iter().zip(expected).all(close),
            "{times:?}"
        );
    }

    #[test]
    fn a_constant_load_is_even() {
        near(&constant(2.0, 2.0), &[0.25, 0.75, 1.25, 1.75]);
    }

    #[test]
    fn a_ramp_has_three_quarters_of_its_orders_in_its_second_half() {
        let ramp = ramp(50.0, 40.0);
        assert_eq!(ramp.len(), 1_000);
        assert_eq!(ramp.iter().filter(|at| **at >= 20.0).count(), 750);
    }

    #[test]
    fn minutes_keep_their_share_and_their_distance() {
        let minutes = BTreeMap::from([(100, 1), (101, 2), (103, 1)]);
        near(&of_minutes(&minutes, 2.0, 4.0), &[0.5, 1.25, 1.75, 3.5]);
    }

    #[test]
    fn the_sales_are_squeezed() {
        let times = sales(1_000.0, 40.0);
        assert!(times.len() > 500, "{}", times.len());
        assert!(times.is_sorted());
        assert!(times.iter().all(|at| (0.0..=40.0).contains(at)));
    }
}
