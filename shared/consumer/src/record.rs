//! One record: from its message to its outcome.
//!
//! A body is read once. What the record needs of it (the order's id, the trace) stays beside the item, so that nothing is
//! read again when something goes wrong. Reading, writing, and dealing with a failure may each panic: a panic is the
//! record's own.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    slice,
};

use futures::{FutureExt, future::join_all};
use sluice_order::{Clock, OrderId, Outcome, RejectReason, Timestamp};
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, Span};

use crate::{
    dead_letter,
    gate::{Gate, Limits},
    message::Message,
    metrics,
    outcome::Failure,
    queue::QueueControl,
    sink::{Envelope, Rejected, Sink, Written},
    trace,
};

/// Reads a body. It may panic: the engine takes that for the record's own fault.
pub(crate) type Reader<T> = Box<dyn Fn(&str) -> Envelope<T> + Send + Sync>;

/// What works records off: everything that one record needs.
pub(crate) struct Records<S: Sink, Q, C> {
    pub(crate) lane: &'static str,
    pub(crate) read: Reader<S::Item>,
    pub(crate) sink: S,
    pub(crate) queue: Q,
    pub(crate) clock: C,
    pub(crate) gate: Gate,
}

/// A message, and what could be read of it.
struct Record<'m> {
    message: &'m Message,
    span: Span,
    order_id: Option<OrderId>,
    accepted_at: Option<Timestamp>,
}

impl<S: Sink, Q: QueueControl, C: Clock> Records<S, Q, C> {
    /// What becomes of these messages by the cutoff, in their order. What they hold goes to the sink in one call.
    pub(crate) async fn handle(&self, messages: &[Message], limits: Limits) -> Vec<Outcome> {
        if Instant::now() > limits.last_start {
            return vec![self.no_time(); messages.len()];
        }
        let mut outcomes = vec![Outcome::HandedBack; messages.len()];
        let (mut places, mut records, mut items) = (Vec::new(), Vec::new(), Vec::new());
        let mut unreadable = Vec::new();
        for (place, message) in messages.iter().enumerate() {
            match self.open(message) {
                (record, Ok(item)) => {
                    places.push(place);
                    records.push(record);
                    items.push(item);
                }
                (record, Err(failure)) => unreadable.push((place, record, failure)),
            }
        }
        let written = match (&records[..], &mut items[..]) {
            ([], _) => Vec::new(),
            ([record], [item]) => vec![self.write_one(record, item, limits).await],
            (records, items) => Box::pin(self.write_several(records, items, limits)).await,
        };
        for (place, outcome) in places.into_iter().zip(written) {
            outcomes[place] = outcome;
        }
        // After the others: one that cannot be read must not take their time.
        for (place, record, failure) in unreadable {
            outcomes[place] = self.finish(&record, async { Err(failure) }, limits).await;
        }
        outcomes
    }

