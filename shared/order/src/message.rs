//! The message between accepting and fulfilling: a `CloudEvents` 1.0 envelope in JSON.
//!
//! Messages outlive deploys (they wait up to 14 days), so the form is versioned by its `type`:
//! a field may be added to `sluice.order.accepted.v1`, anything else is a new type.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ContentHash, IdError, Order, OrderId, OrderKey, RejectReason, Secrets, Timestamp,
    content::Canonical, json,
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
            order_id: secrets.seal(key, &content),
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
        .map_err(|_| TooLarge)?;
        let skus: usize = self
            .order
            .skus()
            .iter()
            .map(|sku| sku.as_str().len() + 1)
            .sum();
        if body.len() > MAX_BODY || body.len() + skus > MAX_STORED {
            return Err(TooLarge);
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
        match envelope_in(body) {
            Ok(envelope) => Opened {
                traceparent: text_in(&envelope, "traceparent").map(str::to_owned),
                accepted: Self::verified(envelope, secrets),
            },
            Err(error) => Opened {
                traceparent: None,
                accepted: Err(ParseFailure::permanent(
                    RejectReason::NotJson,
                    error.to_string(),
                    None,
                )),
            },
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
    /// an operator does with a message that is never going to be an order.
    ///
    /// `None` if it names no order.
    pub fn claimed(body: &str) -> Option<Claim> {
        let envelope = envelope_in(body).ok()?;
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
        } = serde_json::from_value(envelope).map_err(|_| {
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

/// The envelope in a message body. Where raw delivery is switched off, SNS puts it as text into an envelope of its own; what
/// stands there is read like the message itself. Anybody could write that too, and it is checked like any other.
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>
fn envelope_in(body: &str) -> Result<Value, serde_json::Error> {
    let outer = json::parse(body.as_bytes())?;
    let is_ours = outer.get("specversion").is_some();
    match (text_in(&outer, "Type"), text_in(&outer, "Message")) {
        (Some("Notification"), Some(message)) if !is_ours => json::parse(message.as_bytes()),
        _ => Ok(outer),
    }
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
    let detail = format!("specversion and type must be 1.0 and {EVENT_TYPE}");
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
#[error(
    "An order is at most {} KiB as a message, and {} KiB together with the list of its products",
    MAX_BODY / 1024,
    MAX_STORED / 1024
)]
pub struct TooLarge;

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
mod tests {
    use super::*;
    use crate::testing::secrets;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::json;

    fn accepted(order: Value) -> OrderAccepted {
        OrderAccepted::new(
            Order::from_json(order).unwrap(),
            OrderKey::from([1; 12]),
            Timestamp::from_millis(1_795_000_000_123),
            Some("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01".into()),
            &secrets(),
        )
    }

    fn small() -> OrderAccepted {
        accepted(
            json!({"customer_id": "c-1", "currency": "GBP", "lines": [{"sku": "s", "quantity": 1, "unit_price": 1}]}),
        )
    }

    #[test]
    fn a_body_reads_back() {
        let message = small();
        assert_eq!(
            OrderAccepted::from_body(&message.to_body().unwrap(), &secrets()),
            Ok(message)
        );
    }

    /// A subscription whose raw delivery somebody switched off.
    #[test]
    fn a_message_in_an_envelope_of_sns_reads_like_the_message_itself() {
        let message = small();
        let wrapped = |body: &str| {
            json!({"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": body})
                .to_string()
        };
        let body = message.to_body().unwrap();
        let opened = OrderAccepted::open(&wrapped(&body), &secrets());
        assert_eq!(opened.traceparent, message.traceparent);
        assert_eq!(opened.accepted, Ok(message.clone()));
        let claim = OrderAccepted::claimed(&wrapped(&body)).unwrap();
        assert_eq!(claim.order_id, message.order_id);
        // It proves nothing: what is in it is checked, and only one envelope is opened.
        let forged = body.replace("\"quantity\":1", "\"quantity\":2");
        for (body, reason) in [
            (wrapped(&forged), RejectReason::ContentMismatch),
            (wrapped("hello"), RejectReason::NotJson),
            (wrapped(&wrapped(&body)), RejectReason::UnknownEvent),
        ] {
            let failure = OrderAccepted::from_body(&body, &secrets()).unwrap_err();
            assert!(
                failure.to_string().starts_with(&reason.to_string()),
                "{failure}"
            );
        }
    }

    /// A golden vector: what subscribers have read since version 1, byte by byte.
    #[test]
    fn golden_envelope() {
        let message = accepted(json!({"customer_id": "c-1", "currency": "GBP", "lines": [
                {"sku": "b\"\\/", "description": "tab\té😀", "quantity": 2, "unit_price": 255},
                {"sku": "a", "quantity": 1, "unit_price": 0},
            ], "ship_to": {"country": "GB", "city": "Leeds"}}));
        let expected = [
            r#"{"specversion":"1.0","id":"ord_AQEBAQEBAQEBAQEBebW-HQF1fOdecxgh","source":"urn:sluice:accept-order","#,
            r#""type":"sluice.order.accepted.v1","time":"2026-11-18T11:06:40.123Z","datacontenttype":"application/json","#,
            r#""traceparent":"00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01","#,
            r#""data":{"content_hash":"v1:ebW-HesziVGUSkvPl7lwbDuZ5RYNVIEHzwWWVX_BQHc","total":510,"#,
            r#""order":{"currency":"GBP","customer_id":"c-1","lines":["#,
            r#"{"description":"tab\té😀","quantity":2,"sku":"b\"\\/","unit_price":255},"#,
            r#"{"quantity":1,"sku":"a","unit_price":0}],"ship_to":{"city":"Leeds","country":"GB"}}}}"#,
        ];
        assert_eq!(message.to_body().unwrap(), expected.concat());
    }

    /// The hash is recomputed here from nothing but the published bytes.
    #[test]
    fn what_is_hashed_is_what_travels() {
        let body = small().to_body().unwrap();
        let data = body.split_once(r#""data":"#).unwrap().1;
        let (_, order) = data.split_once(r#""order":"#).unwrap();
        let order = order.strip_suffix("}}").unwrap();
        let hash = crate::hash::tagged_sha256("sluice.order.content.v1", &[order.as_bytes()]);
        let text = format!("v1:{}", URL_SAFE_NO_PAD.encode(hash));
        assert_eq!(text, small().content.to_string());
        assert!(data.contains(&text), "{data}");
    }

    #[test]
    fn a_later_version_may_add_fields() {
        let mut body: Value = serde_json::from_str(&small().to_body().unwrap()).unwrap();
        body["subject"] = json!("new");
        body["data"]["more"] = json!(1);
        assert_eq!(
            OrderAccepted::from_body(&body.to_string(), &secrets()),
            Ok(small())
        );
    }

    /// What is broken, how it is classified, and whether it can be recorded under its id.
    #[test]
    fn each_break_has_its_reason() {
        use RejectReason as R;
        let whole: Value = serde_json::from_str(&small().to_body().unwrap()).unwrap();
        let mut forged = small().order_id;
        forged.mac[0] ^= 1;
        for (pointer, value, reason, has_id) in [
            ("/type", json!("other.v1"), R::UnknownEvent, true),
            ("/specversion", json!("0.3"), R::UnknownEvent, true),
            ("/id", json!("ord_x"), R::ForgedId, false),
            ("/id", json!(7), R::ForgedId, false),
            ("/id", json!(forged), R::ForgedId, false),
            ("/time", json!("yesterday"), R::InvalidOrder, true),
            ("/data", json!(null), R::InvalidOrder, true),
            (
                "/data/order/lines/0/quantity",
                json!(0),
                R::InvalidOrder,
                true,
            ),
            (
                "/data/order/lines/0/quantity",
                json!(2),
                R::ContentMismatch,
                true,
            ),
            (
                "/data/content_hash",
                json!("v1:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"),
                R::ContentMismatch,
                true,
            ),
        ] {
            let mut body = whole.clone();
            *body.pointer_mut(pointer).unwrap() = value;
            match OrderAccepted::from_body(&body.to_string(), &secrets()) {
                Err(ParseFailure::Permanent {
                    reason: r,
                    order_id,
                    ..
                }) => {
                    assert_eq!((r, order_id.is_some()), (reason, has_id), "{pointer}");
                }
                other => panic!("{pointer}: {other:?}"),
            }
        }
        for body in ["", "not json", "{\"id\":1,\"id\":1}"] {
            assert!(matches!(
                OrderAccepted::from_body(body, &secrets()),
                Err(ParseFailure::Permanent {
                    reason: R::NotJson,
                    order_id: None,
                    ..
                })
            ));
        }
    }

    #[test]
    fn what_is_said_of_a_broken_message_repeats_nothing_of_it() {
        let whole: Value = serde_json::from_str(&small().to_body().unwrap()).unwrap();
        for (pointer, value) in [
            ("/data", json!("12 High Street")),
            ("/time", json!("12 High Street")),
            ("/data/order/currency", json!("12 High Street")),
            ("/data/order/lines/0", json!({"12 High Street": 1})),
        ] {
            let mut body = whole.clone();
            *body.pointer_mut(pointer).unwrap() = value;
            let failure = OrderAccepted::from_body(&body.to_string(), &secrets()).unwrap_err();
            assert!(!failure.to_string().contains("High"), "{failure}");
        }
    }

    #[test]
    fn the_id_of_another_order_is_no_proof() {
        let mut message = small();
        let other = accepted(
            json!({"customer_id": "c-2", "currency": "GBP", "lines": [{"sku": "s", "quantity": 1, "unit_price": 1}]}),
        );
        message.order_id = other.order_id;
        assert!(matches!(
            OrderAccepted::from_body(&message.to_body().unwrap(), &secrets()),
            Err(ParseFailure::Permanent {
                reason: RejectReason::ContentMismatch,
                ..
            })
        ));
    }

    #[test]
    fn a_claim_is_what_the_body_says_and_no_more() {
        let message = small();
        let whole: Value = serde_json::from_str(&message.to_body().unwrap()).unwrap();
        let claim = |pointer: &str, value: Value| {
            let mut body = whole.clone();
            *body.pointer_mut(pointer).unwrap() = value;
            OrderAccepted::claimed(&body.to_string())
        };
        let content = (message.accepted_at, message.content, message.order);
        let mut forged = message.order_id;
        forged.mac[0] ^= 1;
        for id in [message.order_id, forged] {
            let content = Some(content.clone());
            let order_id = id;
            assert_eq!(claim("/id", json!(id)), Some(Claim { order_id, content }));
        }
        for (pointer, value) in [
            ("/type", json!("other.v1")),
            ("/time", json!("yesterday")),
            ("/data/order/lines/0/quantity", json!(0)),
            ("/data/order/lines/0/quantity", json!(2)),
        ] {
            let order_id = message.order_id;
            let only_id = Some(Claim {
                order_id,
                content: None,
            });
            assert_eq!(claim(pointer, value), only_id, "{pointer}");
        }
        assert_eq!(claim("/id", json!("ord_x")), None);
        for body in ["", "not json", "7"] {
            assert_eq!(OrderAccepted::claimed(body), None, "{body}");
        }
    }

    #[test]
    fn an_unknown_secret_is_waited_for() {
        let newer = Secrets::from_json(r#"{"2":"22222222222222222222222222222222"}"#).unwrap();
        assert_eq!(
            OrderAccepted::from_body(&small().to_body().unwrap(), &newer),
            Err(ParseFailure::UnknownSecret(1))
        );
    }

    #[test]
    fn what_fits_no_message_or_no_item_is_too_large() {
        let order = |count: usize, sku: usize, description: usize| {
            let lines: Vec<_> = (0..count)
                .map(|n| json!({"sku": format!("{n:03}{}", "😀".repeat(sku)), "description": "d".repeat(description), "quantity": 1, "unit_price": 1}))
                .collect();
            accepted(json!({"customer_id": "c", "currency": "GBP", "lines": lines})).to_body()
        };
        assert!(order(1000, 2, 150).is_ok());
        assert_eq!(order(1000, 2, 250), Err(TooLarge));
        assert_eq!(
            order(780, 61, 1),
            Err(TooLarge),
            "fits a message, but not an item"
        );
    }
}
