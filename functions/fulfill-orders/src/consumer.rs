//! What becomes of each record.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::{FutureExt, StreamExt, stream};
use sluice_order::{
    Clock, DeadLetter, Lane, LetterType, OrderAccepted, OrderId, ParseFailure, RejectReason,
    Secrets, Timestamp,
};
use sluice_store::{OrderStore, PutOutcome, Rejection, StoreError, StoredOrder};

use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    backoff,
    breaker::Breaker,
    message::Message,
    queue::{QueueControl, QueueError, VisibilityChange},
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

/// A panic is tried again until the message was received this often.
const PANICS_ALLOWED: u32 = 5;

/// The longest detail in a dead letter, in characters.
const MAX_DETAIL: usize = 512;

/// The consumer of one lane.
pub struct Consumer<S, Q, C> {
    store: S,
    queue: Q,
    clock: C,
    secrets: Secrets,
    lane: Lane,
    random: Box<dyn Fn() -> u32 + Send + Sync>,
    breaker: Breaker,
}

/// What became of a record.
#[derive(Clone, PartialEq, Debug)]
enum Outcome {
    /// Its order is stored, for the first time.
    Stored,
    /// Its order was stored before.
    Duplicate,
    /// Its key names another order; it is recorded as rejected.
    Conflict,
    /// It is a dead letter.
    DeadLettered,
    /// It is tried again later.
    Transient,
    /// There was no time for it.
    HandedBack,
}

/// Why a record is not done.
enum Failure {
    /// It may be done later.
    Transient(String),
    /// It never will be.
    Permanent {
        reason: RejectReason,
        detail: String,
        order_id: Option<OrderId>,
    },
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

    async fn answer(&self, message: &Message) -> Outcome {
        let failure = match AssertUnwindSafe(self.fulfill(message)).catch_unwind().await {
            Ok(Ok(outcome)) => return outcome,
            Ok(Err(failure)) => failure,
            Err(_) if message.receives < PANICS_ALLOWED => {
                Failure::Transient("processing panicked".to_owned())
            }
            Err(_) => Failure::Permanent {
                reason: RejectReason::Panic,
                detail: format!("processing panicked at receive {}", message.receives),
                order_id: self.id_of(message),
            },
        };
        self.settle(message, failure).await
    }

    /// Asks storage, as often as it takes while the breaker is open: the invocation holds its record until a
    /// probe succeeds or its time is over.
    async fn ask<T>(
        &self,
        mut call: impl AsyncFnMut() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        loop {
            let permit = self.breaker.admit().await;
            let answer = call().await;
            match &answer {
                Err(StoreError::Unavailable(_)) => permit.failed(),
                Ok(_) | Err(StoreError::Refused { .. }) => {
                    permit.succeeded();
                    return answer;
                }
            }
            if !self.breaker.is_open() {
                return answer;
            }
        }
    }

    /// Parses, verifies and writes one order.
    async fn fulfill(&self, message: &Message) -> Result<Outcome, Failure> {
        let accepted =
            OrderAccepted::from_body(&message.body, &self.secrets).map_err(|e| match e {
                ParseFailure::Permanent {
                    reason,
                    detail,
                    order_id,
                } => Failure::Permanent {
                    reason,
                    detail,
                    order_id,
                },
                ParseFailure::UnknownSecret(_) => Failure::Transient(e.to_string()),
            })?;
        let mut order = StoredOrder::new(accepted, self.clock.now());
        let id = order.order_id;
        let put = self.ask(async || {
            order.stored_at = self.clock.now();
            self.store.put(&order).await
        });
        let outcome = match put.await.map_err(|error| failure_of(error, id))? {
            PutOutcome::Stored => Outcome::Stored,
            PutOutcome::Duplicate => Outcome::Duplicate,
            PutOutcome::Conflict => {
                let rejection = Rejection {
                    order_id: id,
                    reason: RejectReason::KeyReused,
                    rejected_at: order.stored_at,
                    content: Some((order.accepted_at, order.content, order.order)),
                };
                self.ask(async || self.store.reject(&rejection).await)
                    .await
                    .map_err(|error| failure_of(error, id))?;
                Outcome::Conflict
            }
        };
        tracing::info!(
            order.id = %id,
            message.id = message.id,
            lane = %self.lane,
            ?outcome,
            wait_ms = order.stored_at.as_millis() - order.accepted_at.as_millis(),
            "done"
        );
        Ok(outcome)
    }

    /// Turns a failure into what happens to the message, and logs it, once.
    async fn settle(&self, message: &Message, failure: Failure) -> Outcome {
        let (reason, detail, order_id) = match failure {
            Failure::Transient(why) => {
                tracing::warn!(
                    message.id = message.id,
                    lane = %self.lane,
                    message.receives = message.receives,
                    why,
                    "to be tried again"
                );
                return Outcome::Transient;
            }
            Failure::Permanent {
                reason,
                detail,
                order_id,
            } => (reason, detail, order_id),
        };
        let kept = self.keep(message, reason, &detail, order_id).await;
        tracing::error!(
            order.id = order_id.map(tracing::field::display),
            message.id = message.id,
            lane = %self.lane,
            %reason,
            detail,
            error = kept.as_ref().err(),
            "cannot be fulfilled"
        );
        match kept {
            Ok(()) => Outcome::DeadLettered,
            Err(_) => Outcome::Transient,
        }
    }

    /// Records the rejection, then sends the dead letter: in this order a try that ends between the two
    /// leaves nothing that the next try does not overwrite.
    async fn keep(
        &self,
        message: &Message,
        reason: RejectReason,
        detail: &str,
        order_id: Option<OrderId>,
    ) -> Result<(), String> {
        if let Some(order_id) = order_id {
            let rejection = Rejection {
                order_id,
                reason,
                rejected_at: self.clock.now(),
                content: None,
            };
            self.ask(async || self.store.reject(&rejection).await)
                .await
                .map_err(|e| e.to_string())?;
        }
        let letter = DeadLetter {
            r#type: LetterType::Permanent,
            reason: Some(reason),
            // SQS refuses a letter with most of those, and then the message would never leave.
            detail: detail
                .chars()
                .filter(|c| !c.is_control())
                .take(MAX_DETAIL)
                .collect(),
            original_message_id: message.id.clone(),
            receives: message.receives,
            replays: message.replays(),
            trace: message.trace_header.clone(),
        };
        self.queue
            .dead_letter(message, &letter)
            .await
            .map_err(|e| e.to_string())
    }

    /// The order's id, as far as the message gives it away without a panic.
    fn id_of(&self, message: &Message) -> Option<OrderId> {
        std::panic::catch_unwind(AssertUnwindSafe(|| {
            match OrderAccepted::from_body(&message.body, &self.secrets) {
                Ok(accepted) => Some(accepted.order_id),
                Err(ParseFailure::Permanent { order_id, .. }) => order_id,
                Err(ParseFailure::UnknownSecret(_)) => None,
            }
        }))
        .ok()
        .flatten()
    }
}

fn failure_of(error: StoreError, order_id: OrderId) -> Failure {
    match error {
        StoreError::Unavailable(why) => Failure::Transient(why),
        StoreError::Refused { reason, message } => Failure::Permanent {
            reason,
            detail: message,
            order_id: Some(order_id),
        },
    }
}