    /// Reads a message.
    fn open<'m>(&self, message: &'m Message) -> (Record<'m>, Result<S::Item, Failure>) {
        let read = catch_unwind(AssertUnwindSafe(|| (self.read)(&message.body)));
        let envelope = read.as_ref().ok();
        let record = Record {
            message,
            span: trace::span(self.lane, message, envelope),
            order_id: envelope.and_then(|envelope| envelope.order_id),
            accepted_at: envelope.and_then(|envelope| envelope.accepted_at),
        };
        let item = match read {
            Ok(envelope) => envelope.item.map_err(Failure::from),
            Err(_) => Err(Failure::panic(message.receives)),
        };
        (record, item)
    }

    /// Writes one item in a call of its own.
    async fn write_one(&self, record: &Record<'_>, item: &mut S::Item, limits: Limits) -> Outcome {
        let work = async {
            let (written, now) = self.call_sink(slice::from_mut(item), limits).await?;
            self.written(record, item, written.first().copied(), now, limits)
                .await
        };
        // Boxed, because a future that is passed on by value takes its place twice.
        self.finish(record, Box::pin(work), limits).await
    }

    /// Writes several items in one call. Where the sink refuses them, or the call panics, one of them may be the cause: then each
    /// goes alone. An end without an answer is the end of all; received again, each goes alone too.
    async fn write_several(
        &self,
        records: &[Record<'_>],
        items: &mut [S::Item],
        limits: Limits,
    ) -> Vec<Outcome> {
        let call = AssertUnwindSafe(self.call_sink(items, limits)).catch_unwind();
        let (written, now) = match timeout_at(limits.cutoff, call).await {
            Ok(Ok(Ok(answer))) => answer,
            // It panicked, or was refused.
            Ok(Err(_) | Ok(Err(Failure::Never { .. }))) => {
                let each = records.iter().zip(items);
                let alone = each.map(|(record, item)| self.write_one(record, item, limits));
                return join_all(alone).await;
            }
            Ok(Ok(Err(failure))) => return self.finish_all(records, &failure, limits).await,
            Err(_) => {
                return self.finish_all(records, &Failure::too_slow(), limits).await;
            }
        };
        let each = records.iter().zip(&*items).enumerate();
        let finished = each.map(|(place, (record, item))| {
            let written = written.get(place).copied();
            let work = self.written(record, item, written, now, limits);
            self.finish(record, Box::pin(work), limits)
        });
        join_all(finished).await
    }

    /// All of them failed in the same way.
    async fn finish_all(
        &self,
        records: &[Record<'_>],
        failure: &Failure,
        limits: Limits,
    ) -> Vec<Outcome> {
        let each = records
            .iter()
            .map(|record| self.finish(record, async { Err(failure.clone()) }, limits));
        join_all(each).await
    }

    /// Writes at the pace. Returns what became of each item, and when the last attempt began.
    async fn call_sink(
        &self,
        items: &mut [S::Item],
        limits: Limits,
    ) -> Result<(Vec<Written>, Timestamp), Failure> {
        let mut now = self.clock.now();
        let call = self.gate.write(limits, items.len(), async || {
            now = self.clock.now();
            self.sink.write(items, now).await
        });
        let written = call.await?;
        Ok((written, now))
    }

    /// The sink has answered for an item.
    async fn written(
        &self,
        record: &Record<'_>,
        item: &S::Item,
        written: Option<Written>,
        now: Timestamp,
        limits: Limits,
    ) -> Result<Outcome, Failure> {
        let outcome = match written {
            Some(Written::Stored) => {
                if let Some(accepted_at) = record.accepted_at {
                    metrics::stored(self.lane, accepted_at, now);
                }
                Outcome::Stored
            }
            Some(Written::Duplicate) => Outcome::Duplicate,
            Some(Written::Conflict) => {
                let order_id = record.order_id.filter(|_| self.sink.keeps_rejections());
                let order_id = order_id.ok_or_else(|| Failure::Never {
                    reason: RejectReason::KeyReused,
                    detail: "its key names something else, which stands".to_owned(),
                    may_quote: false,
                })?;
                let rejected = Rejected {
                    order_id,
                    reason: RejectReason::KeyReused,
                    at: now,
                    item: Some(item),
                };
                Box::pin(self.reject(&rejected, limits)).await?;
                Outcome::Conflict
            }
            None => return Err(Failure::Later("the sink gave no answer for it".to_owned())),
        };
        let wait_ms = record
            .accepted_at
            .map(|accepted_at| now.as_millis() - accepted_at.as_millis());
        tracing::info!(%outcome, wait_ms, "done");
        Ok(outcome)
    }

    /// Has a rejection recorded, where the sink says that it must be.
    async fn reject(
        &self,
        rejected: &Rejected<'_, S::Item>,
        limits: Limits,
    ) -> Result<(), Failure> {
        let must_record = async || self.sink.must_record(rejected).await;
        if self.gate.read(limits, must_record).await? {
            let record = async || self.sink.record(rejected).await;
            self.gate.write(limits, 1, record).await?;
        }
        Ok(())
    }

    /// Does the work of a record in the record's own trace, and turns its end, whatever it is, into an outcome.
    ///
    /// What seldom happens is boxed here and elsewhere: with the calls of the SDK in it, it is large, and a future is copied each
    /// time that another one takes it.
    async fn finish(
        &self,
        record: &Record<'_>,
        work: impl Future<Output = Result<Outcome, Failure>>,
        limits: Limits,
    ) -> Outcome {
        let done = async {
            let failure = match AssertUnwindSafe(work).catch_unwind().await {
                Ok(Ok(outcome)) => return outcome,
                Ok(Err(failure)) => failure,
                Err(_) => Failure::panic(record.message.receives),
            };
            let settled = Box::pin(self.settle(record, failure, limits));
            let settled = AssertUnwindSafe(settled).catch_unwind().await;
            settled.unwrap_or_else(|_| {
                tracing::error!("settling panicked: to be tried again");
                Outcome::Transient
            })
        };
        let in_time = async {
            match timeout_at(limits.cutoff, done).await {
                Ok(outcome) => outcome,
                Err(_) => Box::pin(self.settle(record, Failure::too_slow(), limits)).await,
            }
        };
        let outcome = in_time.instrument(record.span.clone()).await;
        trace::ended(&record.span, record.message, outcome);
        outcome
    }

    /// Turns a failure into what happens to the message. Logs every failure apart from lack of time.
    async fn settle(&self, record: &Record<'_>, failure: Failure, limits: Limits) -> Outcome {
        let (reason, detail, may_quote) = match failure {
            Failure::NoTime => return self.no_time(),
            Failure::Later(why) => {
                tracing::warn!(why, "to be tried again");
                return Outcome::Transient;
            }
            Failure::Never {
                reason,
                detail,
                may_quote,
            } => (reason, detail, may_quote),
        };
        let kept = self.keep(record, reason, &detail, limits).await;
        // The dead letter has the detail in any case.
        let detail = (!may_quote).then_some(detail);
        tracing::error!(%reason, detail, error = kept.as_ref().err(), "cannot be fulfilled");
        match kept {
            Ok(()) => {
                metrics::dead_lettered(self.lane, reason);
                Outcome::DeadLettered
            }
            Err(_) => Outcome::Transient,
        }
    }

    /// Records the rejection, then sends the dead letter. If the process ends between the two, the next try records the same
    /// rejection again.
    async fn keep(
        &self,
        record: &Record<'_>,
        reason: RejectReason,
        detail: &str,
        limits: Limits,
    ) -> Result<(), String> {
        if let Some(order_id) = record.order_id.filter(|_| self.sink.keeps_rejections()) {
            let rejected = Rejected {
                order_id,
                reason,
                at: self.clock.now(),
                item: None,
            };
            self.reject(&rejected, limits)
                .await
                .map_err(|failure| failure.to_string())?;
        }
        let note = dead_letter::note(record.message, reason, detail);
        self.queue
            .dead_letter(record.message, &note)
            .await
            .map_err(|error| error.to_string())
    }

    /// There is no time for a record. While the sink is out of reach it backs off: delivered at once it would only waste a
    /// receive.
    fn no_time(&self) -> Outcome {
        if self.gate.is_open() {
            Outcome::Transient
        } else {
            Outcome::HandedBack
        }
    }
}
