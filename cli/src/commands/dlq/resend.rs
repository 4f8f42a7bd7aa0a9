//! What goes back to the lane's queue.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::MessageAttributeValue;
use sluice_order::{
    DeadLetter,
    letter::{DEAD_LETTER_ATTRIBUTE, MAX_OTHER_ATTRIBUTES},
};

use super::letter::Letter;

/// A message for a lane's queue.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Resend {
    pub(crate) body: String,
    pub(crate) attributes: BTreeMap<String, MessageAttributeValue>,
    pub(crate) group: Option<String>,
    pub(crate) trace: Option<String>,
    /// How often it will have been sent back; none where there is no room to count.
    pub(crate) replays: Option<u32>,
}

impl Resend {
    /// The letter as it was before it died, with one more replay counted.
    pub(crate) fn of(letter: &Letter) -> Self {
        let mut attributes = letter.attributes.clone();
        attributes
            .retain(|name, _| name.as_str() != DEAD_LETTER_ATTRIBUTE && !letter.is_of_sns(name));
        let mut replays = None;
        // An attribute that somebody else set is worth more than the count.
        if attributes.len() <= MAX_OTHER_ATTRIBUTES {
            let trace = letter.trace_header.as_deref();
            let note = DeadLetter::replayed(letter.note.as_ref(), &letter.id, trace);
            if let Some(value) = attribute(&note) {
                attributes.insert(DEAD_LETTER_ATTRIBUTE.to_owned(), value);
                replays = Some(note.replays);
            }
        }
        Self {
            body: letter.body.clone(),
            attributes,
            group: letter.group.clone(),
            // SQS refuses a message whose trace is no trace, and a note may be anybody's.
            trace: letter
                .trace()
                .filter(|trace| trace.contains("Root="))
                .map(str::to_owned),
            replays,
        }
    }
}

/// None of the two can fail for a text that is not empty.
fn attribute(note: &DeadLetter) -> Option<MessageAttributeValue> {
    let text = serde_json::to_string(note).ok()?;
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(text)
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::MessageSystemAttributeName as System;
    use sluice_order::{LetterType, RejectReason};

    use super::*;
    use crate::commands::dlq::letter::tests::{PANIC, binary, letter, note, text};

    fn carried(resend: &Resend) -> DeadLetter {
        let value = &resend.attributes[DEAD_LETTER_ATTRIBUTE];
        DeadLetter::from_text(value.string_value().unwrap()).unwrap()
    }

    #[test]
    fn everything_is_kept_and_the_replay_is_counted() {
        let letter = letter(
            "m-1",
            "{}",
            &[
                note(PANIC),
                ("lane", text("hot")),
                ("raw", binary(&[0, 255])),
                ("ErrorCode", text("the publisher's own")),
            ],
            &[(System::MessageGroupId, "c-1")],
        );
        let resend = Resend::of(&letter);
        assert_eq!(resend.body, "{}");
        assert_eq!(resend.group.as_deref(), Some("c-1"));
        assert_eq!(resend.trace.as_deref(), Some("Root=1-a"));
        let note = carried(&resend);
        assert_eq!((note.replays, resend.replays), (2, Some(2)));
        assert_eq!(
            (note.reason, note.receives),
            (Some(RejectReason::Panic), 5),
            "the rest of the note is as it was"
        );
        for (name, value) in &letter.attributes {
            if name != DEAD_LETTER_ATTRIBUTE {
                assert_eq!(resend.attributes.get(name), Some(value), "{name}");
            }
        }
        assert_eq!(resend.attributes.len(), 4);
    }

    #[test]
    fn what_sqs_or_sns_moved_is_counted_from_now_on() {
        let letter = letter(
            "m-1",
            "x",
            &[
                ("lane", text("standard")),
                ("RequestID", text("r")),
                ("ErrorCode", text("403")),
                ("ErrorMessage", text("denied")),
            ],
            &[(System::AwsTraceHeader, "Root=1-b")],
        );
        let resend = Resend::of(&letter);
        let names: Vec<_> = resend.attributes.keys().map(String::as_str).collect();
        assert_eq!(names, ["lane", DEAD_LETTER_ATTRIBUTE]);
        assert_eq!(resend.trace.as_deref(), Some("Root=1-b"));
        let note = carried(&resend);
        assert_eq!(
            (note.r#type, note.reason, note.replays),
            (LetterType::Moved, None, 1)
        );
        assert_eq!(note.original_message_id, "m-1");
    }

    #[test]
    fn no_foreign_attribute_makes_room_for_the_count() {
        let names: Vec<String> = (0..10).map(|n| format!("a{n}")).collect();
        let attributes: Vec<_> = names.iter().map(|n| (n.as_str(), text("x"))).collect();
        let full = Resend::of(&letter("m-1", "x", &attributes, &[]));
        assert_eq!((full.attributes.len(), full.replays), (10, None));
        assert!(!full.attributes.contains_key(DEAD_LETTER_ATTRIBUTE));
        let nearly = Resend::of(&letter("m-1", "x", &attributes[1..], &[]));
        assert_eq!((nearly.attributes.len(), nearly.replays), (10, Some(1)));
    }

    #[test]
    fn a_note_that_cannot_be_read_is_replaced() {
        let resend = Resend::of(&letter("m-1", "x", &[note("?")], &[]));
        assert_eq!(carried(&resend).replays, 1);
    }

    #[test]
    fn what_is_no_trace_is_not_sent_as_one() {
        let anything = note(r#"{"type":"permanent","trace":"x"}"#);
        assert_eq!(
            Resend::of(&letter("m-1", "x", &[anything], &[])).trace,
            None
        );
    }
}
