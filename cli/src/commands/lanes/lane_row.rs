//! What `sluice pace` shows of a lane.

use serde::Serialize;
use sluice_order::Lane;

use super::{
    drained::Drained,
    queue_metrics::{Measured, QueueMetrics},
    source::State,
};
use crate::deployment::counts::Counts;

/// What a lane is set to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct DeployedSettings {
    /// Writes a second.
    pub(crate) writes_per_second: f64,
    /// Invocations at once.
    pub(crate) concurrency: Option<i32>,
    /// Orders of a batch.
    pub(crate) batch_size: u32,
}

/// A lane, as it is shown.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct LaneRow {
    pub(crate) lane: &'static str,
    /// Running, paused, or between the two.
    pub(crate) state: &'static str,
    pub(crate) writes_per_second: f64,
    pub(crate) concurrency: Option<i32>,
    pub(crate) batch_size: u32,
    /// Orders in the queue.
    pub(crate) backlog: u64,
    #[serde(flatten)]
    pub(crate) counts: Counts,
    /// `None`: the queue is empty, or it is unknown.
    pub(crate) oldest_seconds: Option<f64>,
    /// `None`: unknown.
    pub(crate) measured: Option<Measured>,
    pub(crate) drained: Drained,
    pub(crate) drained_at_set_pace: Drained,
}

impl LaneRow {
    pub(crate) fn of(
        lane: Lane,
        state: &State,
        set: DeployedSettings,
        counts: Counts,
        metrics: &QueueMetrics,
        now: i64,
    ) -> Self {
        let backlog = counts.all();
        let measured = metrics.measured(now);
        let paused = *state == State::Disabled;
        Self {
            lane: lane.as_str(),
            state: state.of_lane(),
            writes_per_second: set.writes_per_second,
            concurrency: set.concurrency,
            batch_size: set.batch_size,
            backlog,
            counts,
            // What CloudWatch says of an empty queue is from before.
            oldest_seconds: metrics.oldest(now).filter(|_| backlog > 0),
            measured,
            drained: Drained::as_measured(backlog, measured.as_ref(), paused),
            drained_at_set_pace: Drained::at_pace(
                backlog,
                measured.as_ref(),
                set.writes_per_second,
            ),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::commands::lanes::queue_metrics::Series;

    /// A lane with so many visible orders; 60 came and 6,000 went in a minute of which the oldest was 30 s old.
    pub(crate) fn row(state: &str, visible: u64) -> LaneRow {
        let figures = QueueMetrics {
            sent: Series::from([(0, 60.0)]),
            deleted: Series::from([(0, 6_000.0)]),
            age: Series::from([(0, 30.0)]),
        };
        of(state, visible, &figures)
    }

    pub(crate) fn of(state: &str, visible: u64, metrics: &QueueMetrics) -> LaneRow {
        let set = DeployedSettings {
            writes_per_second: 200.0,
            concurrency: Some(2),
            batch_size: 1_000,
        };
        let counts = Counts {
            visible,
            in_flight: 0,
            delayed: 0,
        };
        LaneRow::of(Lane::Hot, &State::of(state), set, counts, metrics, 119)
    }

    #[test]
    fn what_is_told_follows_from_backlog_and_figures() {
        let running = row("Enabled", 9_900);
        assert_eq!((running.state, running.backlog), ("running", 9_900));
        assert_eq!(running.oldest_seconds, Some(30.0));
        assert_eq!(running.drained, Drained::After { seconds: 100.0 });
        let at_pace = Drained::After {
            seconds: 9_900.0 / 199.0,
        };
        assert_eq!(running.drained_at_set_pace, at_pace);

        let paused = row("Disabled", 9_900);
        assert_eq!((paused.state, paused.drained), ("paused", Drained::Paused));
        assert_eq!(paused.drained_at_set_pace, at_pace);
        assert_eq!(row("Disabling", 9_900).drained, running.drained);
    }

    #[test]
    fn an_empty_queue_has_no_age_and_no_figures_are_no_zeros() {
        assert_eq!(row("Enabled", 0).oldest_seconds, None);
        let unknown = of("Enabled", 5, &QueueMetrics::default());
        let drained = (unknown.drained, unknown.drained_at_set_pace);
        assert_eq!(drained, (Drained::Unknown, Drained::Unknown));
        let json = serde_json::to_value(&unknown).unwrap();
        assert!(json["measured"].is_null() && json["oldest_seconds"].is_null());
        assert_eq!(json["visible"], 5);
        assert_eq!(json["drained"]["outcome"], "unknown");
    }
}
