//! The lanes for people: a table, and what its words mean.

use super::{drained::Drained, lane_row::LaneRow};
use crate::terminal::{
    output::columns,
    units::{duration, number},
};

const HEADINGS: [&str; 13] = [
    "LANE",
    "STATE",
    "W",
    "C",
    "BATCH",
    "WAITING",
    "IN FLIGHT",
    "DELAYED",
    "OLDEST",
    "IN",
    "OUT",
    "DRAINED",
    "AT W",
];

const UNKNOWN: &str = "unknown";

/// The lanes as a table. `sum` is the W of all lanes there are.
pub(crate) fn text(rows: &[LaneRow], sum: f64) -> String {
    let headings = HEADINGS.map(str::to_owned).to_vec();
    let cells: Vec<_> = rows.iter().map(LaneRow::cells).collect();
    let is_unknown = cells.iter().flatten().any(|cell| cell == UNKNOWN);
    let mut lines = vec![
        columns(&[vec![headings], cells].concat()),
        String::new(),
        "W: writes a second. C: invocations at once. DRAINED: when the queue will be empty, if orders come and go as now. AT W: if they go at W."
            .to_owned(),
    ];
    lines.extend(rows.iter().filter_map(LaneRow::measured_in));
    if is_unknown {
        lines.push(
            "unknown: CloudWatch has no figure yet. Its figures are a minute or more late, and it has none for a queue that is not used."
                .to_owned(),
        );
    }
    lines.push(format!(
        "Storage sees the sum of the lanes: with these settings up to {} writes a second.",
        number(sum)
    ));
    lines.join("\n")
}

impl LaneRow {
    fn cells(&self) -> Vec<String> {
        let or_unknown = |text: Option<String>| text.unwrap_or_else(|| UNKNOWN.to_owned());
        let rate = |rate: Option<f64>| or_unknown(rate.map(|rate| per_second(rate) + "/s"));
        let measured = self.measured.as_ref();
        let oldest = self.oldest_seconds.map(duration);
        vec![
            self.lane.to_owned(),
            self.state.to_owned(),
            number(self.writes_per_second),
            self.concurrency
                .map_or_else(|| "no limit".to_owned(), |most| most.to_string()),
            grouped(self.batch_size.into()),
            grouped(self.counts.visible),
            grouped(self.counts.in_flight),
            grouped(self.counts.delayed),
            if self.backlog == 0 {
                "-".to_owned()
            } else {
                or_unknown(oldest)
            },
            rate(measured.map(|m| m.in_per_second)),
            rate(measured.map(|m| m.out_per_second)),
            self.drained.said(),
            self.drained_at_set_pace.said(),
        ]
    }

    fn measured_in(&self) -> Option<String> {
        let measured = self.measured?;
        let minutes = match measured.minutes {
            1 => "the minute".to_owned(),
            many => format!("{many} minutes"),
        };
        // The hour and the minute of 2026-11-27T17:05:00.000Z.
        let until = measured.until.to_string();
        let until = until.get(11..16).unwrap_or(&until);
        let lane = self.lane;
        Some(format!(
            "IN and OUT of {lane}: orders a second in {minutes} to {until} UTC."
        ))
    }
}

impl Drained {
    fn said(self) -> String {
        match self {
            Self::Empty => "-".to_owned(),
            Self::After { seconds } => format!("in {}", duration(seconds)),
            Self::Grows => "never: it grows".to_owned(),
            Self::Still => "never: as many come as go".to_owned(),
            Self::Paused => "not while paused".to_owned(),
            Self::Unknown => UNKNOWN.to_owned(),
        }
    }
}

/// A rate above zero is never shown as zero.
fn per_second(rate: f64) -> String {
    if rate > 0.0 && rate < 0.01 {
        "<0.01".to_owned()
    } else {
        number(rate)
    }
}

fn grouped(count: u64) -> String {
    u32::try_from(count).map_or_else(|_| count.to_string(), |count| number(count.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::lanes::{
        lane_row::tests::{of, row},
        queue_metrics::{QueueMetrics, Series},
    };

    #[test]
    fn a_lane_that_drains() {
        let text = text(&[row("Enabled", 9_900)], 300.0);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[..2],
            [
                "LANE  STATE    W    C  BATCH  WAITING  IN FLIGHT  DELAYED  OLDEST  IN   OUT    DRAINED    AT W",
                "hot   running  200  2  1,000  9,900    0          0        30s     1/s  100/s  in 1m 40s  in 50s",
            ]
        );
        assert_eq!(
            lines[4..],
            [
                "IN and OUT of hot: orders a second in the minute to 00:01 UTC.",
                "Storage sees the sum of the lanes: with these settings up to 300 writes a second.",
            ]
        );
    }

    #[test]
    fn a_paused_lane_and_an_empty_one() {
        let text = text(&[row("Disabled", 1), row("Enabled", 0)], 300.0);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[1].contains("  paused  "), "{text}");
        assert!(lines[1].contains("not while paused"), "{text}");
        assert!(lines[2].contains("  -       1/s  100/s  -"), "{text}");
        assert!(!text.contains("unknown"), "{text}");
    }

    #[test]
    fn what_is_not_known_is_not_zero() {
        let text = text(&[of("Enabled", 5, &QueueMetrics::default())], 300.0);
        let row = text.lines().nth(1).unwrap_or_default();
        assert_eq!(row.matches("unknown").count(), 5, "{text}");
        assert!(text.contains("\nunknown: CloudWatch"), "{text}");
        assert!(!text.contains("IN and OUT"), "{text}");
    }

    #[test]
    fn little_is_not_nothing_and_growing_has_no_end() {
        let figures = QueueMetrics {
            sent: Series::from([(0, 60.0), (60, 0.0)]),
            deleted: Series::from([(0, 0.3), (60, 0.0)]),
            age: Series::new(),
        };
        let text = text(&[of("Enabled", 5, &figures)], 300.0);
        assert!(text.contains("1/s  <0.01/s  never: it grows"), "{text}");
        assert_eq!(per_second(0.0), "0");
        assert_eq!(Drained::Still.said(), "never: as many come as go");
    }
}
