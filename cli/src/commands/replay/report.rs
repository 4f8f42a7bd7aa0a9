//! The report of a replay, and its verdict.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;
use serde::Serialize;

use super::{
    check::{Findings, Times, start_by_service_clock},
    post::Outcome,
};
use crate::terminal::{failure::Exit, output::aligned};

/// How many of each kind are named.
const NAMED: usize = 10;

/// The outcome of a replay.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Report {
    invoices: usize,
    accepted: usize,
    refused: BTreeMap<String, usize>,
    unanswered: BTreeMap<String, usize>,
    stored: usize,
    already_stored: usize,
    duplicates: usize,
    missing: usize,
    wrong_content: usize,
    wrong_ids: usize,
    unexpected: usize,
    fit_but_refused: usize,
    unfit_but_accepted: usize,
    rejected_later: BTreeMap<String, u64>,
    other_orders: u64,
    left_in_buffer: u64,
    dead_letters: BTreeMap<String, u64>,
    acceptance_to_storage: Option<Latency>,
    orders_per_second: f64,
    /// The first few of each kind that is wrong.
    named: BTreeMap<&'static str, Vec<String>>,
    fine: bool,
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
struct Latency {
    orders: u64,
    p50_ms: u64,
    p99_ms: u64,
}

impl Report {
    /// The report on orders posted in a time, and what was found of them.
    pub fn new(outcomes: &[Outcome], took: Duration, findings: &Findings) -> Self {
        let mut report = Self {
            invoices: outcomes.len(),
            stored: findings.stored.len(),
            duplicates: findings.duplicates.len(),
            missing: findings.missing.len(),
            wrong_content: findings.wrong_content.len(),
            wrong_ids: findings.wrong_ids.len(),
            unexpected: findings.unexpected.len(),
            fit_but_refused: findings.refused_fit.len(),
            unfit_but_accepted: findings.accepted_unfit.len(),
            rejected_later: findings.rejected.clone(),
            other_orders: findings.other_orders,
            ..Self::default()
        };
        for outcome in outcomes {
            match outcome {
                Outcome::Accepted(_) => report.accepted += 1,
                Outcome::Refused(reason) => {
                    *report.refused.entry(reason.clone()).or_default() += 1;
                }
                Outcome::Unanswered(why) => {
                    *report.unanswered.entry(why.clone()).or_default() += 1;
                }
            }
        }
        let start = start_by_service_clock(outcomes);
        let (now, earlier): (Vec<&Times>, Vec<&Times>) = findings
            .stored
            .iter()
            .partition(|times| start.is_some_and(|start| times.accepted_at >= start));
        report.already_stored = earlier.len();
        report.acceptance_to_storage = latency(&now);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a rate for people, of far fewer than 2^52 orders"
        )]
        if !took.is_zero() {
            report.orders_per_second = outcomes.len() as f64 / took.as_secs_f64();
        }
        for (kind, names) in findings.wrongs() {
            if !names.is_empty() {
                let first = names.iter().take(NAMED).cloned().collect();
                report.named.insert(kind, first);
            }
        }
        report.fine = report.named.is_empty() && report.unanswered.is_empty();
        report
    }

    /// The report with what the queues still hold.
    #[must_use]
    pub fn with_queues(mut self, left_in_buffer: u64, dead_letters: &[(String, u64)]) -> Self {
        self.left_in_buffer = left_in_buffer;
        self.dead_letters = dead_letters.iter().cloned().collect();
        self
    }

    /// The verdict.
    pub fn exit(&self) -> Exit {
        if self.fine { Exit::Fine } else { Exit::Wrong }
    }

    /// The report as a table, and the verdict in a sentence.
    pub fn table(&self) -> String {
        let refused: usize = self.refused.values().sum();
        let unanswered: usize = self.unanswered.values().sum();
        let mut table = Table::default();
        table.row("invoices", &self.invoices);
        table.row("accepted", &self.accepted);
        table.row("refused", &refused);
        table.rows(&self.refused);
        table.row("unanswered", &unanswered);
        table.rows(&self.unanswered);
        table.row("stored", &self.stored);
        table.row("  already stored", &self.already_stored);
        table.row("duplicates", &self.duplicates);
        table.row("missing", &self.missing);
        table.row("wrong content", &self.wrong_content);
        table.row("wrong ids", &self.wrong_ids);
        table.row("unexpected", &self.unexpected);
        table.row("fit but refused", &self.fit_but_refused);
        table.row("unfit but accepted", &self.unfit_but_accepted);
        table.row("rejected later", &self.rejected_later.values().sum::<u64>());
        table.rows(&self.rejected_later);
        table.row("other orders", &self.other_orders);
        table.row("left in the buffer", &self.left_in_buffer);
        table.row("dead letters", &self.dead_letters.values().sum::<u64>());
        table.rows(&self.dead_letters);
        let latency = self.acceptance_to_storage;
        let orders = latency.map_or(0, |latency| latency.orders);
        table.row("acceptance to storage", &format!("of {orders} orders"));
        if let Some(Latency { p50_ms, p99_ms, .. }) = latency {
            table.row("  p50", &format!("{p50_ms} ms"));
            table.row("  p99", &format!("{p99_ms} ms"));
        }
        table.row("posted", &format!("{:.1} orders/s", self.orders_per_second));
        format!("{}\n\n{}", aligned(&table.0), self.verdict())
    }

    fn verdict(&self) -> String {
        if self.fine {
            return "Every accepted order is in storage once, with its exact content, and the run made no other."
                .to_owned();
        }
        let mut lines = vec!["WRONG.".to_owned()];
        for (kind, names) in &self.named {
            let more = if names.len() == NAMED { ", …" } else { "" };
            lines.push(format!("{kind}: {}{more}", names.join(", ")));
        }
        if !self.unanswered.is_empty() {
            lines.push("unanswered: run the same command again, it adds no order".to_owned());
        }
        lines.join("\n  ")
    }
}

impl Findings {
    /// Every kind of finding that makes the verdict.
    fn wrongs(&self) -> [(&'static str, &[String]); 7] {
        [
            ("duplicates", &self.duplicates),
            ("missing", &self.missing),
            ("wrong content", &self.wrong_content),
            ("wrong ids", &self.wrong_ids),
            ("unexpected", &self.unexpected),
            ("fit but refused", &self.refused_fit),
            ("unfit but accepted", &self.accepted_unfit),
        ]
    }
}

#[derive(Default)]
struct Table(Vec<(String, String)>);

impl Table {
    fn row(&mut self, name: &str, value: &impl ToString) {
        self.0.push((name.to_owned(), value.to_string()));
    }

    fn rows<N: ToString>(&mut self, counts: &BTreeMap<String, N>) {
        for (name, count) in counts {
            self.row(&format!("  {name}"), count);
        }
    }
}

fn latency(stored: &[&Times]) -> Option<Latency> {
    let mut histogram = Histogram::<u64>::new(3).ok()?;
    for Times {
        accepted_at,
        stored_at,
    } in stored
    {
        let millis = stored_at
            .as_millis()
            .saturating_sub(accepted_at.as_millis());
        histogram.record(u64::try_from(millis).unwrap_or(0)).ok()?;
    }
    (!histogram.is_empty()).then(|| Latency {
        orders: histogram.len(),
        p50_ms: histogram.value_at_quantile(0.5),
        p99_ms: histogram.value_at_quantile(0.99),
    })
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
