//! What a text most likely is that is no JSON, so that the sender is told what to send.

use crate::wrapped;

/// What to say beside the parser's words, where that can be seen: a whole sentence, for the client. `bytes` are what
/// [`crate::json::parse`] refused, with this error.
pub fn likely(bytes: &[u8], error: &serde_json::Error) -> Option<&'static str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    of_the_whole(bytes).or_else(|| at_the_place(bytes, error))
}

fn of_the_whole(bytes: &[u8]) -> Option<&'static str> {
    // What API Gateway puts in place of each byte that is not UTF-8.
    const NOT_UTF_8: &[u8] = "\u{fffd}".as_bytes();
    let start = bytes.trim_ascii_start();
    let head = &bytes[..bytes.len().min(12)];
    if start.is_empty() {
        return Some("The body is empty.");
    }
    if let Some(rest) = head.strip_prefix(b"\x1f")
        && (rest.starts_with(b"\x8b") || rest.starts_with(NOT_UTF_8))
    {
        return Some("It seems to be compressed: send it as it is.");
    }
    if head.contains(&0) || head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Some("It seems to be UTF-16 or UTF-32: send UTF-8.");
    }
    if start.starts_with(b"<") {
        return Some("It seems to be XML or HTML: send JSON.");
    }
    if start.starts_with(b"--") {
        return Some("It seems to be a form in parts: send JSON.");
    }
    let is_name = |c: &u8| c.is_ascii_alphanumeric() || b"_-.[]%+".contains(c);
    let name = start.iter().take_while(|c| is_name(c)).count();
    let is_bare = start[0].is_ascii_alphabetic();
    if is_bare && name > 0 && start.get(name) == Some(&b'=') && !start.ends_with(b"==") {
        return Some("It seems to be a form: send JSON.");
    }
    if is_bare && wrapped::is_base64_of_json(bytes) {
        return Some("It is JSON in base64: send the JSON itself.");
    }
    let is_quoted = start.starts_with(b"'{") || start.starts_with(b"'[");
    is_quoted.then_some("A quotation mark of the shell stands around it: send it without.")
}

/// What stands where the parser stopped.
fn at_the_place(bytes: &[u8], error: &serde_json::Error) -> Option<&'static str> {
    const WORDS: [(&[&str], &str); 7] = [
        (
            &["NaN", "nan", "Infinity", "inf"],
            "JSON has no NaN and no Infinity.",
        ),
        (
            &["True", "False", "None"],
            "JSON writes true, false and null.",
        ),
        (
            &["undefined"],
            "JSON has no undefined: leave the field out.",
        ),
        (
            &[
                "'", "\u{2018}", "\u{2019}", "\u{201c}", "\u{201d}", "\u{201e}", "\u{ab}",
            ],
            "JSON's quotation mark is \".",
        ),
        (
            &["\\"],
            "A backslash stands outside of a text: the shell's quoting was sent along.",
        ),
        (&["//", "/*", "#"], "JSON has no comments."),
        (
            &["+", "."],
            "A number begins with a digit, or with - and a digit.",
        ),
    ];
    let said = error.to_string();
    let line = bytes
        .split(|b| *b == b'\n')
        .nth(error.line().checked_sub(1)?)?;
    let place = line
        .get(error.column().saturating_sub(1)..)
        .unwrap_or_default();
    if said.starts_with("control character") {
        return Some("Write a line break in a text as \\n, a tab as \\t.");
    }
    if said.starts_with("trailing characters") {
        return Some("Send one order a request, and nothing behind it.");
    }
    if said.starts_with("invalid unicode") {
        return Some("It is not UTF-8.");
    }
    let found = WORDS
        .iter()
        .find(|(words, _)| words.iter().any(|word| place.starts_with(word.as_bytes())));
    if let Some((_, sentence)) = found {
        return Some(sentence);
    }
    let first = place.first()?;
    if !said.starts_with("key must be a string") {
        return None;
    }
    if first.is_ascii_digit() {
        return Some("A number has no comma in it.");
    }
    first
        .is_ascii_alphabetic()
        .then_some("Names stand in quotation marks: did the shell take them away?")
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use proptest::prelude::*;

    use super::*;
    use crate::json;

    fn said_of(bytes: &[u8]) -> Option<&'static str> {
        likely(bytes, &json::parse(bytes).unwrap_err())
    }

    #[test]
    fn what_is_no_json_is_named() {
        let utf_16 = |text: &str, mark: bool| -> Vec<u8> {
            let units = text.encode_utf16();
            let mark = mark.then_some(0xfeff);
            mark.into_iter()
                .chain(units)
                .flat_map(u16::to_le_bytes)
                .collect()
        };
        let order = r#"{"a":"b"}"#;
        let as_gateway = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let base64 = STANDARD.encode(order);
        for (body, said) in [
            (b"".to_vec(), "empty"),
            (b" \r\n".to_vec(), "empty"),
            ("\u{feff}".into(), "empty"),
            (utf_16(order, true), "UTF-16"),
            (utf_16(order, false), "UTF-16"),
            (as_gateway(&utf_16(order, true)).into(), "UTF-16"),
            (b"\x1f\x8b\x08\0\0\0".to_vec(), "compressed"),
            (as_gateway(b"\x1f\x8b\x08\0\0\0").into(), "compressed"),
            (b"<order/>".to_vec(), "XML"),
            (
                b"--b\r\nContent-Disposition: form-data".to_vec(),
                "in parts",
            ),
            (b"customer_id=c&sku=a".to_vec(), "a form"),
            (b"lines%5B0%5D=a".to_vec(), "a form"),
            (base64.into_bytes(), "base64"),
            (b"'{\"a\":1}'".to_vec(), "shell stands around"),
            (br#"{"a":NaN}"#.to_vec(), "no NaN"),
            (br#"{"a":-Infinity}"#.to_vec(), "no NaN"),
            (br#"{"a":[1,Infinity]}"#.to_vec(), "no NaN"),
            (br#"{"a":None}"#.to_vec(), "true, false and null"),
            (br#"{"a":undefined}"#.to_vec(), "undefined"),
            (b"{'a':1}".to_vec(), "quotation mark is"),
            ("{\"a\":\u{201c}x\u{201d}}".into(), "quotation mark is"),
            (br#"{\"a\":1}"#.to_vec(), "backslash"),
            (b"{\n// why\n\"a\":1}".to_vec(), "comments"),
            (br#"{"a":+1}"#.to_vec(), "begins with a digit"),
            (br#"{"a":.5}"#.to_vec(), "begins with a digit"),
            (br#"{"a":2,55}"#.to_vec(), "no comma"),
            (b"{a:1}".to_vec(), "Names stand in"),
            (b"{\"a\":\"x\ny\"}".to_vec(), "line break"),
            (b"{\"a\":1}\n{\"a\":2}".to_vec(), "one order a request"),
            (b"\"caf\xe9\"".to_vec(), "not UTF-8"),
        ] {
            let sentence = said_of(&body).unwrap_or_else(|| panic!("{said}: nothing"));
            assert!(sentence.contains(said), "{said}: {sentence}");
        }
        for body in [r#"{"a":1"#, r#"{"a":1,}"#, r#"{"a":1,"a":1}"#, "\"a"] {
            assert_eq!(
                said_of(body.as_bytes()),
                None,
                "the parser's words do: {body}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..60), text in r#"([{}\[\]:,"'0-9a\n]|\PC){0,40}"#) {
            for bytes in [&bytes[..], text.as_bytes()] {
                if let Err(error) = json::parse(bytes) {
                    let _ = likely(bytes, &error);
                }
            }
        }
    }
}
