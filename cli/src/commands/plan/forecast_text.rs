//! The forecast for people: charts, figures, costs, limits, suggestions, parameters.

use super::{chart::chart, forecast::Forecast, lane::Settings, limit::Status, size::OrderSize};
use crate::terminal::{
    output::{aligned, columns},
    units::{bytes, duration, money, number, short},
};

impl Forecast {
    /// The forecast for people.
    pub(crate) fn text(&self) -> String {
        let mut parts = Vec::new();
        if self.deepest > 0.0 {
            parts.push(self.charts());
        }
        parts.push(aligned(&self.figures()));
        parts.push(self.costs());
        parts.push(self.limit_rows());
        if !self.suggestions.is_empty() {
            let rows = self.suggestions.iter().map(|text| format!("- {text}"));
            parts.push(rows.collect::<Vec<_>>().join("\n"));
        }
        parts.push(self.parameter_overrides.clone());
        parts.join("\n\n")
    }

    fn charts(&self) -> String {
        let end = duration(self.end());
        let depth = chart(
            "Orders in the queue",
            &self.depth_chart,
            &short(self.deepest),
            &end,
        );
        let wait = chart(
            "How long the order being stored has waited",
            &self.wait_chart,
            &duration(self.longest_wait_seconds),
            &end,
        );
        format!("{depth}\n\n{wait}")
    }

    fn figures(&self) -> Vec<(String, String)> {
        let Settings {
            writes_per_second,
            concurrency,
            batch_size,
            batch_seconds,
            ..
        } = self.settings;
        let OrderSize {
            lines,
            message,
            table_writes,
            index_writes,
            ..
        } = self.order;
        let row = |name: &str, value: String| (name.to_owned(), value);
        let waiting = if self.deepest > 0.0 {
            let (most, at) = (
                number(self.deepest.ceil()),
                duration(self.deepest_at_seconds),
            );
            format!("at most {most}, after {at}")
        } else {
            "none: the lane keeps up".to_owned()
        };
        vec![
            row(
                "orders",
                format!(
                    "{} in {}, at most {}/s",
                    number(self.orders.round()),
                    duration(self.seconds),
                    number(self.peak_per_second)
                ),
            ),
            row(
                "an order",
                format!(
                    "{} lines, a message of {}, write units: {}, and {} of the index",
                    number(lines),
                    bytes(message),
                    number(table_writes),
                    number(index_writes)
                ),
            ),
            row(
                "storage",
                format!(
                    "{}/s at most, {}/s at least while orders wait ({} lane)",
                    number(writes_per_second),
                    number(self.least_rate_per_second),
                    self.lane
                ),
            ),
            row("waiting", waiting),
            row("longest wait", duration(self.longest_wait_seconds)),
            row(
                "drained",
                format!(
                    "after {} ({} at the full pace)",
                    duration(self.drained_seconds),
                    duration(self.drained_at_full_pace_seconds)
                ),
            ),
            row(
                "concurrency",
                format!(
                    "{concurrency} in the lane, {} of accept-order",
                    number(self.accepting_invocations)
                ),
            ),
            row(
                "batch",
                format!(
                    "{} orders, {} of work for one invocation",
                    number(f64::from(batch_size)),
                    duration(batch_seconds)
                ),
            ),
        ]
    }

    fn costs(&self) -> String {
        let cells =
            |name: &str, usd: f64, million: f64| vec![name.to_owned(), money(usd), money(million)];
        let mut rows = vec![
            ["cost", "this sale", "a million orders"]
                .map(str::to_owned)
                .to_vec(),
        ];
        rows.extend(
            self.cost
                .services
                .iter()
                .map(|part| cells(part.name, part.usd, part.per_million)),
        );
        rows.push(cells("all", self.cost.total, self.cost.per_million));
        let prices = if self.region == "us-east-1" {
            format!("Prices of us-east-1 of {}", self.figures_of)
        } else {
            format!(
                "Prices of us-east-1 (not of {}) of {}",
                self.region, self.figures_of
            )
        };
        let endpoints = self.cost.endpoints_a_month.map(|usd| {
            format!(
                " The VPC's endpoints cost {} in 30 days. The database itself is not counted.",
                money(usd)
            )
        });
        format!(
            "{}\n{prices}, without free tiers. A lane with nothing to do costs {} in 30 days, by its polling.{}\n{}",
            columns(&rows),
            money(self.cost.idle_lane_a_month),
            endpoints.unwrap_or_default(),
            self.assumptions
        )
    }

    fn limit_rows(&self) -> String {
        let headings = ["", "limit", "planned", "allowed", "--quota"]
            .map(str::to_owned)
            .to_vec();
        let rows = self.limits.iter().map(|limit| {
            let status = match limit.status {
                Status::Ok => "ok",
                Status::Warn => "warn",
                Status::Over => "over",
            };
            vec![
                status.to_owned(),
                limit.name.to_owned(),
                limit.unit.of(limit.planned),
                limit.unit.of(limit.allowed),
                limit.quota.unwrap_or_default().to_owned(),
            ]
        });
        let rows: Vec<_> = std::iter::once(headings).chain(rows).collect();
        format!(
            "Limits in {} of {}\n{}",
            self.region,
            self.figures_of,
            columns(&rows)
        )
    }
}

#[cfg(test)]
#[path = "forecast_text_tests.rs"]
mod tests;
