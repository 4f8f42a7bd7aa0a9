//! A dead letter, as it was received.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName as System};
use sluice_order::{
    DeadLetter, Lane, LetterType, OrderAccepted, OrderId, Timestamp,
    letter::DEAD_LETTER_ATTRIBUTE,
    message::Claim,
    wrapped::{NoEvent, event_in},
};

use super::why::Why;

/// The attributes that SNS adds to a message that it could not deliver. They say why, and are not the message's own.
const SNS_ATTRIBUTES: [&str; 3] = ["RequestID", "ErrorCode", "ErrorMessage"];

/// One received message of a dead-letter queue.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Letter {
    /// The message's id in the dead-letter queue.
    pub(crate) id: String,
    /// Whose dead letter it is.
    pub(crate) lane: Lane,
    /// Names the receive.
    pub(crate) receipt: String,
    pub(crate) body: String,
    /// When the message was sent, by SQS's clock. One that SQS moved keeps the time of its lane's queue.
    pub(crate) sent_at: Option<Timestamp>,
    /// How often it was received, by SQS's count, which looks like this one raise too.
    pub(crate) received: u32,
    /// The queue that SQS moved it from; none where it was sent here.
    pub(crate) moved_from: Option<String>,
    /// `MessageGroupId`.
    pub(crate) group: Option<String>,
    /// `AWSTraceHeader`.
    pub(crate) trace_header: Option<String>,
    /// The message attributes, all of them.
    pub(crate) attributes: BTreeMap<String, MessageAttributeValue>,
    /// What our attribute says, if there is one that can be read.
    pub(crate) note: Option<DeadLetter>,
    /// The order that the body names. Nobody verified it.
    pub(crate) order_id: Option<OrderId>,
}

impl Letter {
    /// The message, as SQS handed it out.
    pub(crate) fn new(lane: Lane, message: Message) -> Self {
        let mut system = message.attributes.unwrap_or_default();
        let number = |text: Option<String>| text.and_then(|text| text.parse::<i64>().ok());
        let attributes: BTreeMap<_, _> = message
            .message_attributes
            .unwrap_or_default()
            .into_iter()
            .collect();
        let note = attributes
            .get(DEAD_LETTER_ATTRIBUTE)
            .and_then(|value| DeadLetter::from_text(value.string_value()?));
        let body = message.body.unwrap_or_default();
        let received = number(system.remove(&System::ApproximateReceiveCount));
        Self {
            id: message.message_id.unwrap_or_default(),
            lane,
            receipt: message.receipt_handle.unwrap_or_default(),
            order_id: claim(&body).map(|claim| claim.order_id),
            body,
            sent_at: number(system.remove(&System::SentTimestamp)).map(Timestamp::from_millis),
            received: received.and_then(|n| n.try_into().ok()).unwrap_or_default(),
            moved_from: system.remove(&System::DeadLetterQueueSourceArn),
            group: system.remove(&System::MessageGroupId),
            trace_header: system.remove(&System::AwsTraceHeader),
            attributes,
            note,
        }
    }

    /// Why it is here. A message that was replayed carries its old reason; SQS moving it is the newer one.
    pub(crate) fn why(&self) -> Why {
        match &self.note {
            Some(note) if self.moved_from.is_none() && note.r#type == LetterType::Permanent => {
                note.reason.map_or(Why::Unknown, Why::Rejected)
            }
            _ => Why::Moved,
        }
    }

    /// More about the reason; free of what was ordered.
    pub(crate) fn detail(&self) -> String {
        if self.why() != Why::Moved {
            return self
                .note
                .as_ref()
                .map(|note| note.detail.clone())
                .unwrap_or_default();
        }
        if self.moved_from.is_some() {
            return "moved by SQS after its last receive".to_owned();
        }
        let of_sns = |name: &str| {
            self.is_of_sns(name)
                .then(|| self.attributes.get(name)?.string_value())
                .flatten()
        };
        match (of_sns("ErrorCode"), of_sns("ErrorMessage")) {
            (None, None) => "moved by SQS or SNS".to_owned(),
            (code, message) => format!(
                "SNS could not deliver it: {} {}",
                code.unwrap_or_default(),
                message.unwrap_or_default()
            ),
        }
    }

    /// How often it was received in its lane's queue, where the consumer noted it.
    pub(crate) fn receives(&self) -> Option<u32> {
        let note = self.note.as_ref()?;
        (self.why() != Why::Moved).then_some(note.receives)
    }

    /// How often it was sent back to its lane's queue.
    pub(crate) fn replays(&self) -> u32 {
        self.note.as_ref().map_or(0, |note| note.replays)
    }

    /// The trace that it belongs to.
    pub(crate) fn trace(&self) -> Option<&str> {
        let noted = || self.note.as_ref()?.trace.as_deref();
        self.trace_header.as_deref().or_else(noted)
    }

    /// Whether SNS added this attribute when it gave up. Only to a message that comes from SNS itself: in any
    /// other, an attribute of that name is the publisher's.
    pub(crate) fn is_of_sns(&self, attribute: &str) -> bool {
        self.note.is_none() && self.moved_from.is_none() && SNS_ATTRIBUTES.contains(&attribute)
    }

    /// Whether the body holds several orders, so that none of them can be named.
    pub(crate) fn holds_several(&self) -> bool {
        let event = std::panic::catch_unwind(|| event_in(&self.body));
        matches!(event, Ok(Err(NoEvent::Several)))
    }

    /// What the body says of itself.
    pub(crate) fn claim(&self) -> Option<Claim> {
        claim(&self.body)
    }
}

