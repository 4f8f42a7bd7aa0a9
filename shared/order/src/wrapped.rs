//! Finds the event in a message body, however it was wrapped on its way.
//!
//! A tool, a bridge or a switched-off setting may put a message into an envelope of its own, or encode it once more. The
//! event in it is still the one that was accepted here: its id, hash and MAC are checked as always, so a wrapping can forge
//! nothing.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::Value;

use crate::{OrderId, json, message::EVENT_TYPE};

/// How many texts are opened that lie in each other. SNS's envelope is one, and what a bridge adds another.
const MAX_LAYERS: usize = 6;

/// The event in a message body; or all of the body, where no event is in it.
///
/// An event is an object that has our type, or an order's id. It is found at any depth: in SNS's envelope (raw delivery is
/// off), in a batch of one, in JSON that was encoded twice, in base64. Nothing of it is verified.
///
/// # Errors
/// The body is no JSON, or holds more than one event; for the operator.
pub fn event_in(body: &str) -> Result<Value, NoEvent> {
    let outer = json_in(body).map_err(|error| NoEvent::NotJson(error.to_string()))?;
    if is_event(&outer) {
        return Ok(outer);
    }
    let mut events = Vec::new();
    collect(&outer, MAX_LAYERS, &mut events);
    match (events.pop(), events.pop()) {
        (None, _) => Ok(outer),
        (Some(event), None) => Ok(event),
        (Some(_), Some(_)) => Err(NoEvent::Several),
    }
}

/// Why a body holds no event.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoEvent {
    /// It is no JSON; the parser's words.
    #[error("{0}")]
    NotJson(String),
    /// Which one is meant cannot be known.
    #[error("the message holds more than one event; each needs a message of its own")]
    Several,
}

/// JSON, as it is or in base64 of any kind.
pub(crate) fn json_in(text: &str) -> Result<Value, serde_json::Error> {
    json::parse(text.as_bytes()).or_else(|error| in_base64(text).ok_or(error))
}

/// Whether bytes are an object of JSON in base64.
pub(crate) fn is_base64_of_json(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes);
    text.ok().and_then(in_base64).is_some()
}

fn in_base64(text: &str) -> Option<Value> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let standard = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            _ => c,
        });
    let bytes = LENIENT.decode(standard.collect::<String>()).ok()?;
    json::parse(&bytes).ok().filter(Value::is_object)
}

fn is_event(value: &Value) -> bool {
    let text = |name| value.get(name).and_then(Value::as_str);
    text("type") == Some(EVENT_TYPE) || text("id").is_some_and(|id| id.parse::<OrderId>().is_ok())
}

