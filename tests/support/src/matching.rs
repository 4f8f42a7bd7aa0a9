//! Compares an answer with what a case expects of it.

use serde_json::Value;

/// The expected text that any value matches.
pub const ANYTHING: &str = "*";

/// Where the answer differs from the expectation, or `None`. Of an object only the members that the
/// expectation names are compared; a body that is JSON text is read.
pub fn difference(expected: &Value, actual: &Value) -> Option<String> {
    differ(expected, actual, "")
}

fn differ(expected: &Value, actual: &Value, at: &str) -> Option<String> {
    match (expected, actual) {
        (Value::String(text), _) if text == ANYTHING => None,
        (Value::Object(members), Value::Object(there)) => {
            members.iter().find_map(|(name, value)| {
                let at = format!("{at}/{name}");
                match there.get(name) {
                    Some(actual) => differ(value, actual, &at),
                    None => Some(format!("{at} is missing")),
                }
            })
        }
        (Value::Array(elements), Value::Array(there)) if elements.len() == there.len() => elements
            .iter()
            .zip(there)
            .enumerate()
            .find_map(|(n, (value, actual))| differ(value, actual, &format!("{at}/{n}"))),
        (Value::Object(_), Value::String(text)) => match serde_json::from_str::<Value>(text) {
            Ok(actual @ Value::Object(_)) => differ(expected, &actual, at),
            _ => Some(format!("{at} is {text:?}, expected an object")),
        },
        _ if expected == actual => None,
        _ => Some(format!("{at} is {actual}, expected {expected}")),
    }
}

/// Adds a field to every object in a value, as a later version may.
pub fn grow(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(grow),
        Value::Object(members) => {
            members.values_mut().for_each(grow);
            members.insert("added_later".to_owned(), 1.into());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_what_differs() {
        let actual = json!({"a": 1, "b": [1, {"c": "x"}], "body": "{\"d\":1}"});
        for (expected, same) in [
            (json!({}), true),
            (json!({"a": 1}), true),
            (json!({"a": 2}), false),
            (json!({"a": "*"}), true),
            (json!({"z": "*"}), false),
            (json!({"b": [1]}), false),
            (json!({"b": [1, {}]}), true),
            (json!({"b": [1, {"c": "y"}]}), false),
            (json!({"body": {"d": 1}}), true),
            (json!({"body": {"d": 2}}), false),
        ] {
            assert_eq!(difference(&expected, &actual).is_none(), same, "{expected}");
        }
    }
}
