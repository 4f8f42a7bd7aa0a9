//! What waits in the queue while orders arrive and a lane stores them at its rate.
//!
//! Orders are a fluid here: in each step of the curve the depth changes evenly, so every figure is exact for that
//! model, and none depends on how finely it is looked at. Orders are stored in the order of their arrival; SQS comes
//! close to that and does not promise it.

use super::curve::Curve;

/// The queue over the sale.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Backlog {
    /// Orders stored a second, while there are any.
    pub(crate) rate: f64,
    /// How it was at each turn, in between it changes evenly.
    pub(crate) points: Vec<Point>,
    /// When the last order was stored.
    pub(crate) drained: f64,
}

/// The queue at one moment.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Point {
    /// Seconds since the start.
    pub(crate) at: f64,
    /// Orders that arrived by then.
    pub(crate) arrived: f64,
    /// Orders that were stored by then.
    pub(crate) stored: f64,
    /// Orders that wait.
    pub(crate) depth: f64,
}

impl Backlog {
    /// What a curve leaves behind when orders are stored at a rate, which is above zero.
    pub(crate) fn of(curve: &Curve, rate: f64) -> Self {
        let mut now = Point::default();
        let mut points = vec![now];
        let mut drained = 0.0;
        for step in &curve.steps {
            let end = now.at + step.seconds;
            let arriving = step.orders / step.seconds;
            let left = now.depth + (arriving - rate) * step.seconds;
            if left > 0.0 {
                now = now.after(step.seconds, arriving, rate, left);
            } else {
                // Empty before the step is over: from then on each order is stored as it arrives.
                let busy = if arriving < rate {
                    now.depth / (rate - arriving)
                } else {
                    step.seconds
                };
                now = now.after(busy.min(step.seconds), arriving, rate, 0.0);
                points.push(now);
                if step.orders > 0.0 {
                    drained = end;
                } else if busy > 0.0 {
                    drained = now.at;
                }
                now = now.after(end - now.at, arriving, arriving, 0.0);
            }
            points.push(now);
        }
        if now.depth > 0.0 {
            now = now.after(now.depth / rate, 0.0, rate, 0.0);
            points.push(now);
            drained = now.at;
        }
        Self {
            rate,
            points,
            drained,
        }
    }

    /// The most orders that wait, and when that is.
    pub(crate) fn deepest(&self) -> Point {
        let mut deepest = Point::default();
        for point in &self.points {
            if point.depth > deepest.depth {
                deepest = *point;
            }
        }
        deepest
    }

    /// How long an order waits at most: what is ahead of it is stored first.
    pub(crate) fn longest_wait(&self) -> f64 {
        self.deepest().depth / self.rate
    }

    /// The depth over time, as turns of a line.
    pub(crate) fn depths(&self) -> Vec<(f64, f64)> {
        self.points
            .iter()
            .map(|point| (point.at, point.depth))
            .collect()
    }

    /// How long the order that is stored at a time has waited, as turns of a line: what `CloudWatch` calls the age of the
    /// oldest message.
    pub(crate) fn waits(&self) -> Vec<(f64, f64)> {
        let wait = |point: &Point| {
            let wait = point.depth / self.rate;
            (point.at + wait, wait)
        };
        self.points.iter().map(wait).collect()
    }
}

impl Point {
    /// So many seconds later.
    fn after(self, seconds: f64, arriving: f64, storing: f64, depth: f64) -> Self {
        Self {
            at: self.at + seconds,
            arrived: self.arrived + arriving * seconds,
            stored: self.stored + storing * seconds,
            depth,
        }
    }
}

/// The lowest rate at which no order of a curve waits longer than `wait` seconds.
pub(crate) fn rate_for(curve: &Curve, wait: f64) -> f64 {
    let (mut too_slow, mut enough) = (0.0, curve.peak);
    for _ in 0..50 {
        let between = f64::midpoint(too_slow, enough);
        if between > 0.0 && Backlog::of(curve, between).longest_wait() <= wait {
            enough = between;
        } else {
            too_slow = between;
        }
    }
    enough
}

#[cfg(test)]
#[path = "backlog_tests.rs"]
mod tests;
