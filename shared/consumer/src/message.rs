//! A message of the queue, as the consumer sees it.

use sluice_order::{DeadLetter, letter::DEAD_LETTER_ATTRIBUTE};

/// One received message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Message {
    /// SQS's id: what a batch response names.
    pub id: String,
    /// Names this receive, for changes of visibility.
    pub receipt_handle: String,
    /// The event's text.
    pub body: String,
    /// How often the message was received, this time included.
    pub receives: u32,
    /// `MessageGroupId`, for fair queues.
    pub group: Option<String>,
    /// The trace header that SNS handed on.
    pub trace_header: Option<String>,
    /// When the queue took it, in milliseconds since 1970.
    pub sent_ms: Option<i64>,
    /// When it was received for the first time, in milliseconds since 1970.
    pub first_received_ms: Option<i64>,
    /// The message attributes.
    pub attributes: Vec<Attribute>,
}

impl Message {
    /// The letter that it carries, if it was a dead letter before.
    pub fn letter(&self) -> Option<DeadLetter> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == DEAD_LETTER_ATTRIBUTE)
            .and_then(|attribute| match &attribute.value {
                AttributeValue::Text(text) => DeadLetter::from_text(text),
                AttributeValue::Binary(_) => None,
            })
    }

    /// How often an operator sent it back from the dead letters.
    pub fn replays(&self) -> u32 {
        self.letter().map_or(0, |letter| letter.replays)
    }
}

/// A message attribute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its type: `String`, `Number` or `Binary`, with or without a label.
    pub data_type: String,
    /// Its value.
    pub value: AttributeValue,
}

/// The value of an attribute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AttributeValue {
    /// Text, or a number as text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}
