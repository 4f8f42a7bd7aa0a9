//! The message between accepting and fulfilling: a `CloudEvents` 1.0 envelope in JSON.
//!
//! Messages outlive deploys (they wait up to 14 days), so the form is versioned by its `type`:
//! a field may be added to `sluice.order.accepted.v1`, anything else is a new type.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ContentHash, IdError, Order, OrderId, OrderKey, RejectReason, Secrets, Timestamp,
    content::Canonical,
    wrapped::{self, NoEvent},
};

/// The `type` of the event, and the value of the message attribute `event_type`.
pub const EVENT_TYPE: &str = "sluice.order.accepted.v1";

/// The `source` of the event.
pub const EVENT_SOURCE: &str = "urn:sluice:accept-order";

/// SNS counts a message with its attributes: 256 KiB. One of these is left for ours.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
pub const MAX_BODY: usize = 255 * 1024;

/// A storage item holds 400 KB, names and the index's list of products included; a storage form may
/// take as much as the message, plus that list, plus its own fields.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
const MAX_STORED: usize = 396 * 1024;

/// An order was accepted.
#[derive(Clone, PartialEq, Debug)]
pub struct OrderAccepted {
    /// The order's id, which is the event's too: subscribers deduplicate by it.
    pub order_id: OrderId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// The whole hash, of which the id carries the start.
    pub content: ContentHash,
    /// W3C `traceparent` of the span that published it, where there was one.
    pub traceparent: Option<String>,
    /// The order.
    pub order: Order,
    /// The bytes that `content` is the hash of.
    canonical: Canonical,
}

#[derive(Serialize)]
struct EnvelopeOut<'a> {
    specversion: &'static str,
    id: OrderId,
    source: &'static str,
    r#type: &'static str,
    time: Timestamp,
    datacontenttype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    data: DataOut<'a>,
}

#[derive(Serialize)]
struct DataOut<'a> {
    content_hash: ContentHash,
    total: u64,
    order: &'a Canonical,
}

#[derive(Deserialize)]
struct EnvelopeIn {
    time: Timestamp,
    traceparent: Option<String>,
    data: DataIn,
}

#[derive(Deserialize)]
struct DataIn {
    content_hash: ContentHash,
    order: Value,
}

impl OrderAccepted {
    /// Accepts an order: names it, seals the name, and stamps it.
    pub fn new(
        order: Order,
        key: OrderKey,
        accepted_at: Timestamp,
        traceparent: Option<String>,
        secrets: &Secrets,
    ) -> Self {
        let canonical = Canonical::of(&order);
        let content = canonical.hash();
        Self {
            order_id: secrets.seal(key, &content, order.customer_id()),
            accepted_at,
            content,
            traceparent,
            order,
            canonical,
        }
    }

    /// The message body. The order stands in it as it was hashed, byte by byte.
    ///
    /// # Errors
    /// The order fits no message or no storage item; for the client.
    pub fn to_body(&self) -> Result<String, TooLarge> {
        let body = serde_json::to_string(&EnvelopeOut {
            specversion: "1.0",
            id: self.order_id,
            source: EVENT_SOURCE,
            r#type: EVENT_TYPE,
            time: self.accepted_at,
            datacontenttype: "application/json",
            traceparent: self.traceparent.as_deref(),
            data: DataOut {
                content_hash: self.content,
                total: self.order.total(),
                order: &self.canonical,
            },
        })
        .map_err(|_| TooLarge::Message)?;
        let skus: usize = self
            .order
            .product_names()
            .iter()
            .map(|name| name.len() + 1)
            .sum();
        if body.len() > MAX_BODY {
            return Err(TooLarge::Message);
        }
        if body.len() + skus > MAX_STORED {
            return Err(TooLarge::Item);
        }
        Ok(body)
    }

    /// Reads a message body and checks that it is what we accepted: id, hash and order belong together.
    ///
    /// # Errors
    /// [`ParseFailure`]: permanent, or to be tried again once the secret is known here.
    pub fn from_body(body: &str, secrets: &Secrets) -> Result<Self, ParseFailure> {
        Self::open(body, secrets).accepted
    }

    /// Reads a message body once, for all that it says: the order, and the trace that it belongs to even where it holds no
    /// order.
    pub fn open(body: &str, secrets: &Secrets) -> Opened {
        match wrapped::event_in(body) {
            Ok(envelope) => Opened {
                traceparent: text_in(&envelope, "traceparent").map(str::to_owned),
                accepted: Self::verified(envelope, secrets),
            },
            Err(error) => {
                let reason = match error {
                    NoEvent::NotJson(_) => RejectReason::NotJson,
                    NoEvent::Several => RejectReason::UnknownEvent,
                };
                let failure = ParseFailure::permanent(reason, error.to_string(), None);
                Opened {
                    traceparent: None,
                    accepted: Err(failure),
                }
            }
        }
    }

    /// Reads an envelope whose id has to be ours.
    fn verified(envelope: Value, secrets: &Secrets) -> Result<Self, ParseFailure> {
        // The id first: what fails after it can be recorded under it.
        let named = id_in(&envelope);
        let own_id = match named.map(|id| secrets.verify(&id)) {
            Some(Err(IdError::UnknownSecret(number))) => {
                return Err(ParseFailure::UnknownSecret(number));
            }
            Some(Ok(())) => named,
            Some(Err(IdError::Forged)) | None => None,
        };
        let permanent = |(reason, detail)| ParseFailure::permanent(reason, detail, own_id);
        check_type(&envelope).map_err(permanent)?;
        let order_id = own_id.ok_or_else(|| {
            let detail = "the id is not one that was made here";
            permanent((RejectReason::ForgedId, detail.into()))
        })?;
        Self::of_envelope(envelope, order_id).map_err(permanent)
    }