/// A message whose reading panics is just what a dead-letter queue may hold: it names no order.
fn claim(body: &str) -> Option<Claim> {
    std::panic::catch_unwind(|| OrderAccepted::claimed(body))
        .ok()
        .flatten()
}

#[cfg(test)]
pub(crate) mod tests {
    use aws_sdk_sqs::primitives::Blob;
    use sluice_order::RejectReason;

    use super::*;

    pub(crate) fn text(value: &str) -> MessageAttributeValue {
        MessageAttributeValue::builder()
            .data_type("String")
            .string_value(value)
            .build()
            .unwrap()
    }

    pub(crate) fn binary(value: &[u8]) -> MessageAttributeValue {
        MessageAttributeValue::builder()
            .data_type("Binary.x")
            .binary_value(Blob::new(value))
            .build()
            .unwrap()
    }

    /// A message of the standard lane's dead letters.
    pub(crate) fn letter(
        id: &str,
        body: &str,
        attributes: &[(&str, MessageAttributeValue)],
        system: &[(System, &str)],
    ) -> Letter {
        let mut message = Message::builder()
            .message_id(id)
            .receipt_handle(format!("receipt of {id}"))
            .body(body);
        for (name, value) in attributes {
            message = message.message_attributes(*name, value.clone());
        }
        for (name, value) in system {
            message = message.attributes(name.clone(), *value);
        }
        Letter::new(Lane::Standard, message.build())
    }

    pub(crate) fn note(json: &str) -> (&'static str, MessageAttributeValue) {
        (DEAD_LETTER_ATTRIBUTE, text(json))
    }

    pub(crate) const PANIC: &str = r#"{"type":"permanent","reason":"PANIC","detail":"processing panicked","original_message_id":"m-0","receives":5,"replays":1,"trace":"Root=1-a"}"#;

    #[test]
    fn the_consumer_s_letter_tells_its_reason() {
        let letter = letter(
            "m-1",
            "{}",
            &[note(PANIC)],
            &[
                (System::ApproximateReceiveCount, "3"),
                (System::SentTimestamp, "1795000000123"),
                (System::MessageGroupId, "c-1"),
            ],
        );
        assert_eq!(letter.why(), Why::Rejected(RejectReason::Panic));
        assert_eq!(letter.detail(), "processing panicked");
        assert_eq!((letter.receives(), letter.received), (Some(5), 3));
        assert_eq!((letter.replays(), letter.trace()), (1, Some("Root=1-a")));
        assert_eq!(letter.group.as_deref(), Some("c-1"));
        assert_eq!(
            letter.sent_at,
            Some(Timestamp::from_millis(1_795_000_000_123))
        );
        assert_eq!(letter.order_id, None);
    }

    #[test]
    fn what_sqs_moved_is_moved_whatever_was_the_matter_before() {
        let letter = letter(
            "m-1",
            "x",
            &[note(PANIC), ("ErrorCode", text("own"))],
            &[
                (System::DeadLetterQueueSourceArn, "arn:…"),
                (System::AwsTraceHeader, "Root=1-b"),
            ],
        );
        assert_eq!((letter.why(), letter.receives()), (Why::Moved, None));
        assert_eq!(letter.detail(), "moved by SQS after its last receive");
        // What was counted stays counted, and the header is nearer than the note.
        assert_eq!((letter.replays(), letter.trace()), (1, Some("Root=1-b")));
        assert!(!letter.is_of_sns("ErrorCode"));
    }

    #[test]
    fn what_sns_could_not_deliver_tells_its_error() {
        let attributes = [
            ("ErrorCode", text("403")),
            ("ErrorMessage", text("denied")),
            ("lane", text("hot")),
        ];
        let letter = letter("m-1", "x", &attributes, &[]);
        assert_eq!(letter.why(), Why::Moved);
        assert_eq!(letter.detail(), "SNS could not deliver it: 403 denied");
        assert!(letter.is_of_sns("RequestID") && !letter.is_of_sns("lane"));
    }

    #[test]
    fn a_letter_of_another_kind_is_told_as_far_as_it_is_known() {
        let why = |attribute| letter("m", "x", &[(DEAD_LETTER_ATTRIBUTE, attribute)], &[]).why();
        let newer = r#"{"type":"permanent","reason":"NEW"}"#;
        assert_eq!(why(text(newer)), Why::Unknown);
        assert_eq!(why(text(r#"{"type":"moved","replays":1}"#)), Why::Moved);
        assert_eq!(why(text("?")), Why::Moved);
        assert_eq!(why(binary(b"{}")), Why::Moved);
    }
}
