//! The path of an order, for people and for programs.

use serde_json::{Value, json};

use super::{verdict::Verdict, view::View, waterfall::waterfall};
use crate::{
    terminal::{
        output::{aligned, columns, tame},
        units::latency,
    },
    xray::tree::{NodeId, Tree},
};

/// The path of an order, and what is to be said of it.
#[derive(Debug)]
pub(crate) struct OrderPath<'a> {
    pub(crate) order_id: &'a str,
    pub(crate) trace_id: &'a str,
    pub(crate) view: &'a View<'a>,
    pub(crate) verdict: &'a Verdict,
}

impl OrderPath<'_> {
    /// Header and waterfall, `width` columns wide.
    pub(crate) fn text(&self, width: usize) -> String {
        let mut parts = vec![self.header(), waterfall(self.view, width)];
        let rows = self.view.rows.iter();
        if rows
            .clone()
            .any(|(_, at)| self.view.tree.span(*at).is_inferred)
        {
            parts.push(
                "~ not sent by an AWS service: inferred from the times that the functions recorded"
                    .to_owned(),
            );
        }
        parts.join("\n\n")
    }

    /// Header and a line for each step: whether a service or a function sent its document.
    pub(crate) fn arrivals(&self) -> String {
        let headings = ["PART", "STATE", "UNDER"].map(str::to_owned).to_vec();
        let steps = self.verdict.steps.iter().map(|step| {
            let under = step.under.as_deref().map_or("-".to_owned(), tame);
            vec![tame(&step.name), step.state.said().to_owned(), under]
        });
        let rows: Vec<_> = std::iter::once(headings).chain(steps).collect();
        format!("{}\n\n{}", self.header(), columns(&rows))
    }

    fn header(&self) -> String {
        let verdict = self.verdict;
        let total = verdict.total.map(latency);
        let rows = [
            ("order", self.order_id),
            ("trace", self.trace_id),
            ("lane", verdict.lane.as_deref().unwrap_or("unknown")),
            ("outcome", &verdict.outcome),
            ("total", total.as_deref().unwrap_or("unknown")),
        ];
        aligned(&rows.map(|(name, value)| (name.to_owned(), tame(value))))
    }

    /// All of it for a program. Times are in milliseconds; those of nodes count from the start of the first one.
    pub(crate) fn json(&self) -> Value {
        let (tree, verdict) = (self.view.tree, self.verdict);
        let start = self.view.start();
        let steps = verdict.steps.iter();
        let steps: Vec<_> = steps
            .map(|step| json!({"part": step.name, "state": step.state.said(), "under": step.under}))
            .collect();
        json!({
            "order_id": self.order_id,
            "trace_id": self.trace_id,
            "lane": verdict.lane,
            "outcome": verdict.outcome,
            "total_ms": verdict.total.map(millis),
            "whole": verdict.is_whole(),
            "wrong": verdict.wrong,
            "unreadable_documents": tree.unreadable,
            "path": steps,
            "started_seconds": start,
            "nodes": nodes(tree, &mut self.view.rows.as_slice(), 0, start),
        })
    }
}

/// The nodes of a depth with all that is under them, up to the next node that is higher.
fn nodes(tree: &Tree, rows: &mut &[(usize, NodeId)], depth: usize, start: f64) -> Vec<Value> {
    let mut nodes = Vec::new();
    while let Some(((_, at), rest)) = rows.split_first().filter(|((d, _), _)| *d >= depth) {
        *rows = rest;
        let node = tree.node(*at);
        let span = &node.span;
        nodes.push(json!({
            "id": (!span.id.is_empty()).then_some(&span.id),
            "parent_id": span.parent_id,
            "parent_missing": node.broken.is_some(),
            "name": span.label(),
            "inferred": span.is_inferred,
            "offset_ms": millis(span.start - start),
            "duration_ms": millis(span.duration()),
            "status": span.status,
            "cause": span.cause,
            "outcome": span.outcome,
            "receives": span.receives,
            "attempts": span.attempts,
            "retries": span.retries,
            "children": self::nodes(tree, rows, depth + 1, start),
        }));
    }
    nodes
}

/// Milliseconds with three decimals: the times of documents are no finer.
fn millis(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}

#[cfg(test)]
#[path = "order_path_tests.rs"]
mod tests;