/// Collects different events; two are enough to know that there is more than one.
fn collect(value: &Value, layers: usize, events: &mut Vec<Value>) {
    if events.len() > 1 || events.contains(value) {
        return;
    }
    match value {
        _ if is_event(value) => events.push(value.clone()),
        Value::Object(members) => members
            .values()
            .for_each(|value| collect(value, layers, events)),
        Value::Array(elements) => elements
            .iter()
            .for_each(|value| collect(value, layers, events)),
        Value::String(text) if layers > 0 => {
            if let Ok(inner) = json_in(text) {
                collect(&inner, layers - 1, events);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{Order, OrderAccepted, testing::secrets};

    fn sns(message: &str) -> Value {
        json!({"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": message})
    }

    fn twice(text: &str) -> String {
        json!(text).to_string()
    }

    /// P2.
    #[test]
    fn an_order_is_found_in_whatever_it_was_wrapped() {
        let message = Order::sample().message(&secrets());
        let body = message.to_body().unwrap();
        let event: Value = serde_json::from_str(&body).unwrap();
        let lines = |text: &str| text.split_at(70).0.to_owned() + "\n" + text.split_at(70).1;
        for (what, wrapped) in [
            ("as it is", body.clone()),
            ("a mark in front", format!("\u{feff} {body}\r\n")),
            ("SNS", sns(&body).to_string()),
            ("SNS in SNS", sns(&sns(&body).to_string()).to_string()),
            ("SNS, twice", twice(&sns(&body).to_string())),
            ("twice in SNS", sns(&twice(&body)).to_string()),
            (
                "SNS with a mark",
                sns(&format!("\u{feff}{body}")).to_string(),
            ),
            ("twice", twice(&body)),
            ("three times", twice(&twice(&body))),
            ("base64", STANDARD.encode(&body)),
            ("base64 in lines", lines(&STANDARD.encode(&body))),
            ("base64url", URL_SAFE_NO_PAD.encode(&body)),
            ("a string of base64", twice(&STANDARD.encode(&body))),
            ("base64 in SNS", sns(&STANDARD.encode(&body)).to_string()),
            ("a batch of one", json!([event]).to_string()),
            (
                "what Lambda gets of SNS",
                json!({"Records": [{"EventSource": "aws:sns", "Sns": sns(&body)}]}).to_string(),
            ),
            (
                "what Lambda gets of SQS",
                json!({"Records": [{"messageId": "m", "body": body}]}).to_string(),
            ),
            (
                "what SQS answers",
                json!({"Messages": [{"MessageId": "m", "Body": body}]}).to_string(),
            ),
            (
                "EventBridge",
                json!({"version": "0", "id": "6a7e8feb", "detail-type": "order", "detail": event})
                    .to_string(),
            ),
            (
                "an event of somebody else",
                json!({"specversion": "1.0", "id": "1", "type": "bridge", "data": event})
                    .to_string(),
            ),
            (
                "the same event twice",
                json!({"default": body, "sqs": body}).to_string(),
            ),
        ] {
            assert_eq!(
                OrderAccepted::from_body(&wrapped, &secrets()).as_ref(),
                Ok(&message),
                "{what}"
            );
            let claim = OrderAccepted::claimed(&wrapped).unwrap();
            assert_eq!(claim.order_id, message.order_id, "{what}");
        }
    }

    #[test]
    fn data_may_be_text_or_base64_in_it() {
        let message = Order::sample().message(&secrets());
        let whole: Value = serde_json::from_str(&message.to_body().unwrap()).unwrap();
        let data = whole["data"].to_string();
        let mut text = whole.clone();
        text["data"] = json!(data);
        let mut order = whole.clone();
        order["data"]["order"] = json!(whole["data"]["order"].to_string());
        let mut binary = whole;
        binary.as_object_mut().unwrap().remove("data");
        binary["data_base64"] = json!(STANDARD.encode(&data));
        for body in [text, order, binary] {
            let read = OrderAccepted::from_body(&body.to_string(), &secrets());
            assert_eq!(read.as_ref(), Ok(&message), "{body}");
        }
    }

    #[test]
    fn which_of_two_events_is_meant_is_not_guessed() {
        let of = |sku| {
            Order::sample()
                .sku(sku)
                .key(sku)
                .message(&secrets())
                .to_body()
                .unwrap()
        };
        let two = json!([of("a"), of("b")]).to_string();
        assert_eq!(event_in(&two), Err(NoEvent::Several));
    }

    #[test]
    fn what_holds_no_event_is_itself() {
        for body in ["7", "\"a\"", "[]", r#"{"Message":"e30","id":"x"}"#] {
            assert_eq!(event_in(body).unwrap().to_string(), body);
        }
        assert!(matches!(event_in("MTIz"), Err(NoEvent::NotJson(_))));
    }

    #[test]
    fn what_lies_too_deep_is_left_alone() {
        let body = Order::sample().message(&secrets()).to_body().unwrap();
        let deep = (0..=MAX_LAYERS + 1).fold(body, |body, _| {
            STANDARD.encode(json!({"m": body}).to_string())
        });
        assert!(OrderAccepted::claimed(&deep).is_none());
    }

    proptest! {
        #[test]
        fn no_body_makes_it_fail(body in r#"([ -~]|\PC|[\[\]{}":,]){0,200}"#) {
            let _ = event_in(&body);
            let _ = event_in(&STANDARD.encode(&body));
            let _ = event_in(&json!({"Message": body}).to_string());
        }
    }
}
