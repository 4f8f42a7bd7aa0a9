//! A batch: in which order its records are begun, until when, and which of them come again.

use std::time::Duration;

use futures::{StreamExt, stream};
use sluice_order::{Clock, Lane, Secrets, Timestamp};
use sluice_store::OrderStore;
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    backoff,
    breaker::Breaker,
    message::Message,
    queue::{QueueControl, QueueError, VisibilityChange},
    record::{Failure, Outcome},
};

/// The most writes that are under way at once.
const MAX_IN_FLIGHT: usize = 32;

/// What is not done so long before the deadline is left for another time.
const TO_FINISH: Duration = Duration::from_secs(4);

/// So much of that is for telling SQS what comes again when; the rest for the answer.
const TO_REPORT: Duration = Duration::from_secs(3);

/// A record is begun only with so much time left before that: as much as one call to storage may take.
const TO_BEGIN: Duration = Duration::from_secs(3);

/// A message that was received so often may be what kills the process. It is begun after the others, and
/// alone: whatever came before it is then done.
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
}

impl<S: OrderStore, Q: QueueControl, C: Clock> Consumer<S, Q, C> {
    /// The consumer with its parts.
    pub fn new(store: S, queue: Q, clock: C, secrets: Secrets, lane: Lane) -> Self {
        Self {
            store,
            queue,
            clock,
            secrets,
            lane,
            random: Box::new(|| getrandom::u32().unwrap_or_default()),
            breaker: Breaker::default(),
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
        // From here on the time is the machine's monotonic one, which nobody sets.
        let left = deadline.as_millis() - self.clock.now().as_millis();
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        let cutoff = Instant::now() + left.saturating_sub(TO_FINISH);
        // Suspects in any order: the count tells nothing more of them, since an outage raises it too.
        messages.sort_by_cached_key(|message| match message.receives {
            SUSPECT_FROM.. => (SUSPECT_FROM, (self.random)()),
            receives => (receives, 0),
        });
        let suspects = messages.partition_point(|message| message.receives < SUSPECT_FROM);
        let (fresh, suspects) = messages.split_at(suspects);
        let mut outcomes = self.process_all(fresh, MAX_IN_FLIGHT, cutoff).await;
        outcomes.extend(self.process_all(suspects, 1, cutoff).await);
        self.report(messages, &outcomes).await
    }

    async fn process_all(
        &self,
        messages: &[Message],
        at_once: usize,
        cutoff: Instant,
    ) -> Vec<Outcome> {
        stream::iter(messages)
            .map(|message| self.process(message, cutoff))
            .buffered(at_once)
            .collect()
            .await
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
    async fn process(&self, message: &Message, cutoff: Instant) -> Outcome {
        if cutoff.saturating_duration_since(Instant::now()) < TO_BEGIN {
            // While storage is out of reach, back at once would only mean received in vain.
            return if self.breaker.is_open() {
                Outcome::Transient
            } else {
                Outcome::HandedBack
            };
        }
        if let Ok(outcome) = timeout_at(cutoff, self.answer(message)).await {
            return outcome;
        }
        let why = "not done in the time of one invocation".to_owned();
        self.settle(message, Failure::Transient(why)).await
    }
}
