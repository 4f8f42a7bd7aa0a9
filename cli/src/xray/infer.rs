//! What the services did not send, from what the functions did.
//!
//! On AWS each service sends its own segment, but for SQS, which has none for the wait in a queue. A local AWS sends none at
//! all. Where a segment is there it stands; where not, its time follows from what the functions were told: when API Gateway
//! got the request, when SQS got the message, and when it first handed it out.

use super::{
    document::{Kind, Span, Status},
    tree::{Broken, Tree},
};

/// Adds what can be inferred, and puts each receive under its wait in the queue.
pub(super) fn infer(tree: &mut Tree) {
    for at in [tree.all(Kind::Accept), tree.all(Kind::Read)].concat() {
        infer_invocation(tree, at);
    }
    let mut fulfilled = tree.all(Kind::Fulfill);
    fulfilled.sort_by(|a, b| tree.span(*a).start.total_cmp(&tree.span(*b).start));
    for accepted in tree.all(Kind::Accept) {
        let is_of = |at: &usize| tree.is_within(*at, accepted);
        let (own, others): (Vec<_>, Vec<_>) = fulfilled.into_iter().partition(is_of);
        infer_delivery(tree, Some(accepted), &own);
        fulfilled = others;
    }
    // Those whose way from accept-order is not known may still be of one order that was.
    while let Some(first) = fulfilled.first() {
        let order = tree.span(*first).order_id.clone();
        let is_of = |at: &usize| tree.span(*at).order_id == order;
        let (own, others): (Vec<_>, Vec<_>) = fulfilled.iter().partition(|at| is_of(at));
        let mut accepted = tree.all(Kind::Accept);
        accepted.retain(|at| order.is_some() && is_of(at));
        infer_delivery(tree, accepted.first().copied(), &own);
        fulfilled = others;
    }
}

/// Lambda and API Gateway, above the function.
fn infer_invocation(tree: &mut Tree, at: usize) {
    let top = tree.lambda_above(at).unwrap_or_else(|| {
        let span = tree.span(at);
        let mut lambda = inferred(Kind::Lambda, "Lambda", span, span.start, span.end);
        // A parent that nobody sent is Lambda's own segment.
        if tree.node(at).broken == Some(Broken::Missing) {
            lambda.id = span.parent_id.clone().unwrap_or_default();
            tree.mend(at);
        }
        insert_above(tree, at, lambda)
    });
    let has_api = tree.api_above(at).is_some();
    let span = tree.span(at);
    if let Some(start) = span.api_started.filter(|_| !has_api) {
        let api = inferred(Kind::Api, "API Gateway", span, start, span.end);
        insert_above(tree, top, api);
    }
}

/// The topic and the queue, between accept-order and the receives, which come in order of time.
fn infer_delivery(tree: &mut Tree, accepted: Option<usize>, fulfilled: &[usize]) {
    let within = |tree: &Tree, kind| {
        let mut found = tree.all(kind);
        found.retain(|at| accepted.is_some_and(|accepted| tree.is_within(*at, accepted)));
        found.retain(|at| !fulfilled.iter().any(|f| tree.is_within(*at, *f)));
        found.last().copied()
    };
    let publish = within(tree, Kind::Publish);
    let sent = fulfilled.iter().find_map(|at| tree.span(*at).sent);
    let topic = within(tree, Kind::Topic).or_else(|| {
        let call = tree.span(publish?);
        let model = tree.span(accepted?);
        let end = sent.unwrap_or(call.end);
        let topic = inferred(Kind::Topic, "SNS topic", model, call.start, end);
        Some(tree.add(topic, publish))
    });
    let mut queue = within(tree, Kind::Queue).filter(|at| !tree.span(*at).is_inferred);
    let mut before: Option<usize> = None;
    for &at in fulfilled {
        let span = tree.span(at);
        let last = before.map(|before| tree.span(before));
        let received = span.first_received.unwrap_or(span.start);
        let sent = span.sent.unwrap_or(received);
        let mut wait = inferred(Kind::Queue, "queue", span, sent, received);
        // Another message of the same order has a time of its own.
        if let Some(last) = last.filter(|last| last.sent == span.sent) {
            wait = inferred(Kind::Queue, "queue", span, last.end, span.start);
            wait.receives = span.receives;
        }
        let mut again = None;
        if wait.receives.is_none() && span.receives > Some(1) {
            // Receives that nobody told of: their process ended, or they had no time left.
            let mut since = inferred(Kind::Queue, "queue", span, received, span.start);
            since.receives = span.receives;
            again = Some(since);
        }
        let mut wait = queue.take().unwrap_or_else(|| tree.add(wait, topic));
        if let Some(again) = again {
            wait = tree.add(again, topic);
        }
        tree.hang(at, Some(wait));
        before = Some(at);
    }
}

/// Puts a span between another and its parent, and returns its place.
fn insert_above(tree: &mut Tree, at: usize, span: Span) -> usize {
    let place = tree.add(span, tree.node(at).parent);
    tree.hang(at, Some(place));
    place
}

/// A span of the same order as `model`. Clocks differ: one that would end before it starts takes no time.
fn inferred(kind: Kind, name: &str, model: &Span, start: f64, end: f64) -> Span {
    Span {
        id: String::new(),
        parent_id: None,
        kind,
        name: name.to_owned(),
        operation: None,
        start,
        end: end.max(start),
        status: Status::Ok,
        cause: None,
        order_id: model.order_id.clone(),
        lane: model.lane.clone(),
        outcome: None,
        receives: None,
        attempts: None,
        retries: None,
        api_started: None,
        sent: None,
        first_received: None,
        is_inferred: true,
    }
}

#[cfg(test)]
#[path = "infer_tests.rs"]
mod tests;