    /// What a body says of itself, without the secrets: **unverified**, since anybody can write it. For what
    /// an operator does with a message that is never going to be an order. The event is found in whatever it was wrapped, as
    /// the consumer finds it.
    ///
    /// `None` if it names no order.
    pub fn claimed(body: &str) -> Option<Claim> {
        let envelope = wrapped::event_in(body).ok()?;
        let order_id = id_in(&envelope)?;
        let read = check_type(&envelope).and_then(|()| Self::of_envelope(envelope, order_id));
        Some(Claim {
            order_id,
            content: read.ok().map(|a| (a.accepted_at, a.content, a.order)),
        })
    }

    /// Reads an envelope of our type; the id, the hash and the order must belong together.
    fn of_envelope(envelope: Value, order_id: OrderId) -> Result<Self, (RejectReason, String)> {
        use RejectReason as Reason;
        // The parser's own words would repeat content, which is not for logs.
        let EnvelopeIn {
            time,
            traceparent,
            data,
        } = serde_json::from_value(plain(envelope)).map_err(|_| {
            let detail = "time, content_hash or order is missing or malformed";
            (Reason::InvalidOrder, detail.to_owned())
        })?;
        let order = Order::try_from(data.order).map_err(|e| (Reason::InvalidOrder, e))?;
        let canonical = Canonical::of(&order);
        let content = canonical.hash();
        if content != data.content_hash || !order_id.is_for(&content) {
            let detail = "the order is not the one that the hash or the id names";
            return Err((Reason::ContentMismatch, detail.to_owned()));
        }
        Ok(Self {
            order_id,
            accepted_at: time,
            content,
            traceparent,
            order,
            canonical,
        })
    }
}

/// The envelope with its data as plain JSON. A `CloudEvent` may carry it in base64, and some writers encode it twice.
/// <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#31-handling-of-data>
fn plain(mut envelope: Value) -> Value {
    if envelope.get("data").is_none()
        && let Some(data) = envelope.get_mut("data_base64").map(Value::take)
    {
        envelope["data"] = data;
    }
    for pointer in ["/data", "/data/order"] {
        if let Some(value) = envelope.pointer_mut(pointer)
            && let Some(inner) = value.as_str().and_then(|text| wrapped::json_in(text).ok())
        {
            *value = inner;
        }
    }
    envelope
}

fn text_in<'a>(envelope: &'a Value, name: &str) -> Option<&'a str> {
    envelope.get(name)?.as_str()
}

/// The id of an envelope, if it has the form of one.
fn id_in(envelope: &Value) -> Option<OrderId> {
    text_in(envelope, "id")?.parse().ok()
}

fn check_type(envelope: &Value) -> Result<(), (RejectReason, String)> {
    let named = (text_in(envelope, "specversion"), text_in(envelope, "type"));
    if named == (Some("1.0"), Some(EVENT_TYPE)) {
        return Ok(());
    }
    let detail = if text_in(envelope, "Type").is_some() && envelope.get("TopicArn").is_some() {
        "it is an envelope of SNS, and holds no event that can be read".to_owned()
    } else {
        format!("specversion and type must be 1.0 and {EVENT_TYPE}")
    };
    Err((RejectReason::UnknownEvent, detail))
}

/// What a message body holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Opened {
    /// The `traceparent` of its envelope. Nobody verified it.
    pub traceparent: Option<String>,
    /// The order, or why it holds none.
    pub accepted: Result<OrderAccepted, ParseFailure>,
}

/// What a message body says of itself, which nobody verified: see [`OrderAccepted::claimed`].
#[derive(Clone, PartialEq, Debug)]
pub struct Claim {
    /// The order that it names. Its MAC may be made up.
    pub order_id: OrderId,
    /// When it was accepted and what was ordered, where all of it can be read and the id is one for it.
    pub content: Option<(Timestamp, ContentHash, Order)>,
}

/// The order is larger than the buffer or storage can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    /// It fits no message.
    #[error("An order is at most {} KiB as a message", MAX_BODY / 1024)]
    Message,
    /// It fits no storage item.
    #[error(
        "An order is at most {} KiB together with the list of its products",
        MAX_STORED / 1024
    )]
    Item,
}

/// Why a message body is no accepted order.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParseFailure {
    /// It never will be one.
    #[error("{reason}: {detail}")]
    Permanent {
        /// For the rejection and the dead letter.
        reason: RejectReason,
        /// For the operator.
        detail: String,
        /// The order's id, where one can be read and is ours.
        order_id: Option<OrderId>,
    },
    /// The id was sealed with a secret that this deploy does not know: a rotation under way, or a mistake in
    /// one. The message is fine, so it has to wait.
    #[error("the id was sealed with secret {0}, which is not known here: deploy with it")]
    UnknownSecret(u8),
}

impl ParseFailure {
    fn permanent(reason: RejectReason, detail: String, order_id: Option<OrderId>) -> Self {
        Self::Permanent {
            reason,
            detail,
            order_id,
        }
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
