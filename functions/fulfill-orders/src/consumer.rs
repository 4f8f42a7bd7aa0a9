//! What becomes of each record.

use std::panic::AssertUnwindSafe;

use futures::{FutureExt, StreamExt, stream};
use sluice_order::{
    Clock, Lane, OrderAccepted, OrderId, ParseFailure, RejectReason, Secrets, Timestamp,
};
use sluice_store::{OrderStore, PutOutcome, Rejection, StoreError, StoredOrder};

use crate::{
    backoff,
    message::Message,
    queue::{DeadLetter, QueueControl, VisibilityChange},
};

/// The most writes that are under way at once.
const MAX_IN_FLIGHT: usize = 32;

/// A record is begun only while this much of the invocation is left, in milliseconds: four calls that time
/// out, at 3 s each. A longer chain of timeouts ends with the invocation; then its batch comes again.
const TIME_FOR_ONE: i64 = 12_000;

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
    random: fn() -> u32,
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
            random: || getrandom::u32().unwrap_or_default(),
        }
    }

    /// Processes a batch until shortly before the deadline. Returns the ids of the messages that must come
    /// again; all others are done and may be deleted.
    pub async fn consume(&self, mut messages: Vec<Message>, deadline: Timestamp) -> Vec<String> {
        // What was received often, and so may be what kills the process, is begun last.
        messages.sort_by_key(|message| message.receives);
        let outcomes: Vec<Outcome> = stream::iter(&messages)
            .map(|message| self.process(message, deadline))
            .buffered(MAX_IN_FLIGHT)
            .collect()
            .await;
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
        if !changes.is_empty()
            && let Err(error) = self.queue.change_visibility(&changes).await
        {
            // They come again after the queue's own visibility timeout.
            tracing::warn!(lane = %self.lane, %error, "the visibility of failed messages was not set");
        }
        again
    }

    async fn process(&self, message: &Message, deadline: Timestamp) -> Outcome {
        if deadline.as_millis() - self.clock.now().as_millis() < TIME_FOR_ONE {
            return Outcome::HandedBack;
        }
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
        let order = StoredOrder::new(accepted, self.clock.now());
        let id = order.order_id;
        let of_this_order = |error| failure_of(error, id);
        let outcome = match self.store.put(&order).await.map_err(of_this_order)? {
            PutOutcome::Stored => Outcome::Stored,
            PutOutcome::Duplicate => Outcome::Duplicate,
            PutOutcome::Conflict => {
                let rejection = Rejection {
                    order_id: id,
                    reason: RejectReason::KeyReused,
                    rejected_at: order.stored_at,
                    content: Some((order.accepted_at, order.content, order.order)),
                };
                self.store.reject(&rejection).await.map_err(of_this_order)?;
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
            self.store
                .reject(&rejection)
                .await
                .map_err(|e| e.to_string())?;
        }
        let letter = DeadLetter {
            r#type: "permanent",
            reason,
            detail: detail.chars().take(MAX_DETAIL).collect(),
            original_message_id: message.id.clone(),
            receives: message.receives,
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
