//! Whether the path of an order is whole, and what became of the order.

use super::view::View;
use crate::xray::{
    document::{Kind, Span},
    outcome::{ACCEPTED, CONFLICT, DEAD_LETTERED, DUPLICATE, FINAL, STORED},
    tree::{Broken, NodeId},
};

/// What is to be said of the path of an order.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) lane: Option<String>,
    /// What became of the order, for people.
    pub(crate) outcome: String,
    /// Seconds from API Gateway's start to the end of what stored it, if both are known.
    pub(crate) total: Option<f64>,
    /// The steps of the path, in their order.
    pub(crate) steps: Vec<Step>,
    /// Why the path is not whole.
    pub(crate) wrong: Vec<String>,
}

/// A step of the path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) state: State,
    /// The span that it is under, if any.
    pub(crate) under: Option<String>,
    kind: Kind,
}

/// Whether a step is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// A service or a function sent it.
    Arrived,
    /// Nobody sent it, and it was inferred from others.
    Inferred,
    /// Nobody sent it, and nothing shows it.
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
    /// `is_settled`: storage has the order or its rejection, so the order is no longer in the buffer.
    pub(crate) fn of(view: &View, is_settled: bool) -> Self {
        let fate = Fate::of(view, is_settled);
        let steps = steps(view, fate.is_waiting());
        let started = view
            .all(Kind::Api)
            .first()
            .map(|at| view.tree.span(*at).start);
        let stored = fate.ended_by().map(|receive| {
            let at = last_call_under(view, receive).unwrap_or(receive);
            view.tree.span(at).end
        });
        Self {
            lane: lane(view),
            outcome: fate.outcome(view),
            total: started.zip(stored).map(|(from, to)| (to - from).max(0.0)),
            wrong: wrong(view, &fate, &steps),
            steps,
        }
    }

    /// Whether nothing is missing.
    pub(crate) fn is_whole(&self) -> bool {
        self.wrong.is_empty()
    }

    /// The steps whose document no service and no function sent. SQS sends no segment for the wait in a queue, so that
    /// one may be inferred.
    pub(crate) fn not_arrived(&self) -> Vec<&Step> {
        let is_there = |step: &&Step| match step.state {
            State::Arrived => true,
            State::Inferred => step.kind == Kind::Queue,
            State::Missing => false,
        };
        self.steps.iter().filter(|step| !is_there(step)).collect()
    }
}

/// What became of the order, as far as its trace and storage show it.
enum Fate {
    /// A receive ended it.
    Ended(NodeId),
    /// Storage has it, though this is its last receive in the trace and did not end it.
    EndedUnseen(NodeId),
    /// It waits in the buffer after this receive.
    ComesAgain(NodeId),
    /// It waits in the buffer, and was never received.
    NeverReceived,
    /// accept-order refused it, with this outcome.
    Refused(String),
    /// Storage has it, and the trace has no receive of it.
    NotInTrace,
}

impl Fate {
    fn of(view: &View, is_settled: bool) -> Self {
        let outcome = |at: NodeId| view.tree.span(at).outcome.as_deref();
        let receives = view.all(Kind::Fulfill);
        let with = |wanted: &&str| {
            let mut receives = receives.iter().copied();
            receives.find(|at| outcome(*at) == Some(wanted))
        };
        if let Some(ended) = FINAL.iter().find_map(with) {
            return Self::Ended(ended);
        }
        match receives.last() {
            Some(last) if is_settled => return Self::EndedUnseen(*last),
            Some(last) => return Self::ComesAgain(*last),
            None => {}
        }
        let accepted = view.all(Kind::Accept).last().and_then(|at| outcome(*at));
        match accepted {
            Some(refused) if refused != ACCEPTED => Self::Refused(refused.to_owned()),
            _ if is_settled => Self::NotInTrace,
            _ => Self::NeverReceived,
        }
    }

    fn is_waiting(&self) -> bool {
        matches!(self, Self::ComesAgain(_) | Self::NeverReceived)
    }

    /// The receive that ended the order, if the trace has it.
    fn ended_by(&self) -> Option<NodeId> {
        match self {
            Self::Ended(receive) => Some(*receive),
            _ => None,
        }
    }

    /// In words, for people.
    fn outcome(&self, view: &View) -> String {
        let outcome = |at: &NodeId| view.tree.span(*at).outcome.clone().unwrap_or_default();
        match self {
            Self::Ended(last) | Self::EndedUnseen(last) => outcome(last),
            Self::ComesAgain(last) => {
                let number = view.tree.span(*last).receives.unwrap_or(1);
                let or_later = if number < ALWAYS_RECORDED {
                    ""
                } else {
                    " or a later one"
                };
                let outcome = outcome(last);
                format!("in the buffer: comes again after receive {number}{or_later} ({outcome})")
            }
            Self::NeverReceived => "in the buffer".to_owned(),
            Self::Refused(outcome) => outcome.clone(),
            Self::NotInTrace => "not in the trace".to_owned(),
        }
    }
}

/// The first three receives of an order are always recorded. Of the later ones, only the one that ends the order is.
const ALWAYS_RECORDED: u64 = 3;

/// The order's lane, as a receive or accept-order names it.
fn lane(view: &View) -> Option<String> {
    let accepted = view.all(Kind::Accept).into_iter().next_back();
    let mut spans = view.all(Kind::Fulfill).into_iter().chain(accepted);
    spans.find_map(|at| view.tree.span(at).lane.clone())
}

/// Why the path is not whole.
fn wrong(view: &View, fate: &Fate, steps: &[Step]) -> Vec<String> {
    // A whole path can do without the segments that Lambda and SNS send themselves.
    let is_needed = |step: &&Step| !matches!(step.kind, Kind::Lambda | Kind::Topic);
    let missing = steps
        .iter()
        .filter(|step| step.state == State::Missing)
        .filter(is_needed);
    let mut wrong: Vec<_> = missing
        .map(|step| format!("{} is missing", step.name))
        .collect();
    wrong.extend(broken(view));
    if fate.is_waiting() {
        wrong.push("the order is in the buffer: it is not fulfilled yet".to_owned());
    }
    if let Fate::Refused(outcome) = fate {
        wrong.push(format!("the order was not accepted ({outcome})"));
    }
    wrong
}

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
        let call = Vec::from_iter(last_call_under(view, receive));
        steps.extend(each(view, &call, kind, &name));
    }
    steps
}

/// A step for each of these spans; one that is missing if there are none.
fn each(view: &View, spans: &[NodeId], kind: Kind, name: &str) -> Vec<Step> {
    let step = |at: &NodeId| {
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
    match spans {
        [] => vec![missing()],
        _ => spans.iter().map(step).collect(),
    }
}

/// The call that ends a receive, and its name for people. `None` if the message comes again.
fn last_call(receive: &Span) -> Option<(Kind, &'static str)> {
    match receive.outcome.as_deref()? {
        STORED | DUPLICATE | CONFLICT => Some((Kind::Storage, "storage's call")),
        DEAD_LETTERED => Some((Kind::Send, "the call of SQS SendMessage")),
        _ => None,
    }
}

/// That call, if the trace has it.
fn last_call_under(view: &View, receive: NodeId) -> Option<NodeId> {
    let (kind, _) = last_call(view.tree.span(receive))?;
    let mut calls = view.all(kind);
    calls.retain(|at| view.tree.is_within(*at, receive));
    calls.last().copied()
}

/// The parents that are missing. That of API Gateway is the caller's, and may be.
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
