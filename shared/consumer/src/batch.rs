//! A batch: in which order its records are begun, until when, and which of them come again.

use std::time::Duration;

use futures::{StreamExt, stream};
use sluice_order::{Clock, Outcome, Timestamp, lane_settings::CALLS_AT_ONCE};
use tokio::time::{Instant, timeout};

use crate::{
    backoff,
    gate::{Gate, Limits},
    message::Message,
    metrics,
    pace::Pace,
    queue::{QueueControl, QueueError, VisibilityChange},
    record::Records,
    sink::{Envelope, Sink},
};

/// The function's timeout in the template: how long an invocation may take.
const TIMEOUT: Duration = Duration::from_mins(1);

/// How long before the deadline unfinished work is abandoned for this invocation.
const RESERVED: Duration = Duration::from_secs(4);

/// How much of [`RESERVED`] may be spent on setting visibility timeouts. The rest is for the answer.
const FOR_VISIBILITY: Duration = Duration::from_secs(3);

/// The longest that one call to the sink may take. No record and no write is begun with less time than that before the
/// cutoff.
const LONGEST_CALL: Duration = Duration::from_secs(3);

/// From this receive on a message is a *suspect*: it may be what kills the process. In half of the batches suspects are begun
/// after all others are done, one at a time. A crash then takes only suspects with it. In the other half they are messages
/// like any other, because an outage raises the count of good messages too.
const SUSPECT_FROM: u32 = 4;

/// From this receive on a message that is handed back waits as a failed one does. Delivered at once each time, it would reach
/// the 1,000 receives after which SQS gives it up.
const BACKS_OFF_FROM: u32 = 4;

/// How much time the turns of one call's items may take at the pace. A sink that takes many items gets fewer in a slow lane, so
/// that each invocation has time for a call, and for its items alone.
const LONGEST_CALL_TURNS: Duration = Duration::from_secs(10);

/// The consumer of one lane: works through batches, and says which messages come again.
pub struct Consumer<S: Sink, Q, C> {
    records: Records<S, Q, C>,
    random: Box<dyn Fn() -> u32 + Send + Sync>,
}

impl<S: Sink, Q: QueueControl, C: Clock> Consumer<S, Q, C> {
    /// A consumer of `queue` into `sink`, at this pace. `read` reads a message's body; `lane` is its name in logs, metrics and
    /// traces.
    pub fn new(
        lane: &'static str,
        read: impl Fn(&str) -> Envelope<S::Item> + Send + Sync + 'static,
        sink: S,
        queue: Q,
        clock: C,
        pace: Pace,
    ) -> Self {
        Self {
            records: Records {
                lane,
                read: Box::new(read),
                sink,
                queue,
                clock,
                gate: Gate::new(lane, pace),
            },
            random: Box::new(|| getrandom::u32().unwrap_or_default()),
        }
    }

    /// The same consumer with randomness that can be repeated. The simulation uses it.
    #[must_use]
    pub fn with_random(mut self, random: impl Fn() -> u32 + Send + Sync + 'static) -> Self {
        self.random = Box::new(random);
        self
    }

    /// Processes a batch until shortly before the deadline. Returns the ids of the messages that must come again; all others
    /// are done and may be deleted.
    pub async fn consume(&self, mut messages: Vec<Message>, deadline: Timestamp) -> Vec<String> {
        let Records {
            lane, gate, clock, ..
        } = &self.records;
        let cutoff = Instant::now() + self.time_left(deadline).saturating_sub(RESERVED);
        gate.begin();
        metrics::received(lane, &messages, clock.now());
        // One draw for the whole batch: with one for each message, the first of two killers would often be among the others.
        let is_careful = (self.random)().is_multiple_of(2);
        let is_suspect = |message: &Message| is_careful && message.receives >= SUSPECT_FROM;
        // Suspects go in random order: above the threshold the count says no more about them.
        messages.sort_by_cached_key(|message| is_suspect(message).then(|| (self.random)()));
        let suspects = messages.partition_point(|message| !is_suspect(message));
        let (others, suspects) = messages.split_at(suspects);
        let mut outcomes = self.handle_all(others, cutoff).await;
        outcomes.extend(self.handle_suspects(suspects, cutoff).await);
        metrics::batch(lane, &outcomes, gate.was_open());
        log(lane, &outcomes);
        self.report(messages, &outcomes).await
    }

