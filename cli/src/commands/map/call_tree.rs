//! The map for people: a tree of calls.

use super::edges::{CLIENT, Edge};
use crate::terminal::{
    output::{columns, tame},
    units::{count, latency, number},
};

const HEADINGS: [&str; 5] = ["WHO CALLED WHOM", "CALLS", "FAILED", "P50", "P99"];

/// The edges as a tree: below each part stand the parts that it called. Where a part comes a second time, it is marked
/// and its calls are not repeated.
pub(super) fn call_tree(edges: &[Edge]) -> String {
    let mut rows = vec![HEADINGS.map(str::to_owned).to_vec()];
    let mut drawn: Vec<&str> = Vec::new();
    draw(edges, CLIENT, 0, &mut drawn, &mut rows);
    // Parts that no call of a client leads to, such as a receive whose accept-order is in another trace.
    for edge in edges {
        if !drawn.contains(&edge.from.as_str()) {
            rows.push(vec![tame(&edge.from)]);
            draw(edges, &edge.from, 1, &mut drawn, &mut rows);
        }
    }
    columns(&rows)
}

fn draw<'a>(
    edges: &'a [Edge],
    from: &'a str,
    depth: usize,
    drawn: &mut Vec<&'a str>,
    rows: &mut Vec<Vec<String>>,
) {
    drawn.push(from);
    for edge in edges.iter().filter(|edge| edge.from == from) {
        let calls_others = edges.iter().any(|other| other.from == edge.to);
        let is_back = calls_others && drawn.contains(&edge.to.as_str());
        let mark = if is_back { "↺ " } else { "" };
        rows.push(vec![
            format!("{}{mark}{}", "  ".repeat(depth), tame(&edge.to)),
            number(count(edge.calls)),
            percent(edge.error_rate),
            latency(edge.p50_ms / 1e3),
            latency(edge.p99_ms / 1e3),
        ]);
        if calls_others && !is_back {
            draw(edges, &edge.to, depth + 1, drawn, rows);
        }
    }
}

/// A rate above zero is never shown as zero.
fn percent(rate: f64) -> String {
    match rate * 100.0 {
        none if none <= 0.0 => "-".to_owned(),
        little if little < 0.01 => "<0.01%".to_owned(),
        percent => format!("{}%", number(percent)),
    }
}

#[cfg(test)]
#[path = "call_tree_tests.rs"]
mod tests;
