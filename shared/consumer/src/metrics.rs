//! What is counted of a lane. docs/OBSERVABILITY.md says what each metric means.

use std::time::Duration;

use metrics::{counter, histogram};
use sluice_order::{Outcome, RejectReason, Timestamp};

use crate::message::Message;

/// What became of the records of a batch, dead letters apart; and whether the breaker was open at any time in it.
pub(crate) fn batch(lane: &'static str, outcomes: &[Outcome], was_open: bool) {
    for outcome in outcomes {
        let counter = match outcome {
            Outcome::Stored => counter!("OrdersStored", "lane" => lane),
            Outcome::Duplicate => counter!("OrdersDuplicate", "lane" => lane),
            Outcome::Conflict => counter!("OrdersConflict", "lane" => lane),
            Outcome::Transient | Outcome::HandedBack => counter!("OrdersRetried", "lane" => lane),
            // Counted where its reason is known.
            Outcome::DeadLettered => continue,
        };
        counter.increment(1);
    }
    histogram!("BreakerOpen", "lane" => lane).record(f64::from(u8::from(was_open)));
}

/// A record lies in the dead-letter queue.
pub(crate) fn dead_lettered(lane: &'static str, reason: RejectReason) {
    let reason = reason.to_string();
    counter!("OrdersDeadLettered", "lane" => lane, "reason" => reason).increment(1);
}

/// A batch was received. Each receive counts: SQS leaves messages that were received three times out of the age that it
/// reports, and then only this shows that an order has waited for a day.
pub(crate) fn received(lane: &'static str, messages: &[Message], now: Timestamp) {
    for message in messages {
        if let Some(sent) = message.sent_ms {
            let waited = between(Timestamp::from_millis(sent), now);
            histogram!("QueueWaitSeconds", "lane" => lane).record(waited);
        }
    }
}

/// An order is stored, for the first time.
pub(crate) fn stored(lane: &'static str, accepted_at: Timestamp, stored_at: Timestamp) {
    let took = between(accepted_at, stored_at);
    histogram!("AcceptToStoreSeconds", "lane" => lane).record(took);
}

/// A write waited this long for its turn at the pace.
pub(crate) fn waited_for_turn(lane: &'static str, time: Duration) {
    histogram!("PaceWaitMs", "lane" => lane).record(millis(time));
}

/// A write took this long, however it ended.
pub(crate) fn written(lane: &'static str, time: Duration) {
    histogram!("StoreWriteMs", "lane" => lane).record(millis(time));
}

/// Storage throttled a write.
pub(crate) fn throttled(lane: &'static str) {
    counter!("StoreThrottled", "lane" => lane).increment(1);
}

fn millis(time: Duration) -> f64 {
    // Finer than a microsecond would only make the line longer.
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// In seconds; 0 if the clocks disagree.
fn between(from: Timestamp, to: Timestamp) -> f64 {
    let millis = to.as_millis().saturating_sub(from.as_millis()).max(0);
    Duration::from_millis(millis.unsigned_abs()).as_secs_f64()
}
