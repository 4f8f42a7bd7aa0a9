//! A batch: in which order its records are begun, until when, and which of them come again.

use std::time::Duration;

use futures::{StreamExt, stream};
use sluice_order::{Clock, Lane, Secrets, Timestamp};
use sluice_store::OrderStore;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::Instrument;

use crate::{
    backoff,
    breaker::Breaker,
    counted,
    message::Message,
    pace::Pace,
    queue::{QueueControl, QueueError, VisibilityChange},
    record::{Failure, Limits, Outcome},
    traced,
};

/// The most writes that are under way at once.
const MAX_IN_FLIGHT: usize = 32;

/// The same of suspects.
const ALONE: usize = 1;

/// What is not done so long before the deadline is left for another time.
const TO_FINISH: Duration = Duration::from_secs(4);

/// So much of that is for telling SQS what comes again when; the rest for the answer.
const TO_REPORT: Duration = Duration::from_secs(3);

/// A record is begun, and a write started, only with so much time left before that: as much as one call to storage may
/// take.
const TO_BEGIN: Duration = Duration::from_secs(3);

/// How long an invocation may take: the function's timeout in the template.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A message that was received so often may be what kills the process. Half of the batches begin such messages after all
/// the others, one at a time: whatever came before it is then done. In the other half it is a message like any other,
/// since an outage raises the count too.
const SUSPECT_FROM: u32 = 4;

/// The consumer of one lane.
pub struct Consumer<S, Q, C> {
    pub(crate) store: S,
    pub(crate) queue: Q,
    pub(crate) clock: C,
    pub(crate) secrets: Secrets,
    pub(crate) lane: Lane,
    random: Box<dyn Fn() -> u32 + Send + Sync>,
    pub(crate) breaker: Breaker,
    pub(crate) pace: Pace,
}

impl<S: OrderStore, Q: QueueControl, C: Clock> Consumer<S, Q, C> {
    /// The consumer with its parts.
    pub fn new(store: S, queue: Q, clock: C, secrets: Secrets, lane: Lane, pace: Pace) -> Self {
        Self {
            store,
            queue,
            clock,
            secrets,
            lane,
            random: Box::new(|| getrandom::u32().unwrap_or_default()),
            breaker: Breaker::default(),
            pace,
        }
    }

    /// The same with randomness that can be repeated: what the simulation uses.
    #[must_use]
    pub fn with_random(mut self, random: impl Fn() -> u32 + Send + Sync + 'static) -> Self {
        self.random = Box::new(random);
        self
    }

    /// Processes a batch until shortly before the deadline. Returns the ids of the messages that must come
    /// again; all others are done and may be deleted.
    pub async fn consume(&self, mut messages: Vec<Message>, deadline: Timestamp) -> Vec<String> {
        let cutoff = Instant::now() + self.time_left(deadline).saturating_sub(TO_FINISH);
        self.pace.begin();
        counted::received(self.lane, &messages, self.clock.now());
        // One coin for all of them: with one for each, of two that kill the process one would always be among the first.
        let is_careful = (self.random)().is_multiple_of(2);
        let is_suspect = |message: &Message| is_careful && message.receives >= SUSPECT_FROM;
        // Suspects in any order: the count tells nothing more of them.
        messages.sort_by_cached_key(|message| is_suspect(message).then(|| (self.random)()));
        let suspects = messages.partition_point(|message| !is_suspect(message));
        let (others, suspects) = messages.split_at(suspects);
        let mut outcomes = self.process_all(others, MAX_IN_FLIGHT, cutoff).await;
        outcomes.extend(self.process_all(suspects, ALONE, cutoff).await);
        counted::batch(self.lane, &outcomes, self.breaker.was_open());
        self.report(messages, &outcomes).await
    }

    /// How long the invocation has from here, where it starts. A wall clock that says something else than about the
    /// timeout is wrong; from here on the time is the machine's monotonic one, which nobody sets.
    fn time_left(&self, deadline: Timestamp) -> Duration {
        let left = deadline.as_millis() - self.clock.now().as_millis();
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        if (TIMEOUT / 2..=TIMEOUT).contains(&left) {
            left
        } else {
            TIMEOUT
        }
    }

    async fn process_all(
        &self,
        messages: &[Message],
        at_once: usize,
        cutoff: Instant,
    ) -> Vec<Outcome> {
        let works = messages.iter().enumerate();
        let mut outcomes: Vec<(usize, Outcome)> = stream::iter(works)
            .map(async |(at, message)| (at, self.process(message, at_once == ALONE, cutoff).await))
            // In any order: a slow record holds up no other.
            .buffer_unordered(at_once)
            .collect()
            .await;
        outcomes.sort_by_key(|(at, _)| *at);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }

    /// Says when each message that is not done comes again, and returns their ids.
    async fn report(&self, messages: Vec<Message>, outcomes: &[Outcome]) -> Vec<String> {
        let count = |outcome| outcomes.iter().filter(|&o| *o == outcome).count();
        tracing::info!(
            lane = %self.lane,
            stored = count(Outcome::Stored),
            duplicates = count(Outcome::Duplicate),
            conflicts = count(Outcome::Conflict),
            dead_lettered = count(Outcome::DeadLettered),
            transient = count(Outcome::Transient),
            handed_back = count(Outcome::HandedBack),
            "batch"
        );
        let mut again = Vec::new();
        let mut changes = Vec::new();
        for (message, outcome) in messages.into_iter().zip(outcomes) {
            let seconds = match outcome {
                Outcome::Transient => backoff::seconds(message.receives, (self.random)()),
                // Whoever loses again and again must not use its receives up.
                Outcome::HandedBack if message.receives >= SUSPECT_FROM => {
                    backoff::seconds(message.receives, (self.random)())
                }
                Outcome::HandedBack => 0,
                Outcome::Stored
                | Outcome::Duplicate
                | Outcome::Conflict
                | Outcome::DeadLettered => continue,
            };
            again.push(message.id);
            changes.push(VisibilityChange {
                receipt_handle: message.receipt_handle,
                seconds,
            });
        }
        if !changes.is_empty() {
            // Where it does not work they come again after the queue's own visibility timeout.
            let told = timeout(TO_REPORT, self.queue.change_visibility(&changes)).await;
            if let Err(error) = told.unwrap_or_else(|_| Err(QueueError("no answer".to_owned()))) {
                tracing::warn!(lane = %self.lane, %error, "the visibility of failed messages was not set");
            }
        }
        again
    }

    /// What becomes of one record by the cutoff.
    async fn process(&self, message: &Message, is_alone: bool, cutoff: Instant) -> Outcome {
        let limits = Limits {
            latest: cutoff.checked_sub(TO_BEGIN).unwrap_or(cutoff),
            is_alone,
        };
        if Instant::now() > limits.latest {
            return self.settle(message, Failure::NoTime, limits).await;
        }
        let parsed = self.parse(message);
        let span = traced::span(self.lane, message, &parsed);
        let outcome = async {
            if let Ok(outcome) = timeout_at(cutoff, self.answer(message, parsed, limits)).await {
                return outcome;
            }
            let why = "not done in the time of one invocation".to_owned();
            self.settle(message, Failure::Transient(why), limits).await
        };
        let outcome = outcome.instrument(span.clone()).await;
        traced::ended(&span, message, outcome);
        outcome
    }
}