    /// How long the invocation has from here, where it starts. A wall clock that gives anything else than about the function's
    /// timeout is wrong, and is not believed. From here on the time is the machine's monotonic one, which nobody sets.
    fn time_left(&self, deadline: Timestamp) -> Duration {
        let left = deadline.as_millis() - self.records.clock.now().as_millis();
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        if (TIMEOUT / 2..=TIMEOUT).contains(&left) {
            left
        } else {
            TIMEOUT
        }
    }

    /// Many at once, in calls as large as the sink takes.
    async fn handle_all(&self, messages: &[Message], cutoff: Instant) -> Vec<Outcome> {
        let limits = limits(cutoff, false);
        let most = self.records.sink.most_items();
        let most = most
            .min(self.records.gate.items_in(LONGEST_CALL_TURNS))
            .max(1);
        // A message that was received before goes alone: what failed then may have been its fault.
        let calls = messages
            .chunk_by(|message, next| message.receives <= 1 && next.receives <= 1)
            .flat_map(|together| together.chunks(most))
            .enumerate();
        let mut outcomes: Vec<(usize, Vec<Outcome>)> = stream::iter(calls)
            .map(async |(place, some)| (place, self.records.handle(some, limits).await))
            // In any order: a slow record holds up no other.
            .buffer_unordered(CALLS_AT_ONCE as usize)
            .collect()
            .await;
        outcomes.sort_by_key(|(place, _)| *place);
        outcomes
            .into_iter()
            .flat_map(|(_, outcomes)| outcomes)
            .collect()
    }

    /// One at a time, each in a call of its own.
    async fn handle_suspects(&self, messages: &[Message], cutoff: Instant) -> Vec<Outcome> {
        let limits = limits(cutoff, true);
        let mut outcomes = Vec::with_capacity(messages.len());
        for message in messages.chunks(1) {
            outcomes.extend(self.records.handle(message, limits).await);
        }
        outcomes
    }

    /// Sets when each message that is not done comes again, and returns their ids.
    async fn report(&self, messages: Vec<Message>, outcomes: &[Outcome]) -> Vec<String> {
        let mut again = Vec::new();
        let mut changes = Vec::new();
        for (message, outcome) in messages.into_iter().zip(outcomes) {
            if !outcome.comes_again() {
                continue;
            }
            let at_once = *outcome == Outcome::HandedBack && message.receives < BACKS_OFF_FROM;
            let seconds = if at_once {
                0
            } else {
                backoff::seconds(message.receives, (self.random)())
            };
            again.push(message.id);
            changes.push(VisibilityChange {
                receipt_handle: message.receipt_handle,
                seconds,
            });
        }
        if !changes.is_empty() {
            // Where this fails they come again after the queue's own visibility timeout.
            let set = self.records.queue.change_visibility(&changes);
            let set = timeout(FOR_VISIBILITY, set).await;
            if let Err(error) = set.unwrap_or_else(|_| Err(QueueError("no answer".to_owned()))) {
                let lane = self.records.lane;
                tracing::warn!(lane, %error, "the visibility of failed messages was not set");
            }
        }
        again
    }
}

fn limits(cutoff: Instant, is_suspect: bool) -> Limits {
    Limits {
        last_start: cutoff.checked_sub(LONGEST_CALL).unwrap_or(cutoff),
        cutoff,
        is_suspect,
    }
}

fn log(lane: &str, outcomes: &[Outcome]) {
    let count = |outcome| outcomes.iter().filter(|&o| *o == outcome).count();
    tracing::info!(
        lane,
        stored = count(Outcome::Stored),
        duplicates = count(Outcome::Duplicate),
        conflicts = count(Outcome::Conflict),
        dead_lettered = count(Outcome::DeadLettered),
        transient = count(Outcome::Transient),
        handed_back = count(Outcome::HandedBack),
        "batch"
    );
}
