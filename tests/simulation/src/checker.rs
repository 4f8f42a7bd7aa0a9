//! Judges a history. It knows what clients sent and heard, what queues and storage held, and the promises; it knows
//! nothing of the code that was run.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use sluice_order::RejectReason;

use crate::{
    history::{Entry, Event, label},
    mark::Mark,
};

/// The part of an id that names the order (K), and the part that names its content too (K and F).
type Name = [u8; 12];
type FullName = [u8; 16];

#[derive(Default)]
struct Checker {
    requests: BTreeMap<usize, Request>,
    stored: BTreeMap<Name, Value>,
    /// The rejections by name and content: the reason, and the order if it was kept.
    rejected: BTreeMap<FullName, Vec<(String, Option<Value>)>>,
    /// How many times each body is in a dead-letter queue.
    letters: BTreeMap<Arc<str>, usize>,
    injected: BTreeSet<Arc<str>>,
    undeliverable: BTreeSet<Arc<str>>,
    /// How many invocations a lane has, and the milliseconds between two writes of one invocation.
    pace: Option<(u64, u64)>,
    /// When each lane started its last writes.
    writes: BTreeMap<&'static str, VecDeque<u64>>,
    violations: Vec<String>,
}

/// How late a write may be, in milliseconds, while the next ones are on time. These runs have no margin of their own; in
/// production the pace's margin is larger than this in any window of a second or more.
const LATE: u64 = 10;

/// The most writes in a window in which the pace is checked.
const WINDOW: usize = 100;

struct Request {
    customer: String,
    key: Option<String>,
    order: Value,
    /// Who made it and had no right to.
    thief: Option<String>,
    status: Option<u64>,
    order_id: Option<String>,
}

/// Lists every promise that the history breaks. Empty if it keeps them all.
pub fn judge(history: &[Entry]) -> Vec<String> {
    let mut checker = Checker::default();
    for (at, event) in history {
        let before = checker.violations.len();
        checker.see(*at, event);
        for violation in &mut checker.violations[before..] {
            *violation = format!("at {}.{:03} s: {violation}", at / 1_000, at % 1_000);
        }
    }
    checker.violations
}

impl Checker {
    fn see(&mut self, at: u64, event: &Event) {
        match event {
            Event::Sent {
                request,
                customer,
                key,
                order,
            } => {
                let sent = Request {
                    customer: customer.clone(),
                    key: key.clone(),
                    order: order.clone(),
                    thief: None,
                    status: None,
                    order_id: None,
                };
                self.requests.insert(*request, sent);
            }
            Event::Stolen { request, thief } => {
                if let Some(request) = self.requests.get_mut(request) {
                    request.thief = Some(thief.clone());
                }
            }
            Event::Looked {
                caller,
                order_id,
                is_told,
                shown,
            } if *is_told => self.looked(caller, order_id, shown.as_ref()),
            Event::Answered {
                request,
                status,
                order_id,
                retry_after,
            } => {
                self.answered(*request, *status, order_id.as_deref(), *retry_after);
            }
            Event::Injected { body } => drop(self.injected.insert(Arc::clone(body))),
            Event::Undeliverable { body } => drop(self.undeliverable.insert(Arc::clone(body))),
            Event::Queued {
                queue,
                body,
                letter,
                ..
            } if is_dead(queue) => {
                *self.letters.entry(Arc::clone(body)).or_default() += 1;
                self.letter_is_due(body, letter.as_ref().and_then(|letter| letter.reason));
            }
            Event::Acknowledged { queue, body, .. } if is_dead(queue) => {
                if let Some(count) = self.letters.get_mut(body) {
                    *count -= 1;
                }
            }
            Event::Acknowledged { message, body, .. } => {
                if !self.is_settled(body) {
                    self.broken(
                        2,
                        format!("{message} was acknowledged, and its order is nowhere"),
                    );
                }
            }
            Event::Paced {
                concurrency,
                interval,
            } => self.pace = Some((*concurrency, *interval)),
            Event::Writes { lane } => self.writes(lane.as_str(), at),
            Event::Stored { order_id, order } => self.is_stored(order_id, order),
            Event::Removed { order_id } => self.broken(2, format!("storage lost {order_id}")),
            Event::Rejected {
                order_id,
                reason,
                order,
            } => {
                let kept = (reason.clone(), order.clone());
                self.rejected
                    .entry(full_name(order_id))
                    .or_default()
                    .push(kept);
            }
            Event::Failed { why } => self.broken(5, format!("{why}: the whole batch comes again")),
            Event::NamedUnknown { id } => {
                self.broken(
                    5,
                    format!("the answer names {id}: the whole batch comes again"),
                );
            }
            Event::AtRest { fixed, left } => self.at_rest(*fixed, left),
            Event::Queued { .. }
            | Event::Looked { .. }
            | Event::Received { .. }
            | Event::Unanswered { .. }
            | Event::Note(_) => {}
        }
    }

