//! Infers the segments that AWS services did not send from the times that the functions recorded.
//!
//! On AWS each service sends a segment of its own, except SQS, which sends none for the wait in a queue. A local AWS sends
//! none at all. A segment that is there is kept. One that is not follows from three times that the functions recorded:
//! when API Gateway got the request, when SQS got the message, and when SQS first handed it out.

use super::{
    document::{Kind, Span, Status},
    tree::{Broken, NodeId, Tree},
};

/// The trace that these documents make, with what can be inferred.
pub(crate) fn tree<'a>(documents: impl IntoIterator<Item = &'a str>) -> Tree {
    let mut tree = Tree::of(documents);
    infer(&mut tree);
    tree
}

/// Adds what can be inferred, and puts each receive under its wait in the queue.
fn infer(tree: &mut Tree) {
    for at in [tree.all(Kind::Accept), tree.all(Kind::Read)].concat() {
        infer_invocation(tree, at);
    }
    let mut fulfilled = tree.all(Kind::Fulfill);
    fulfilled.sort_by(|a, b| tree.span(*a).start.total_cmp(&tree.span(*b).start));
    for accepted in tree.all(Kind::Accept) {
        let is_of = |at: &NodeId| tree.is_within(*at, accepted);
        let (own, others): (Vec<_>, Vec<_>) = fulfilled.into_iter().partition(is_of);
        infer_delivery(tree, Some(accepted), &own);
        fulfilled = others;
    }
    // A receive whose path from accept-order is not known may still be of an order whose accept-order is there.
    while let Some(first) = fulfilled.first() {
        let order = tree.span(*first).order_id.clone();
        let is_of = |at: &NodeId| tree.span(*at).order_id == order;
        let (own, others): (Vec<_>, Vec<_>) = fulfilled.iter().partition(|at| is_of(at));
        let mut accepted = tree.all(Kind::Accept);
        accepted.retain(|at| order.is_some() && is_of(at));
        infer_delivery(tree, accepted.first().copied(), &own);
        fulfilled = others;
    }
}

/// Adds Lambda and API Gateway above an invocation, where they are not there.
fn infer_invocation(tree: &mut Tree, at: NodeId) {
    let top = tree.lambda_above(at).unwrap_or_else(|| {
        let span = tree.span(at);
        let mut lambda = inferred(Kind::Lambda, "Lambda", span, span.start, span.end);
        // A parent that nobody sent is Lambda's own segment.
        if tree.node(at).broken == Some(Broken::Missing) {
            lambda.id = span.parent_id.clone().unwrap_or_default();
            tree.parent_found(at);
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

/// Adds the topic and the waits in the queue between accept-order and the receives, which are given in order of time.
fn infer_delivery(tree: &mut Tree, accepted: Option<NodeId>, fulfilled: &[NodeId]) {
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
    let mut before: Option<NodeId> = None;
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
            // There were receives without a segment: their process ended, or they had no time left to send one.
            let mut since = inferred(Kind::Queue, "queue", span, received, span.start);
            since.receives = span.receives;
            again = Some(since);
        }
        let mut wait = queue.take().unwrap_or_else(|| tree.add(wait, topic));
        if let Some(again) = again {
            wait = tree.add(again, topic);
        }
        tree.move_under(at, Some(wait));
        before = Some(at);
    }
}

/// Puts a span between another one and its parent.
fn insert_above(tree: &mut Tree, at: NodeId, span: Span) -> NodeId {
    let above = tree.add(span, tree.node(at).parent);
    tree.move_under(at, Some(above));
    above
}

/// A span of the same order as `model`. One that would end before it starts takes no time, because clocks differ.
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
