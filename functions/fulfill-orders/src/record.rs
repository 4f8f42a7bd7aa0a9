//! What becomes of one record.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use sluice_order::{
    Clock, DeadLetter, LetterType, OrderAccepted, OrderId, ParseFailure, RejectReason,
};
use sluice_store::{OrderStore, PutOutcome, Rejection, StoreError, StoredOrder};

use crate::{Consumer, message::Message, queue::QueueControl};

/// The longest detail in a dead letter, in characters.
const MAX_DETAIL: usize = 512;

/// A panic is tried again until the message was received this often.
const PANICS_ALLOWED: u32 = 5;

/// What became of a record.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Outcome {
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
pub(crate) enum Failure {
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
    /// Fulfils one record, or turns what stands against it into what happens to its message.
    pub(crate) async fn answer(&self, message: &Message) -> Outcome {
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
    pub(crate) async fn settle(&self, message: &Message, failure: Failure) -> Outcome {
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