    fn broken(&mut self, promise: u8, what: impl std::fmt::Display) {
        self.violations.push(format!("P{promise}: {what}"));
    }

    fn answered(&mut self, number: usize, status: u64, order_id: Option<&str>, retry_after: bool) {
        let Some(request) = self.requests.get_mut(&number) else {
            return self.broken(1, format!("request {number} was answered, but never sent"));
        };
        request.status = Some(status);
        request.order_id = order_id.map(str::to_owned);
        let fit = Mark::of(&request.order) != Some(Mark::Unfit);
        if let Some(thief) = &request.thief {
            if !(400..500).contains(&status) && status != 503 {
                let what = format!("{thief} ordered as {}: {status}", request.customer);
                self.broken(9, what);
            }
            return;
        }
        match status {
            202 if fit && order_id.is_some() => {}
            400..500 if !fit => {}
            429 | 503 if retry_after => {}
            _ => self.broken(1, format!("request {number} was answered {status}")),
        }
    }

    /// Checks that a customer is shown his own orders, and no others.
    fn looked(&mut self, caller: &str, order_id: &str, shown: Option<&Value>) {
        let mut requests = self.requests.values();
        let of = requests.find(|request| {
            let id = request.order_id.as_deref();
            id.is_some_and(|id| name(id) == name(order_id))
        });
        let is_own = of.is_some_and(|request| request.customer == caller);
        if is_own != shown.is_some() {
            let of = of.map_or("nobody", |request| &request.customer);
            let seen = if is_own { "does not see" } else { "sees" };
            let what = format!("{caller} {seen} {order_id} of {of}");
            return self.broken(9, what);
        }
        let shown = shown.and_then(|shown| shown["customer_id"].as_str());
        if shown.is_some_and(|shown| shown != caller) {
            self.broken(9, format!("{caller} is shown an order of another"));
        }
    }

    /// Checks that a lane starts in no window more writes than its pace allows plus one for each of its invocations.
    fn writes(&mut self, lane: &'static str, at: u64) {
        let Some((concurrency, interval)) = self.pace else {
            return;
        };
        let writes = self.writes.entry(lane).or_default();
        writes.push_back(at);
        if writes.len() > WINDOW {
            writes.pop_front();
        }
        let over = (1..).zip(writes.iter().rev()).find(|(count, from)| {
            (count - concurrency.min(*count)) * interval > (at + LATE - **from) * concurrency
        });
        if let Some((count, from)) = over {
            let window = at - from;
            self.broken(4, format!("{lane} started {count} writes in {window} ms"));
        }
    }

    fn is_stored(&mut self, order_id: &str, order: &Value) {
        if !self.was_sent(order) {
            self.broken(3, format!("{order_id} is stored, and nobody sent it"));
        }
        match self.stored.insert(name(order_id), order.clone()) {
            Some(before) if &before != order => {
                self.broken(
                    3,
                    format!("{} was overwritten by {}", label(&before), label(order)),
                );
            }
            Some(_) => self.broken(3, format!("{order_id} was written over itself")),
            None => {}
        }
    }

    /// Whether somebody sent the order and it was not refused.
    fn was_sent(&self, order: &Value) -> bool {
        let mut requests = self.requests.values();
        requests.any(|request| &request.order == order && !matches!(request.status, Some(400..500)))
    }

    /// Checks that a dead letter has a cause that no waiting would cure.
    fn letter_is_due(&mut self, body: &Arc<str>, reason: Option<RejectReason>) {
        let mark = Mark::of(&parsed(body)["data"]["order"]);
        let due = match reason {
            // SQS gives up a killer after its last receive.
            None => self.undeliverable.contains(body) || mark == Some(Mark::Kills),
            Some(RejectReason::Panic) => mark == Some(Mark::Panics) && self.is_recorded(body),
            Some(RejectReason::TooLarge) => mark == Some(Mark::Doomed) && self.is_recorded(body),
            Some(RejectReason::RefusedByStorage) => {
                mark == Some(Mark::Refused) && self.is_recorded(body)
            }
            Some(_) => self.injected.contains(body),
        };
        if !due {
            self.broken(
                6,
                format!("dead-lettered without a cause, reason {reason:?}: {body}"),
            );
        }
    }

    /// Whether the order is stored or its rejection recorded. That must be so before its dead letter is sent.
    fn is_recorded(&self, body: &Arc<str>) -> bool {
        let event = parsed(body);
        let order_id = event["id"].as_str().unwrap_or("");
        self.rejected.contains_key(&full_name(order_id))
            || self.stored.contains_key(&name(order_id))
    }

    /// Whether a message may be deleted: its order is stored, recorded as rejected, or a dead letter.
    fn is_settled(&self, body: &Arc<str>) -> bool {
        if self.letters.get(body).is_some_and(|count| *count > 0) {
            return true;
        }
        if self.injected.contains(body) {
            return false;
        }
        let event = parsed(body);
        let order_id = event["id"].as_str().unwrap_or("");
        self.is_done(order_id, &event["data"]["order"])
    }

