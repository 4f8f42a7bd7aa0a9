//! What a person types as arguments: ids, names and numbers. Times are in [`super::units`].
//!
//! White space and invisible characters around a text come from where it was copied (a file with CRLF, a web page): they are
//! left out. In an error they are shown escaped.

use sluice_order::{Lane, OrderId};
use url::Url;

use super::{
    output::tame,
    units::{count, seconds},
};

/// A number above 0.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    trimmed(text)
        .parse()
        .ok()
        .filter(|n: &f64| n.is_finite() && *n > 0.0)
        .ok_or_else(|| "must be a number above 0".to_owned())
}

/// A number of orders a second, such as `50` or `50/s`.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    positive(text.trim_end().trim_end_matches("/s"))
        .map_err(|_| "must be a number a second, above 0, such as 50".to_owned())
}

/// An integer of at least 1.
pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    trimmed(text)
        .parse()
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| "must be an integer of at least 1".to_owned())
}

/// Seconds, such as `60`, or a time, such as `2m`: at most 30 days.
pub(crate) fn seconds_or_time(text: &str) -> Result<f64, String> {
    let number = trimmed(text).parse().ok().map(count);
    number
        .filter(|number| *number <= 30.0 * 86_400.0)
        .map_or_else(|| seconds(trimmed(text)), Ok)
        .map_err(|_| "must be a number of seconds, such as 60, or a time, such as 2m".to_owned())
}

/// A lane, in upper or lower case.
pub(crate) fn lane(text: &str) -> Result<Lane, String> {
    let name = trimmed(text).to_ascii_lowercase();
    name.parse().map_err(|_| {
        format!(
            "unknown lane {}: the lanes are standard and hot",
            quoted(text)
        )
    })
}

/// The name of a stack, or its ARN.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html>
pub(crate) fn stack_name(text: &str) -> Result<String, String> {
    let name = trimmed(text);
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_name || name.starts_with("arn:") {
        Ok(name.to_owned())
    } else {
        Err("a stack's name has letters, digits and hyphens, and begins with a letter".to_owned())
    }
}

/// The id of an order: by itself, or at the end of a `Location` or of an address.
pub(crate) fn order_id(text: &str) -> Result<OrderId, String> {
    let id = last_part(text);
    id.parse().map_err(|_| no_order_id(id))
}

/// What an id is, without what stands around it: white space, quotes, the path before it.
pub(crate) fn last_part(text: &str) -> &str {
    let text = trimmed(text);
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let path = text[..end].trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

/// Text without white space, invisible characters and quotes around it.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(
                c,
                '\'' | '"' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
            )
    })
}

/// Why a text is no order id: what it is instead, where that can be seen.
fn no_order_id(text: &str) -> String {
    const RULE: &str = "not an order id, which is ord_ and 32 letters, digits, - or _";
    let is_uuid = uuid::Uuid::parse_str(text).is_ok();
    let what = if text.is_empty() {
        "it is empty".to_owned()
    } else if is_trace_id(text) {
        "it is a trace id".to_owned()
    } else if is_uuid {
        "it looks like a message id or an Idempotency-Key".to_owned()
    } else if let Some(digits) = text.strip_prefix("ord_") {
        match digits
            .chars()
            .find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'))
        {
            Some(c) => format!("it holds {}", quoted(&c.to_string())),
            None => format!("it has {} of them", digits.chars().count()),
        }
    } else if text.to_ascii_lowercase().starts_with("ord_") {
        "upper and lower case differ".to_owned()
    } else {
        return RULE.to_owned();
    };
    format!("{RULE}: {what}")
}

/// Whether a text has the form of X-Ray's trace ids.
pub(crate) fn is_trace_id(text: &str) -> bool {
    let parts: Vec<_> = text.trim_start_matches("Root=").split('-').collect();
    let is_hex = |part: &str| part.bytes().all(|b| b.is_ascii_hexdigit());
    matches!(parts[..], ["1", time, rest] if time.len() == 8 && rest.len() == 24 && is_hex(time) && is_hex(rest))
}

