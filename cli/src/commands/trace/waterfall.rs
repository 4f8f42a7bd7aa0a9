//! The path of an order as a chart for a terminal: which part did what, and when.

use super::view::View;
use crate::{
    terminal::{
        output::tame,
        units::{self, latency},
    },
    xray::document::Span,
};

/// The width of a terminal that does not say its own, in columns.
pub(crate) const WIDTH: usize = 80;

/// Longer names are cut. In characters.
const LONGEST_NAME: usize = 42;

/// Bars have at least this much room. In characters.
const SHORTEST_BAR: usize = 10;

/// The chart, `width` columns wide if they are enough. A line for each span: its name, its bar, when it began, how long it
/// took, and remarks. The cause of an error stands below, on a line of its own.
pub(crate) fn waterfall(view: &View, width: usize) -> String {
    let spans = view
        .rows
        .iter()
        .map(|(depth, at)| (*depth, view.tree.span(*at)));
    let spans: Vec<(usize, &Span)> = spans.collect();
    let start = view.start();
    let ends = spans.iter().map(|(_, span)| span.end);
    let end = ends.fold(start, f64::max);
    let cells: Vec<[String; 4]> = spans
        .iter()
        .map(|(depth, span)| {
            let offset = format!("+{}", latency(span.start - start));
            [
                name(*depth, span),
                offset,
                latency(span.duration()),
                remarks(span),
            ]
        })
        .collect();
    let widest = |column: usize| {
        let widths = cells.iter().map(|cells| cells[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let widths = [widest(0), widest(1), widest(2), widest(3)];
    let gaps = if widths[3] > 0 { 4 } else { 3 };
    let bar = width.saturating_sub(widths.iter().sum::<usize>() + gaps);
    let bar = bar.max(SHORTEST_BAR);
    let mut lines = Vec::new();
    for ((_, span), [name, offset, duration, remarks]) in spans.iter().zip(&cells) {
        let [names, offsets, durations, _] = widths;
        let drawn = draw(span, start, end, bar);
        let line = format!(
            "{name:names$} {drawn:bar$} {offset:>offsets$} {duration:>durations$} {remarks}"
        );
        lines.push(line.trim_end().to_owned());
        if let Some(cause) = &span.cause {
            lines.push(format!("{:names$} └ {}", "", tame(cause)));
        }
    }
    lines.join("\n")
}

fn name(depth: usize, span: &Span) -> String {
    let mark = if span.is_inferred { "~ " } else { "" };
    let text = format!("{}{mark}{}", "  ".repeat(depth), tame(&span.label()));
    if text.chars().count() <= LONGEST_NAME {
        return text;
    }
    text.chars().take(LONGEST_NAME - 1).chain(['…']).collect()
}

fn remarks(span: &Span) -> String {
    let outcome = span.outcome.as_deref().map(tame);
    let several = |many: Option<u64>, what| many.map(|many| format!("{what} {many}"));
    let status = span.status.said().map(|status| format!("✗ {status}"));
    let parts = [
        status,
        outcome,
        several(span.attempts, "attempts"),
        several(span.retries, "retries"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The bar of a span: at least one character, however short the span is.
fn draw(span: &Span, start: f64, end: f64, width: usize) -> String {
    let of = units::count(width);
    let all = (end - start).max(f64::MIN_POSITIVE);
    let column = |at: f64| {
        let column = ((at - start) / all * of).clamp(0.0, of);
        usize::try_from(units::whole(column.round())).unwrap_or(0)
    };
    let from = column(span.start).min(width - 1);
    let length = column(span.end).saturating_sub(from).max(1);
    let block = if span.is_inferred { "░" } else { "█" };
    format!("{}{}", " ".repeat(from), block.repeat(length))
}

#[cfg(test)]
#[path = "waterfall_tests.rs"]
mod tests;
