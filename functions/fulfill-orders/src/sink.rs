//! Orders into fulfillment storage.

use sluice_consumer::{Envelope, Rejected, Sink, SinkError, Unreadable, Written};
use sluice_order::{OrderAccepted, ParseFailure, Secrets, Timestamp};
use sluice_runtime::{LiveSecrets, SecretsUnavailable};
use sluice_store::{OrderStore, PutOutcome, Rejection, StoreError, StoredOrder};

/// Reads a message body: an order that was accepted here.
pub fn read(body: &str, secrets: &Secrets) -> Envelope<StoredOrder> {
    let opened = OrderAccepted::open(body, secrets);
    let order_id = match &opened.accepted {
        Ok(accepted) => Some(accepted.order_id),
        Err(ParseFailure::Permanent { order_id, .. }) => *order_id,
        Err(ParseFailure::UnknownSecret(_)) => None,
    };
    let accepted = opened.accepted.as_ref().ok();
    Envelope {
        traceparent: opened.traceparent,
        order_id,
        customer_hash: accepted.map(|accepted| accepted.order.customer_id().message_group()),
        accepted_at: accepted.map(|accepted| accepted.accepted_at),
        item: match opened.accepted {
            // The time is noted when it is written.
            Ok(accepted) => Ok(StoredOrder::new(accepted, Timestamp::from_millis(0))),
            Err(failure) => Err(unreadable(failure)),
        },
    }
}

/// The same, with the secrets that were read last. Where those do not do, the message waits for others.
pub fn read_with(body: &str, secrets: &LiveSecrets) -> Envelope<StoredOrder> {
    let Some(known) = secrets.current() else {
        return Envelope {
            traceparent: None,
            order_id: None,
            customer_hash: None,
            accepted_at: None,
            item: Err(Unreadable::NotYet(SecretsUnavailable.to_string())),
        };
    };
    let envelope = read(body, &known);
    if let Err(Unreadable::NotYet(_)) = envelope.item {
        secrets.miss_one();
    }
    envelope
}

fn unreadable(failure: ParseFailure) -> Unreadable {
    match failure {
        ParseFailure::Permanent { reason, detail, .. } => Unreadable::Never { reason, detail },
        ParseFailure::UnknownSecret(_) => Unreadable::NotYet(failure.to_string()),
    }
}

/// Writes orders into a store, and rejections beside them.
#[derive(Debug)]
pub struct OrderSink<S>(pub S);

impl<S: OrderStore> Sink for OrderSink<S> {
    type Item = StoredOrder;

    async fn write(
        &self,
        orders: &mut [StoredOrder],
        now: Timestamp,
    ) -> Result<Vec<Written>, SinkError> {
        let mut written = Vec::with_capacity(orders.len());
        // `most_items` is 1. With more this loop would not be all or nothing.
        for order in orders {
            order.stored_at = now;
            let put = self.0.put(order).await.map_err(sink_error)?;
            written.push(match put {
                PutOutcome::Stored => Written::Stored,
                PutOutcome::Duplicate => Written::Duplicate,
                PutOutcome::Conflict => Written::Conflict,
            });
        }
        Ok(written)
    }

    fn keeps_rejections(&self) -> bool {
        true
    }

    async fn must_record(&self, rejected: &Rejected<'_, StoredOrder>) -> Result<bool, SinkError> {
        let is_stored = self.0.is_stored(&rejection(rejected)).await;
        is_stored.map(|is_stored| !is_stored).map_err(sink_error)
    }

    async fn record(&self, rejected: &Rejected<'_, StoredOrder>) -> Result<(), SinkError> {
        self.0
            .record(&rejection(rejected))
            .await
            .map_err(sink_error)
    }
}

fn rejection(rejected: &Rejected<'_, StoredOrder>) -> Rejection {
    Rejection {
        order_id: rejected.order_id,
        reason: rejected.reason,
        rejected_at: rejected.at,
        content: rejected
            .item
            .map(|order| (order.accepted_at, order.content, order.order.clone())),
    }
}

fn sink_error(error: StoreError) -> SinkError {
    let text = error.to_string();
    match error {
        StoreError::Unavailable(_) => SinkError::Unavailable(text),
        StoreError::Throttled(_) => SinkError::Throttled(text),
        StoreError::Refused { reason, message } => SinkError::Refused {
            reason,
            detail: message,
        },
    }
}
