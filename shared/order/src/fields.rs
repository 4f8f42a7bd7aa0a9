//! Reads an object field by field and reports every offence, not just the first.
//!
//! A client that fixes one field only to hear of the next has to ask ten times; so reading goes on
//! after an error, and each one names its place by a JSON pointer (RFC 6901).

use std::fmt::Display;

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

/// A value that is being read: what it is, where it stands, and where its offences go.
pub(crate) struct Field<'a> {
    pub(crate) value: Value,
    pointer: String,
    errors: &'a mut Errors,
}

impl<'a> Field<'a> {
    /// The whole of what is read.
    pub(crate) fn root(value: Value, errors: &'a mut Errors) -> Self {
        Self {
            value,
            pointer: String::new(),
            errors,
        }
    }

    /// Reports that the value breaks a rule.
    pub(crate) fn refuse<T>(self, rule: impl Into<String>) -> Option<T> {
        self.errors.add(self.pointer, rule);
        None
    }

    /// A value inside of this one: a member by its name, or an element by its place.
    pub(crate) fn child(&mut self, name: impl Display, value: Value) -> Field<'_> {
        Field {
            value,
            pointer: format!("{}/{name}", self.pointer),
            errors: self.errors,
        }
    }

    /// An object, whose members can then be read.
    pub(crate) fn object(mut self) -> Option<Members<'a>> {
        match self.value.take() {
            Value::Object(left) => Some(Members { object: self, left }),
            _ => self.refuse("must be an object"),
        }
    }

    /// An integer of at least `least` and at most 2^53 − 1.
    pub(crate) fn integer(self, least: u64) -> Option<u64> {
        match self.value.as_u64() {
            Some(n) if (least..=MAX_INTEGER).contains(&n) => Some(n),
            _ => self.refuse(format!("must be an integer from {least} to {MAX_INTEGER}")),
        }
    }

    /// A text of 1 to `most` characters, each of which reached us and can be carried on.
    pub(crate) fn text(mut self, most: usize) -> Option<String> {
        let Value::String(text) = self.value.take() else {
            return self.refuse("must be a string");
        };
        if text.is_empty() || text.chars().nth(most).is_some() {
            return self.refuse(format!("must have 1 to {most} characters"));
        }
        if let Some(c) = text.chars().find(|c| !allowed(*c)) {
            return self.refuse(format!(
                "must not hold the character U+{:04X}",
                u32::from(c)
            ));
        }
        Some(text)
    }
}

/// An object whose members are taken out one by one. What is left at the end is unknown.
pub(crate) struct Members<'a> {
    object: Field<'a>,
    left: Map<String, Value>,
}

impl<'a> Members<'a> {
    /// Reads a member that must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Field<'_>) -> Option<T>,
    ) -> Option<T> {
        match self.left.remove(name) {
            Some(value) => read(self.object.child(name, value)),
            None => self.object.child(name, Value::Null).refuse("is required"),
        }
    }

    /// Reads a member that may be absent; `null` counts as absent, since many serializers write it so.
    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Field<'_>) -> Option<T>,
    ) -> Option<T> {
        match self.left.remove(name) {
            None | Some(Value::Null) => None,
            Some(value) => read(self.object.child(name, value)),
        }
    }

    /// Refuses whatever was not read. Returns the object, for rules on the whole of it.
    pub(crate) fn close(mut self) -> Field<'a> {
        for name in self.left.keys() {
            if name.len() <= MAX_NAME {
                let token = name.replace('~', "~0").replace('/', "~1");
                self.object.child(token, Value::Null).refuse::<()>(UNKNOWN);
            } else {
                let rule = format!("has an unknown field with a name of {} bytes", name.len());
                self.object.errors.add(&*self.object.pointer, rule);
            }
        }
        self.object
    }
}

/// The largest integer that every JSON reader holds exactly: 2^53 − 1 (RFC 8259, section 6).
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Whether a text may hold the character: what SQS carries (XML 1.0's set, as in the reference of `SendMessage`),
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>, without U+FFFD. That
/// is what API Gateway puts in place of bytes that are not UTF-8: two different orders would become one.
fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..'\u{fffd}' | '\u{10000}'..)
}
