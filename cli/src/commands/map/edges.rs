//! Which part called which, over many traces.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::{
    terminal::units::count,
    xray::{
        document::{Kind, Status},
        outcome::{CONFLICT, DUPLICATE},
        tree::{NodeId, Tree},
    },
};

/// The part that no span is of: whoever sends the requests.
pub(super) const CLIENT: &str = "client";

const FULFILL: &str = "fulfill-orders";

/// The calls between parts of the service.
#[derive(Default, Debug)]
pub(super) struct Edges {
    calls: BTreeMap<(String, String), Calls>,
}

#[derive(Default, Debug)]
struct Calls {
    failed: usize,
    /// What each took.
    seconds: Vec<f64>,
}

/// The calls from one part to another.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) calls: usize,
    /// From 0 to 1.
    pub(super) error_rate: f64,
    /// Of what was called; for a queue, of the wait in it.
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

impl Edges {
    /// Adds the calls of a trace. Returns whether it has any of this service.
    pub(super) fn add(&mut self, tree: &Tree) -> bool {
        let mut is_any = false;
        for (_, at) in tree.walk() {
            let Some(to) = part(tree, at) else {
                continue;
            };
            let span = tree.span(at);
            let from = match span.receives {
                // The message came back.
                Some(_) if span.kind == Kind::Queue => Some(FULFILL.to_owned()),
                _ => tree.above(at).find_map(|above| part(tree, above)),
            };
            // The call of the topic, and what SNS itself says of it, are one.
            if from.as_ref() == Some(&to) {
                continue;
            }
            let from = from.unwrap_or_else(|| CLIENT.to_owned());
            let calls = self.calls.entry((from, to)).or_default();
            calls.failed += usize::from(span.status != Status::Ok && !is_answer(tree, at));
            calls.seconds.push(span.duration());
            is_any = true;
        }
        is_any
    }

    /// The edges, with their figures.
    pub(super) fn figures(&self) -> Vec<Edge> {
        let edges = self.calls.iter();
        let edges = edges.filter_map(|((from, to), calls)| {
            let (p50_ms, p99_ms) = percentiles(&calls.seconds)?;
            Some(Edge {
                from: from.clone(),
                to: to.clone(),
                calls: calls.seconds.len(),
                error_rate: count(calls.failed) / count(calls.seconds.len()),
                p50_ms,
                p99_ms,
            })
        });
        edges.collect()
    }
}

/// Whether the span is a call by which storage answered that the order was there before. `DynamoDB` says so with an error.
fn is_answer(tree: &Tree, at: NodeId) -> bool {
    let mut receives = tree.above(at).map(|above| tree.span(above));
    let receive = receives.find(|above| above.kind == Kind::Fulfill);
    let outcome = receive.and_then(|receive| receive.outcome.as_deref());
    tree.span(at).kind == Kind::Storage && matches!(outcome, Some(DUPLICATE | CONFLICT))
}

/// The part of the service that a span belongs to. Between two parts there may be spans that belong to none.
fn part(tree: &Tree, at: NodeId) -> Option<String> {
    let span = tree.span(at);
    let nearest = || {
        let mut kinds = tree.above(at).map(|above| tree.span(above).kind);
        kinds.find(|kind| kind.is_of_function())
    };
    let name = match span.kind {
        // Others in the account may have an API too.
        Kind::Api => {
            let functions = [Kind::Accept, Kind::Read]
                .map(|kind| tree.all(kind))
                .concat();
            let is_ours = functions.iter().any(|of| tree.api_above(*of) == Some(at));
            is_ours.then_some("API Gateway")?
        }
        Kind::Accept => "accept-order",
        Kind::Read => "read-orders",
        Kind::Fulfill => FULFILL,
        Kind::Publish | Kind::Topic => (nearest()? == Kind::Accept).then_some("SNS topic")?,
        Kind::Queue if span.lane.is_some() => return Some(span.queue()),
        Kind::Storage => (nearest()? != Kind::Batch).then_some(span.name.as_str())?,
        Kind::Send => (nearest()? == Kind::Fulfill).then_some("dead letters")?,
        Kind::Queue | Kind::Lambda | Kind::Batch | Kind::Other => return None,
    };
    Some(name.to_owned())
}

/// The median and the 99th percentile, in milliseconds.
fn percentiles(seconds: &[f64]) -> Option<(f64, f64)> {
    let mut histogram = Histogram::<u64>::new(3).ok()?;
    for seconds in seconds {
        let duration = Duration::try_from_secs_f64(*seconds).unwrap_or(Duration::MAX);
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        histogram.record(micros).ok()?;
    }
    let at = |quantile| {
        let micros = histogram.value_at_quantile(quantile);
        Duration::from_micros(micros).as_secs_f64() * 1e3
    };
    Some((at(0.5), at(0.99)))
}

#[cfg(test)]
#[path = "edges_tests.rs"]
mod tests;
