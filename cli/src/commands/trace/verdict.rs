//! Whether an order's way is whole, and what came of the order.

use super::{
    document::{Kind, Span},
    tree::Broken,
    view::View,
};

/// What is to be told of an order's way.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) lane: Option<String>,
    /// For people.
    pub(crate) outcome: String,
    /// Seconds from API Gateway's start to the end of what stored it, if both are known.
    pub(crate) total: Option<f64>,
    /// The parts of the way, in its order.
    pub(crate) steps: Vec<Step>,
    /// Why the way is not whole.
    pub(crate) wrong: Vec<String>,
}

/// A part of the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) state: State,
    /// What it is under, if anything.
    pub(crate) under: Option<String>,
    kind: Kind,
}

/// Whether a part is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// A service or a function sent it.
    Arrived,
    /// It follows from others.
    Inferred,
    /// Neither.
    Missing,
}

impl State {
    /// In a word.
    pub(crate) fn said(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Inferred => "inferred",
            Self::Missing => "missing",
        }
    }
}

impl Verdict {
    /// `is_settled`: storage has the order or its rejection, so it is no longer in the buffer.
    pub(crate) fn of(view: &View, is_settled: bool) -> Self {
        let span = |at: usize| view.tree.span(at);
        let receives = view.all(Kind::Fulfill);
        let with = |name: &str| {
            let is = |at: &usize| span(*at).outcome.as_deref() == Some(name);
            receives.iter().copied().find(is)
        };
        let done = FINAL.iter().find_map(|name| with(name));
        let accepted = view.all(Kind::Accept).last().map(|at| span(*at));
        let refused = accepted.and_then(|span| span.outcome.as_deref());
        let refused = refused.filter(|outcome| *outcome != "Accepted" && receives.is_empty());
        let is_waiting = done.is_none() && !is_settled && refused.is_none();

        let steps = steps(view, is_waiting);
        // What Lambda and SNS send themselves a whole way can do without.
        let needed = |step: &&Step| !matches!(step.kind, Kind::Lambda | Kind::Topic);
        let missing = steps.iter().filter(needed);
        let missing = missing.filter(|step| step.state == State::Missing);
        let mut wrong: Vec<_> = missing
            .map(|step| format!("{} is missing", step.name))
            .collect();
        wrong.extend(broken(view));
        if is_waiting {
            wrong.push("the order is in the buffer: it is not fulfilled yet".to_owned());
        }
        if let Some(refused) = refused {
            wrong.push(format!("the order was not accepted ({refused})"));
        }

        let outcome = match (done.or(receives.last().copied()).map(span), refused) {
            (Some(last), _) if done.is_some() || is_settled => {
                last.outcome.clone().unwrap_or_default()
            }
            (Some(last), _) => {
                let number = last.receives.unwrap_or(1);
                // Of the receives after that only the one that ends the order is told.
                let or_later = if number < TOLD { "" } else { " or a later one" };
                let outcome = last.outcome.as_deref().unwrap_or_default();
                format!("in the buffer: comes again after receive {number}{or_later} ({outcome})")
            }
            (None, Some(refused)) => refused.to_owned(),
            (None, None) if is_waiting => "in the buffer".to_owned(),
            (None, None) => "not in the trace".to_owned(),
        };
        let started = view.all(Kind::Api).first().map(|at| span(*at).start);
        let stored = done.map(|at| span(call(view, at).unwrap_or(at)).end);
        let mut spans = receives.iter().map(|at| span(*at)).chain(accepted);
        Self {
            lane: spans.find_map(|span| span.lane.clone()),
            outcome,
            total: started.zip(stored).map(|(from, to)| (to - from).max(0.0)),
            steps,
            wrong,
        }
    }

    /// Whether nothing is missing.
    pub(crate) fn is_whole(&self) -> bool {
        self.wrong.is_empty()
    }

    /// The parts that no service and no function sent. SQS sends no segment for the wait in a queue, so that one may be
    /// inferred.
    pub(crate) fn not_arrived(&self) -> Vec<&Step> {
        let is_there = |step: &&Step| match step.state {
            State::Arrived => true,
            State::Inferred => step.kind == Kind::Queue,
            State::Missing => false,
        };
        self.steps.iter().filter(|step| !is_there(step)).collect()
    }
}

/// So many receives are told whatever becomes of them.
const TOLD: u64 = 3;

/// Outcomes that do not come again, the one first that decides where there are several.
const FINAL: [&str; 4] = ["Stored", "Duplicate", "Conflict", "DeadLettered"];

fn steps(view: &View, is_waiting: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for (kind, name) in [
        (Kind::Api, "API Gateway"),
        (Kind::Lambda, "Lambda"),
        (Kind::Accept, "accept-order"),
        (Kind::Publish, "SNS Publish"),
        (Kind::Topic, "SNS topic"),
    ] {
        steps.extend(each(view, &view.all(kind), kind, name));
    }
    let receives = view.all(Kind::Fulfill);
    if receives.is_empty() && is_waiting {
        return steps;
    }
    let queues = view.all(Kind::Queue);
    steps.extend(each(
        view,
        &queues[..queues.len().min(1)],
        Kind::Queue,
        "the queue",
    ));
    if receives.is_empty() {
        steps.extend(each(view, &[], Kind::Fulfill, "fulfill-orders"));
    }
    for receive in receives {
        steps.extend(each(view, &[receive], Kind::Fulfill, ""));
        let span = view.tree.span(receive);
        let Some((kind, name)) = last_call(span) else {
            continue;
        };
        let name = format!("{name} under {}", span.label());
        steps.extend(each(
            view,
            &Vec::from_iter(call(view, receive)),
            kind,
            &name,
        ));
    }
    steps
}

/// A step for each of these spans; one that is missing if there are none.
fn each(view: &View, places: &[usize], kind: Kind, name: &str) -> Vec<Step> {
    let step = |at: &usize| {
        let node = view.tree.node(*at);
        Step {
            name: node.span.label(),
            state: if node.span.is_inferred {
                State::Inferred
            } else {
                State::Arrived
            },
            under: node.parent.map(|above| view.tree.span(above).label()),
            kind,
        }
    };
    let missing = || Step {
        name: name.to_owned(),
        state: State::Missing,
        under: None,
        kind,
    };
    match places {
        [] => vec![missing()],
        _ => places.iter().map(step).collect(),
    }
}

/// The call by which the receives of an order end, and what it is called.
fn last_call(receive: &Span) -> Option<(Kind, &'static str)> {
    match receive.outcome.as_deref()? {
        "Stored" | "Duplicate" | "Conflict" => Some((Kind::DynamoDb, "DynamoDB's call")),
        "DeadLettered" => Some((Kind::Send, "the call of SQS SendMessage")),
        _ => None,
    }
}

/// That call under a receive.
fn call(view: &View, receive: usize) -> Option<usize> {
    let (kind, _) = last_call(view.tree.span(receive))?;
    let mut calls = view.all(kind);
    calls.retain(|at| view.tree.is_within(*at, receive));
    calls.last().copied()
}

/// The parents that are not there. What API Gateway is under is the caller's.
fn broken(view: &View) -> Vec<String> {
    let nodes = view.inner().map(|at| view.tree.node(at));
    let nodes = nodes.filter(|node| node.span.kind != Kind::Api);
    let said = nodes.filter_map(|node| {
        let (name, parent) = (node.span.label(), node.span.parent_id.as_deref()?);
        Some(match node.broken? {
            Broken::Missing => format!("the parent {parent} of {name} is missing"),
            Broken::Circle => format!("the parent {parent} of {name} is under it"),
        })
    });
    said.collect()
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
