//! Reads an object field by field and reports every offence, not just the first.
//!
//! A client that fixes one field only to hear of the next has to ask ten times; so reading goes on
//! after an error, and each one names its place by a JSON pointer (RFC 6901).

use serde::Serialize;
use serde_json::{Map, Value};

/// One field that breaks a rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FieldError {
    /// Where: a JSON pointer (RFC 6901) into the request; empty for the whole of it.
    pub pointer: String,
    /// Which rule, as the rest of a sentence that starts with the field.
    pub message: String,
}

const UNKNOWN: &str = "is not a known field";

impl FieldError {
    /// Pointer and message without a word of the sender's: what may be logged.
    pub fn without_content(&self) -> String {
        let known = match self.pointer.rsplit_once('/') {
            Some((parent, _)) if self.message == UNKNOWN => parent,
            _ => &self.pointer,
        };
        format!("{known} {}", self.message)
    }
}

/// The most errors that are reported at once: an answer stays small, whatever was sent.
pub const MAX_ERRORS: usize = 50;

/// The longest name of an unknown member that is repeated in an answer, in bytes.
const MAX_NAME: usize = 64;

/// The offences found so far.
#[derive(Default, Debug)]
pub(crate) struct Errors(Vec<FieldError>);

impl Errors {
    pub(crate) fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        if self.0.len() < MAX_ERRORS {
            self.0.push(FieldError {
                pointer: pointer.into(),
                message: message.into(),
            });
        }
    }

    /// The value, if it could be read and nothing was wrong anywhere.
    pub(crate) fn unless_any<T>(self, value: Option<T>) -> Result<T, Vec<FieldError>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.0),
        }
    }
}

/// An object whose members are taken out one by one. What is left at the end is unknown.
pub(crate) struct Members {
    pointer: String,
    left: Map<String, Value>,
}

impl Members {
    pub(crate) fn of(value: Value, pointer: &str, errors: &mut Errors) -> Option<Self> {
        if let Value::Object(left) = value {
            Some(Self {
                pointer: pointer.to_owned(),
                left,
            })
        } else {
            errors.add(pointer, "must be an object");
            None
        }
    }

    /// Reads a member that must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &str,
        errors: &mut Errors,
        read: impl FnOnce(Value, &str, &mut Errors) -> Option<T>,
    ) -> Option<T> {
        let pointer = format!("{}/{name}", self.pointer);
        if let Some(value) = self.left.remove(name) {
            read(value, &pointer, errors)
        } else {
            errors.add(pointer, "is required");
            None
        }
    }

    /// Reads a member that may be absent; `null` counts as absent, since many serializers write it so.
    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        errors: &mut Errors,
        read: impl FnOnce(Value, &str, &mut Errors) -> Option<T>,
    ) -> Option<T> {
        match self.left.remove(name) {
            None | Some(Value::Null) => None,
            Some(value) => read(value, &format!("{}/{name}", self.pointer), errors),
        }
    }

    /// Refuses whatever was not read.
    pub(crate) fn close(self, errors: &mut Errors) {
        for name in self.left.keys() {
            if name.len() <= MAX_NAME {
                let token = name.replace('~', "~0").replace('/', "~1");
                errors.add(format!("{}/{token}", self.pointer), UNKNOWN);
            } else {
                errors.add(
                    &*self.pointer,
                    format!("has an unknown field with a name of {} bytes", name.len()),
                );
            }
        }
    }
}

/// The largest integer that every JSON reader holds exactly: 2^53 − 1 (RFC 8259, section 6).
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// An integer of at least `least` and at most 2^53 − 1.
pub(crate) fn integer(
    value: &Value,
    least: u64,
    pointer: &str,
    errors: &mut Errors,
) -> Option<u64> {
    let integer = value.as_u64().filter(|n| (least..=MAX_INTEGER).contains(n));
    if integer.is_none() {
        errors.add(
            pointer,
            format!("must be an integer from {least} to {MAX_INTEGER}"),
        );
    }
    integer
}

/// A text of 1 to `most` characters, each of which reached us and can be carried on.
pub(crate) fn text(
    value: Value,
    most: usize,
    pointer: &str,
    errors: &mut Errors,
) -> Option<String> {
    let Value::String(text) = value else {
        errors.add(pointer, "must be a string");
        return None;
    };
    if text.is_empty() || text.chars().nth(most).is_some() {
        errors.add(pointer, format!("must have 1 to {most} characters"));
        return None;
    }
    if let Some(refused) = text.chars().find(|c| !allowed(*c)) {
        errors.add(
            pointer,
            format!("must not hold the character U+{:04X}", u32::from(refused)),
        );
        return None;
    }
    Some(text)
}

/// Whether a text may hold the character: what SQS carries (XML 1.0's set, as in the reference of `SendMessage`),
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>, without U+FFFD. That
/// is what API Gateway puts in place of bytes that are not UTF-8: two different orders would become one.
fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..'\u{fffd}' | '\u{10000}'..)
}