    /// Whether the order is stored; or rejected with its content, because its key has an order with other content.
    fn is_done(&self, order_id: &str, order: &Value) -> bool {
        match self.stored.get(&name(order_id)) {
            None => false,
            Some(stored) if stored == order => true,
            Some(_) => self
                .rejected
                .get(&full_name(order_id))
                .is_some_and(|rejections| {
                    rejections.iter().any(|(reason, kept)| {
                        reason == "KEY_REUSED" && kept.as_ref() == Some(order)
                    })
                }),
        }
    }

    fn at_rest(&mut self, fixed: bool, left: &[Arc<str>]) {
        let marked = |mark| {
            self.requests
                .values()
                .any(|request| Mark::of(&request.order) == Some(mark))
        };
        let killers = marked(Mark::Kills);
        let mut waiting = Vec::new();
        for body in left {
            let waits = Mark::of(&parsed(body)["data"]["order"]).is_some_and(Mark::waits);
            // A message that shares batches with a killer may be done, and not yet acknowledged.
            let excused = !fixed && (waits || killers && self.is_settled(body));
            if !excused {
                waiting.push(format!(
                    "still queued long after the faults stopped: {body}"
                ));
            }
        }
        for waiting in waiting {
            self.broken(6, waiting);
        }
        let lost: Vec<_> = self
            .requests
            .iter()
            .filter(|(_, request)| {
                request.status == Some(202) && !self.is_accounted_for(request, fixed, left)
            })
            .map(|(number, request)| {
                format!(
                    "request {number} was answered 202, and {} is lost",
                    label(&request.order)
                )
            })
            .collect();
        for lost in lost {
            self.broken(2, lost);
        }
        self.nothing_is_doubled();
    }

    fn is_accounted_for(&self, request: &Request, fixed: bool, left: &[Arc<str>]) -> bool {
        let order_id = request.order_id.as_deref().unwrap_or("");
        if self.is_done(order_id, &request.order) {
            return true;
        }
        // An order that cannot be fulfilled must be where an operator finds it, until its cause is fixed.
        let is_of = |body: &Arc<str>| {
            let event = parsed(body);
            event["data"]["order"] == request.order
                && full_name(event["id"].as_str().unwrap_or("")) == full_name(order_id)
        };
        let in_letters = || {
            self.letters
                .iter()
                .any(|(body, count)| *count > 0 && is_of(body))
        };
        let in_queue =
            || Mark::of(&request.order).is_some_and(Mark::waits) && left.iter().any(is_of);
        !fixed && (in_letters() || in_queue())
    }

    fn nothing_is_doubled(&mut self) {
        // The orders that each key made, over all requests.
        let mut names: BTreeMap<(&str, &str), BTreeSet<Name>> = BTreeMap::new();
        let mut contents: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (number, request) in &self.requests {
            let meant = request
                .key
                .clone()
                .unwrap_or_else(|| format!("request {number}"));
            contents
                .entry(request.order.to_string())
                .or_default()
                .insert(meant);
            if let (Some(key), Some(id)) = (&request.key, &request.order_id) {
                names
                    .entry((&request.customer, key))
                    .or_default()
                    .insert(name(id));
            }
        }
        let mut found = Vec::new();
        let mut used = BTreeSet::new();
        for ((customer, key), names) in names {
            if names.len() > 1 {
                found.push(format!("{customer}'s {key} made {} orders", names.len()));
            }
            if names.into_iter().any(|name| !used.insert(name)) {
                found.push(format!(
                    "{customer}'s {key} shares its order with another key"
                ));
            }
        }
        let mut stored: BTreeMap<String, usize> = BTreeMap::new();
        for order in self.stored.values() {
            if !self.was_sent(order) {
                found.push(format!("{} is stored, and was refused", label(order)));
            }
            *stored.entry(order.to_string()).or_default() += 1;
        }
        for (order, count) in stored {
            let meant = contents.get(&order).map_or(0, BTreeSet::len);
            if count > meant {
                found.push(format!(
                    "{order} is stored {count} times, and was meant {meant} times"
                ));
            }
        }
        for found in found {
            self.broken(3, found);
        }
    }
}

fn is_dead(queue: &str) -> bool {
    queue.ends_with("dead letters")
}

/// The event of a body, out of what the topic wrapped it in.
fn parsed(body: &str) -> Value {
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    match value.get("Message").unwrap_or(&value).as_str() {
        Some(inner) => serde_json::from_str(inner).unwrap_or_default(),
        None => value,
    }
}

fn name(order_id: &str) -> Name {
    let mut name = [0; 12];
    name.copy_from_slice(&full_name(order_id)[..12]);
    name
}

fn full_name(order_id: &str) -> FullName {
    let bytes = order_id
        .strip_prefix("ord_")
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    bytes
        .and_then(|bytes| bytes.first_chunk().copied())
        .unwrap_or_default()
}