/// A text between quotes, with what is invisible in it escaped.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", tame(text))
}

/// An address that a client of AWS can call.
///
/// # Errors
/// It is none; the text says what is wrong with it.
pub(crate) fn http_address(text: &str) -> Result<(), String> {
    let begins = |with: &str| {
        text.get(..with.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(with))
    };
    let wrong = if !begins("http://") && !begins("https://") {
        "does not begin with http:// or https://"
    } else if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        "holds white space"
    } else if Url::parse(text).is_err() {
        "is no address"
    } else {
        return Ok(());
    };
    Err(wrong.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "ord_u9N1G90ywT_czvS0SudxmQGnpkLqiARW";

    #[test]
    fn an_order_id_is_found_in_what_was_copied() {
        for text in [
            ID.to_owned(),
            format!("{ID}\r"),
            format!(" \t{ID}\n"),
            format!("\u{a0}{ID}\u{200b}"),
            format!("\u{feff}{ID}"),
            format!("\"{ID}\""),
            format!("orders/{ID}"),
            format!("/v1/orders/{ID}/"),
            format!("https://x.execute-api.eu-west-1.amazonaws.com/v1/orders/{ID}?a=b"),
            format!("http://127.0.0.1:4566/restapis/x/v1/_user_request_/orders/{ID}#x"),
        ] {
            assert_eq!(
                order_id(&text).map(|id| id.to_string()),
                Ok(ID.to_owned()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_is_no_order_id_is_told_what_it_is() {
        for (text, why) in [
            ("", "it is empty"),
            (
                "8e03978e-40d5-43dd-bc93-6894a57f9324",
                "a message id or an Idempotency-Key",
            ),
            ("1-5759e988-bd862e3fe1be46a994272793", "a trace id"),
            ("ord_AAAA", "it has 4 of them"),
            ("ord_AA\rAA", "it holds \"\\r\""),
            ("ord_A…", "it holds \"…\""),
            (
                "ORD_u9N1G90ywT_czvS0SudxmQGnpkLqiARW",
                "upper and lower case",
            ),
            ("https://api/orders", "not an order id, which is ord_"),
        ] {
            let error = order_id(text).unwrap_err();
            assert!(error.contains(why), "{text:?}: {error}");
            assert!(error.contains("32"), "{error}");
        }
    }

    #[test]
    fn a_lane_and_a_stack_are_named_as_people_write_them() {
        assert_eq!(lane(" Hot\r"), Ok(Lane::Hot));
        assert!(lane("h\u{1b}ot").unwrap_err().contains("\"h\\u{1b}ot\""));
        assert_eq!(stack_name("shop-1 \r"), Ok("shop-1".to_owned()));
        assert!(stack_name("arn:aws:cloudformation:eu-west-1:1:stack/s/x").is_ok());
        for bad in ["", "  ", "a b", "1a", "a/b", "a_b"] {
            assert!(stack_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_time_may_be_seconds() {
        for (text, read) in [("60", 60.0), ("0", 0.0), ("60s", 60.0), ("2m", 120.0)] {
            assert_eq!(seconds_or_time(text), Ok(read), "{text}");
        }
        for bad in [
            "",
            "-1",
            "soon",
            "18446744073709551615",
            "2026-11-27",
            "31d",
        ] {
            assert!(seconds_or_time(bad).is_err(), "{bad}");
        }
        assert_eq!(rate("50/s"), Ok(50.0));
        for bad in ["0", "0/s", "-1", "/s", "inf"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_endpoint_is_an_address_with_a_scheme() {
        assert_eq!(http_address("http://127.0.0.1:4566"), Ok(()));
        assert_eq!(http_address("https://x.example/"), Ok(()));
        for bad in [
            "127.0.0.1:4566",
            "localhost:4566",
            "localhost",
            "http://",
            "ftp://x",
            "http//x",
            "http:x",
            " ",
            "http://x\r",
        ] {
            assert!(http_address(bad).is_err(), "{bad}");
        }
    }
}
