//! Batches from a lane's queue.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sluice_order::{OrderAccepted, RejectReason};

use super::{Case, accepted, order};
use crate::event::{message_id, of_batch};

/// The reasons of the dead letters that the cases leave, in the order of the cases and their records.
pub const DEAD_LETTERS: [RejectReason; 5] = [
    RejectReason::NotJson,
    RejectReason::UnknownEvent,
    RejectReason::ForgedId,
    RejectReason::ContentMismatch,
    RejectReason::InvalidOrder,
];

pub(super) fn first() -> OrderAccepted {
    accepted("first", order("17850", &["85123A", "71053"]))
}

pub(super) fn second() -> OrderAccepted {
    accepted("second", order("17850", &["84406B"]))
}

/// Another content under the key of the first.
pub(super) fn conflicting() -> OrderAccepted {
    accepted("first", order("17850", &["22752"]))
}

/// An order whose message breaks a rule.
pub(super) fn broken() -> OrderAccepted {
    accepted("broken", order("17850", &["21730"]))
}

/// Orders whose messages were wrapped on their way.
pub(super) fn wrapped() -> [OrderAccepted; 3] {
    // Keys that storage sorts as their bytes do: orders of one time are listed by the text of their key.
    ["sns", "twice", "base64"].map(|key| accepted(key, order("12583", &["22728"])))
}

/// The body of an order's message, with one value changed.
fn body_with(accepted: &OrderAccepted, pointer: &str, value: Value) -> String {
    let mut body: Value = serde_json::from_str(&accepted.to_body().unwrap()).unwrap();
    *body.pointer_mut(pointer).unwrap() = value;
    body.to_string()
}

/// SNS's envelope (raw delivery is off), JSON that was encoded twice, and base64.
fn wrapped_bodies() -> [(u32, String); 3] {
    let [enveloped, twice, base64] = wrapped().map(|accepted| accepted.to_body().unwrap());
    let envelope = json!({
        "Type": "Notification", "MessageId": message_id(0), "Message": enveloped,
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:sluice-orders",
    });
    [
        (1, envelope.to_string()),
        (1, json!(twice).to_string()),
        (1, STANDARD.encode(base64)),
    ]
}

fn case(name: &'static str, records: &[(u32, String)], failed: &[usize]) -> Case {
    let failures: Vec<_> = failed
        .iter()
        .map(|n| json!({"itemIdentifier": message_id(*n)}))
        .collect();
    Case {
        function: "fulfill-orders",
        name,
        event: of_batch(records),
        answer: json!({"batchItemFailures": failures}),
    }
}

pub(super) fn cases() -> Vec<Case> {
    let body = |accepted: OrderAccepted| accepted.to_body().unwrap();
    let mut forged = second().order_id.to_string();
    forged.pop();
    forged.push(if second().order_id.to_string().ends_with('A') {
        'B'
    } else {
        'A'
    });
    // Of an order of its own: of two rejections of one id the later stays, and records are written in any order.
    let later = accepted("later", order("17850", &["21730"]));
    let other_secret = accepted("unknown-secret", order("17850", &["21730"])).order_id;
    let mut bytes = other_secret.to_string();
    // The 20th byte numbers the secret, and ends in the 27th character after the prefix.
    bytes.replace_range(4 + 26..4 + 27, "w");
    vec![
        case(
            "two-orders",
            &[(1, body(first())), (1, body(second()))],
            &[],
        ),
        case(
            "delivered-twice",
            &[(2, body(first())), (1, body(second())), (1, body(second()))],
            &[],
        ),
        case("key-with-other-content", &[(1, body(conflicting()))], &[]),
        case(
            "poison-among-good",
            &[
                (1, "not json at all".to_owned()),
                (1, body(accepted("third", order("17850", &["85123A"])))),
                (
                    1,
                    body_with(&later, "/type", json!("sluice.order.accepted.v2")),
                ),
                (1, body_with(&second(), "/id", json!(forged))),
                (
                    1,
                    body_with(&second(), "/data/order/lines/0/quantity", json!(60)),
                ),
                (
                    1,
                    body_with(&broken(), "/data/order/lines/0/quantity", json!(0)),
                ),
                (1, body(accepted("fourth", order("17850", &["71053"])))),
            ],
            &[],
        ),
        case("wrapped-on-the-way", &wrapped_bodies(), &[]),
        case(
            "secret-not-known-yet",
            &[
                (1, body_with(&broken(), "/id", json!(bytes))),
                (1, body(first())),
            ],
            &[0],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use sluice_order::ParseFailure;

    use super::*;
    use crate::cases::secrets;

    /// Seen here where the id's form changes.
    #[test]
    fn the_changed_id_has_an_unknown_secret() {
        let case = cases().pop().unwrap();
        let body = case.event["Records"][0]["body"].as_str().unwrap();
        assert!(matches!(
            OrderAccepted::from_body(body, &secrets()),
            Err(ParseFailure::UnknownSecret(_))
        ));
    }
}
