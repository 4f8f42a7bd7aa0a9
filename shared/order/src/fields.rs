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
            Some((parent, _)) if self.message.starts_with(UNKNOWN) => parent,
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

    /// Reports that the value is of another JSON type than `wanted`, with what the sender most likely did.
    pub(crate) fn refuse_type<T>(self, wanted: &str) -> Option<T> {
        let (found, likely) = match &self.value {
            Value::Null => ("null", ""),
            Value::Bool(_) => ("a boolean", ""),
            Value::Number(_) if wanted == STRING => ("a number", ": write it in quotation marks"),
            Value::Number(_) => ("a number", ""),
            Value::String(text) if wanted == INTEGER && text.parse::<f64>().is_ok() => {
                ("a string", ": write it without quotation marks")
            }
            Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
                ("a string", ": it seems to be encoded twice")
            }
            Value::String(_) => ("a string", ""),
            Value::Array(_) => ("an array", ""),
            Value::Object(_) => ("an object", ""),
        };
        let rule = format!("must be {wanted}, not {found}{likely}");
        self.refuse(rule)
    }

    /// An object, whose members can then be read.
    pub(crate) fn object(mut self) -> Option<Members<'a>> {
        if !self.value.is_object() {
            return self.refuse_type("an object");
        }
        let Value::Object(left) = self.value.take() else {
            return None;
        };
        Some(Members {
            object: self,
            left,
            asked: Vec::new(),
        })
    }

    /// An integer of at least `least` and at most 2^53 − 1. `unit` is what to say where a fraction was sent.
    pub(crate) fn integer(self, least: u64, unit: &str) -> Option<u64> {
        let Value::Number(number) = &self.value else {
            return self.refuse_type(INTEGER);
        };
        #[expect(clippy::cast_precision_loss, reason = "2^53 − 1 is exact")]
        let rule = match (number.as_u64(), number.as_f64().unwrap_or_default()) {
            (Some(n), _) if (least..=MAX_INTEGER).contains(&n) => return Some(n),
            (_, n) if n > MAX_INTEGER as f64 => format!("must be at most {MAX_INTEGER}"),
            (None, _) if !number.is_i64() => {
                format!("must be an integer, in digits alone: 6, not 6.0 or 6e0{unit}")
            }
            _ => format!("must be at least {least}"),
        };
        self.refuse(rule)
    }

    /// A text of 1 to `most` characters, each of which reached us and can be carried on.
    pub(crate) fn text(mut self, most: usize) -> Option<String> {
        if !self.value.is_string() {
            return self.refuse_type(STRING);
        }
        let Value::String(text) = self.value.take() else {
            return None;
        };
        match broken_rule(&text, most) {
            Some(rule) => self.refuse(rule),
            None => Some(text),
        }
    }
}

/// The types that most fields have.
pub(crate) const STRING: &str = "a string";
const INTEGER: &str = "an integer";

/// The rule that a text of at most `most` characters breaks.
pub(crate) fn broken_rule(text: &str, most: usize) -> Option<String> {
    if text.is_empty() {
        return Some(format!("must not be empty: it has 1 to {most} characters"));
    }
    if text.chars().nth(most).is_some() {
        return Some(format!("must have at most {most} characters"));
    }
    let c = text.chars().find(|c| !allowed(*c))?;
    let why = if c == '\u{fffd}' {
        ", which stands for bytes that were not UTF-8"
    } else {
        ""
    };
    Some(format!(
        "must not hold the character U+{:04X}{why}",
        u32::from(c)
    ))
}

/// The rule that a name of at most `most` visible ASCII characters breaks, as the rest of a sentence that starts with it.
pub fn broken_ascii_rule(name: &str, most: usize) -> Option<String> {
    if name.is_empty() {
        return Some(format!("must not be empty: it has 1 to {most} characters"));
    }
    if let Some(c) = name.chars().find(|c| !c.is_ascii_graphic()) {
        let code = u32::from(c);
        return Some(format!(
            "must hold visible ASCII characters only, not U+{code:04X}"
        ));
    }
    (name.len() > most).then(|| format!("must have at most {most} characters"))
}

/// Whether a name looks like that of an idempotency key, in whatever spelling: where it is not `Idempotency-Key`, a key would be
/// lost, and a repeat would be a second order.
pub fn means_idempotency_key(name: &str) -> bool {
    // Enough for Idempotence, Idempotent, Idempotancy and Indempotency. Every header of a request is looked at, so nothing is
    // allocated; no start of it is in it a second time, so nothing is looked at twice.
    const PART: &[u8] = b"dempot";
    let mut found = 0;
    for letter in letters(name) {
        found = if letter == PART[found] {
            found + 1
        } else {
            usize::from(letter == PART[0])
        };
        if found == PART.len() {
            return true;
        }
    }
    false
}

/// What is the same in every way to write a name.
fn letters(name: &str) -> impl Iterator<Item = u8> {
    let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase())
}

/// Whether two names differ only in the way in which they are written, such as `customerId` and `customer_id`.
pub fn are_one_name(a: &str, b: &str) -> bool {
    letters(a).eq(letters(b))
}

/// An object whose members are taken out one by one. What is left at the end is unknown.
pub(crate) struct Members<'a> {
    object: Field<'a>,
    left: Map<String, Value>,
    asked: Vec<&'static str>,
}

impl<'a> Members<'a> {
    /// Reads a member that must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Field<'_>) -> Option<T>,
    ) -> Option<T> {
        self.asked.push(name);
        match self.left.remove(name) {
            Some(value) => read(self.object.child(name, value)),
            None => self.object.child(name, Value::Null).refuse("is required"),
        }
    }

    /// Reads a member that may be absent. `null` and the empty text count as absent: shops and serializers write "nothing there"
    /// so.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Field<'_>) -> Option<T>,
    ) -> Option<T> {
        self.asked.push(name);
        match self.left.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(value) => read(self.object.child(name, value)),
        }
    }

    /// Refuses whatever was not read. Returns the object, for rules on the whole of it.
    pub(crate) fn close(mut self) -> Field<'a> {
        for name in self.left.keys() {
            if name.len() <= MAX_NAME {
                let token = name.replace('~', "~0").replace('/', "~1");
                let meant = |known: &&&str| are_one_name(known, name);
                let rule = match self.asked.iter().find(meant) {
                    Some(known) => format!("{UNKNOWN}: it is written {known}"),
                    None if means_idempotency_key(name) => {
                        format!("{UNKNOWN}: send the key in the header Idempotency-Key")
                    }
                    None => UNKNOWN.to_owned(),
                };
                self.object.child(token, Value::Null).refuse::<()>(rule);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_s_name_is_known_in_every_spelling() {
        for name in [
            "Idempotency-Key",
            "x_idempotency_key",
            "Idem-Potent",
            "indempotency",
            "ddempot",
            "dedempot",
        ] {
            assert!(means_idempotency_key(name), "{name}");
        }
        for name in [
            "",
            "Content-Type",
            "X-Amzn-Trace-Id",
            "dempo",
            "idem-key",
            "ïdémpotency",
        ] {
            assert!(!means_idempotency_key(name), "{name}");
        }
    }
}
