//! How a message becomes a dead letter.

use sluice_order::{DeadLetter, LetterType, RejectReason};

use crate::message::Message;

/// The longest detail in a dead letter, in characters.
const MAX_DETAIL: usize = 512;

/// The note that goes with a message that will never be done.
pub(crate) fn note(message: &Message, reason: RejectReason, detail: &str) -> DeadLetter {
    DeadLetter {
        r#type: LetterType::Permanent,
        reason: Some(reason),
        // SQS refuses a message with most control characters, and then this one would never leave its queue.
        detail: detail
            .chars()
            .filter(|c| !c.is_control())
            .take(MAX_DETAIL)
            .collect(),
        original_message_id: message.id.clone(),
        receives: message.receives,
        replays: message.replays(),
        trace: message.trace_header.clone(),
    }
}
