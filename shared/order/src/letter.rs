//! Why a message lies in a dead-letter queue: the message attribute that says so.
//!
//! The consumer writes it, `sluice dlq` shows it and counts replays in it. A replayed message keeps it, so that
//! the count survives when the message becomes a dead letter again.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::RejectReason;

/// The name of the message attribute that holds a [`DeadLetter`] as JSON.
pub const DEAD_LETTER_ATTRIBUTE: &str = "sluice.dead_letter";

/// A message carries ten attributes; one of them is the letter.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>
pub const MAX_OTHER_ATTRIBUTES: usize = 9;

/// Why a message is a dead letter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Who put it there.
    pub r#type: LetterType,
    /// Why, where that is known; a reason that this version does not know reads as none.
    #[serde(default, deserialize_with = "known")]
    pub reason: Option<RejectReason>,
    /// For the operator; at most 512 characters, and free of the order's content, unless the reason says that it may quote it.
    #[serde(default)]
    pub detail: String,
    /// The id that the message had in its lane's queue.
    #[serde(default)]
    pub original_message_id: String,
    /// How often it had been received.
    #[serde(default)]
    pub receives: u32,
    /// How often it was sent back to its lane's queue.
    #[serde(default)]
    pub replays: u32,
    /// The trace header that it came with.
    #[serde(default)]
    pub trace: Option<String>,
}

/// Who made a message a dead letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterType {
    /// The consumer: it can never be fulfilled as it is.
    Permanent,
    /// SQS after the last receive, or SNS because it could not deliver. They give no reason; the
    /// attribute was added when the message was replayed.
    Moved,
}

impl DeadLetter {
    /// Reads the attribute's text. What is no letter, or of a type that this version does not know, is none.
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The letter that goes with a message when an operator sends it back to its lane: one replay more. `letter` is what the
    /// message carries; one that SQS or SNS moved carries none.
    pub fn replayed(letter: Option<&Self>, message_id: &str, trace: Option<&str>) -> Self {
        match letter {
            Some(letter) => Self {
                replays: letter.replays.saturating_add(1),
                ..letter.clone()
            },
            None => Self {
                r#type: LetterType::Moved,
                reason: None,
                detail: String::new(),
                original_message_id: message_id.to_owned(),
                // SQS counts the looks at a dead letter as receives too, so its count says nothing about the lane's.
                receives: 0,
                replays: 1,
                trace: trace.map(str::to_owned),
            },
        }
    }
}

fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RejectReason>, D::Error> {
    let reason = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(reason).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_reads_back() {
        let letter = DeadLetter {
            r#type: LetterType::Permanent,
            reason: Some(RejectReason::NotJson),
            detail: "expected value".into(),
            original_message_id: "m-1".into(),
            receives: 1,
            replays: 2,
            trace: None,
        };
        let text = serde_json::to_string(&letter).unwrap();
        assert_eq!(
            text,
            r#"{"type":"permanent","reason":"NOT_JSON","detail":"expected value","original_message_id":"m-1","receives":1,"replays":2,"trace":null}"#
        );
        assert_eq!(DeadLetter::from_text(&text), Some(letter));
    }

    #[test]
    fn a_replay_is_counted_whoever_made_the_letter() {
        let moved = DeadLetter::replayed(None, "m-1", Some("Root=1"));
        assert_eq!(
            (moved.r#type, moved.replays, moved.receives),
            (LetterType::Moved, 1, 0)
        );
        assert_eq!(moved.original_message_id, "m-1");
        let again = DeadLetter::replayed(Some(&moved), "m-2", None);
        assert_eq!(
            again,
            DeadLetter {
                replays: 2,
                ..moved
            }
        );
    }

    #[test]
    fn letters_of_other_versions_are_read_as_far_as_they_are_known() {
        let read = |text| DeadLetter::from_text(text);
        let older = read(r#"{"type":"permanent","reason":"PANIC"}"#).unwrap();
        assert_eq!(
            (older.reason, older.replays),
            (Some(RejectReason::Panic), 0)
        );
        let newer = read(r#"{"type":"moved","reason":"NEW","replays":3,"more":1}"#).unwrap();
        assert_eq!((newer.reason, newer.replays), (None, 3));
        for text in ["", "[]", "{}", r#"{"type":"new"}"#] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
