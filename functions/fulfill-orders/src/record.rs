//! What becomes of one record.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use futures::FutureExt;
use sluice_order::{
    Clock, DeadLetter, LetterType, OrderAccepted, OrderId, ParseFailure, RejectReason,
};
use sluice_store::{OrderStore, PutOutcome, Rejection, StoreError, StoredOrder};
use tokio::time::Instant;

use crate::{Consumer, counted, message::Message, queue::QueueControl};

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

impl Outcome {
    /// Whether the message is not done with.
    pub(crate) fn comes_again(self) -> bool {
        matches!(self, Self::Transient | Self::HandedBack)
    }
}

/// What a record has to keep to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// No write is started later.
    pub(crate) latest: Instant,
    /// Nothing else is begun while it is under way.
    pub(crate) is_alone: bool,
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
    /// The invocation has no time for it.
    NoTime,
}

/// What a message holds, or why that is no order; or the panic that came of reading it.
pub(crate) type Parsed = std::thread::Result<Result<OrderAccepted, Failure>>;

/// Why storage did not do what it was asked.
#[derive(Debug, thiserror::Error)]
enum NotDone {
    #[error(transparent)]
    Store(StoreError),
    #[error("no time left for another write")]
    NoTime,
}

impl<S: OrderStore, Q: QueueControl, C: Clock> Consumer<S, Q, C> {
    /// Fulfils one record, or turns what stands against it into what happens to its message.
    pub(crate) async fn answer(
        &self,
        message: &Message,
        parsed: Parsed,
        limits: Limits,
    ) -> Outcome {
        let fulfilled = async {
            match parsed {
                Ok(parsed) => self.fulfill(parsed?, limits).await,
                Err(panic) => resume_unwind(panic),
            }
        };
        let failure = match AssertUnwindSafe(fulfilled).catch_unwind().await {
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
        let settled = AssertUnwindSafe(self.settle(message, failure, limits))
            .catch_unwind()
            .await;
        settled.unwrap_or_else(|_| {
            tracing::error!("settling panicked: to be tried again");
            Outcome::Transient
        })
    }

    /// Writes, at the pace; see [`Consumer::ask`].
    async fn write<T>(
        &self,
        limits: Limits,
        mut call: impl AsyncFnMut() -> Result<T, StoreError>,
    ) -> Result<T, NotDone> {
        self.ask(limits, async || {
            let begun = Instant::now();
            let turn = self.pace.turn(limits.latest).await.ok_or(NotDone::NoTime)?;
            counted::waited_for_turn(self.lane, begun.elapsed());
            let begun = Instant::now();
            let answer = call().await;
            counted::written(self.lane, begun.elapsed());
            match &answer {
                Ok(_) => self.pace.succeeded(),
                Err(StoreError::Throttled(_)) => {
                    self.pace.throttled(turn);
                    counted::throttled(self.lane);
                }
                Err(StoreError::Refused { .. } | StoreError::Unavailable(_)) => {}
            }
            answer.map_err(NotDone::Store)
        })
        .await
    }

    /// Records a rejection, unless the order is stored.
    async fn reject(&self, rejection: &Rejection, limits: Limits) -> Result<(), NotDone> {
        let look = async || {
            self.store
                .is_stored(rejection)
                .await
                .map_err(NotDone::Store)
        };
        if self.ask(limits, look).await? {
            return Ok(());
        }
        let record = async || self.store.record(rejection).await;
        self.write(limits, record).await
    }

    /// Asks storage, as often as it takes while the breaker is open: the invocation holds its record until a probe
    /// succeeds or its time is over.
    async fn ask<T>(
        &self,
        limits: Limits,
        mut call: impl AsyncFnMut() -> Result<T, NotDone>,
    ) -> Result<T, NotDone> {
        loop {
            let permit = self.breaker.admit().await;
            let is_probe = permit.is_probe();
            let error = match call().await {
                Ok(answer) => {
                    permit.succeeded();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            match &error {
                NotDone::NoTime => return Err(error),
                NotDone::Store(StoreError::Refused { .. }) => {
                    permit.succeeded();
                    return Err(error);
                }
                NotDone::Store(StoreError::Unavailable(_) | StoreError::Throttled(_)) => {
                    permit.failed();
                }
            }
            // With nobody behind it in the line it would be every probe, and may itself be what storage does not answer.
            let is_every_probe = is_probe && limits.is_alone;
            if is_every_probe || !self.breaker.is_open() {
                return Err(error);
            }
        }
    }

    /// Parses and verifies one order.
    pub(crate) fn parse(&self, message: &Message) -> Parsed {
        let accepted = || OrderAccepted::from_body(&message.body, &self.secrets);
        let accepted = catch_unwind(AssertUnwindSafe(accepted))?;
        Ok(accepted.map_err(|e| match e {
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
        }))
    }

    /// Writes one order.
    async fn fulfill(&self, accepted: OrderAccepted, limits: Limits) -> Result<Outcome, Failure> {
        let mut order = StoredOrder::new(accepted, self.clock.now());
        let id = order.order_id;
        let put = self.write(limits, async || {
            order.stored_at = self.clock.now();
            self.store.put(&order).await
        });
        let outcome = match put.await.map_err(|error| failure_of(error, id))? {
            PutOutcome::Stored => {
                counted::stored(self.lane, order.accepted_at, order.stored_at);
                Outcome::Stored
            }
            PutOutcome::Duplicate => Outcome::Duplicate,
            PutOutcome::Conflict => {
                let rejection = Rejection {
                    order_id: id,
                    reason: RejectReason::KeyReused,
                    rejected_at: order.stored_at,
                    content: Some((order.accepted_at, order.content, order.order)),
                };
                self.reject(&rejection, limits)
                    .await
                    .map_err(|error| failure_of(error, id))?;
                Outcome::Conflict
            }
        };
        tracing::info!(
            ?outcome,
            wait_ms = order.stored_at.as_millis() - order.accepted_at.as_millis(),
            "done"
        );
        Ok(outcome)
    }

    /// Turns a failure into what happens to the message, and logs it, once.
    pub(crate) async fn settle(
        &self,
        message: &Message,
        failure: Failure,
        limits: Limits,
    ) -> Outcome {
        let (reason, detail, order_id) = match failure {
            // While storage is out of reach, back at once would only mean received in vain.
            Failure::NoTime if self.breaker.is_open() => return Outcome::Transient,
            Failure::NoTime => return Outcome::HandedBack,
            Failure::Transient(why) => {
                tracing::warn!(why, "to be tried again");
                return Outcome::Transient;
            }
            Failure::Permanent {
                reason,
                detail,
                order_id,
            } => (reason, detail, order_id),
        };
        let kept = self.keep(message, reason, &detail, order_id, limits).await;
        // Storage's own words may repeat content. The letter has them.
        let is_storage_s = matches!(
            reason,
            RejectReason::TooLarge | RejectReason::RefusedByStorage
        );
        let detail = (!is_storage_s).then_some(detail);
        tracing::error!(%reason, detail, error = kept.as_ref().err(), "cannot be fulfilled");
        match kept {
            Ok(()) => {
                counted::dead_lettered(self.lane, reason);
                Outcome::DeadLettered
            }
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
        limits: Limits,
    ) -> Result<(), String> {
        if let Some(order_id) = order_id {
            let rejection = Rejection {
                order_id,
                reason,
                rejected_at: self.clock.now(),
                content: None,
            };
            self.reject(&rejection, limits)
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
        catch_unwind(AssertUnwindSafe(|| {
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

fn failure_of(error: NotDone, order_id: OrderId) -> Failure {
    match error {
        NotDone::NoTime => Failure::NoTime,
        NotDone::Store(StoreError::Refused { reason, message }) => Failure::Permanent {
            reason,
            detail: message,
            order_id: Some(order_id),
        },
        NotDone::Store(error) => Failure::Transient(error.to_string()),
    }
}
