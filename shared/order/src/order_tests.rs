use serde_json::json;

use super::*;
use crate::ContentHash;

fn good() -> Value {
    json!({
        "customer_id": "17850",
        "currency": "GBP",
        "lines": [{"sku": "85123A", "description": "WHITE HANGING HEART ", "quantity": 6, "unit_price": 255}],
        "ship_to": {"name": "Zoë", "country": "GB"},
    })
}

fn pointers(order: Value) -> Vec<String> {
    Order::from_json(order)
        .unwrap_err()
        .into_iter()
        .map(|e| e.pointer)
        .collect()
}

/// The good order with one value put at a pointer, or with the member removed.
fn with(pointer: &str, value: Value) -> Value {
    let mut order = good();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = order.pointer_mut(parent).unwrap();
    match parent {
        Value::Object(members) => drop(members.insert(name.to_owned(), value)),
        _ => parent[name.parse::<usize>().unwrap()] = value,
    }
    order
}

#[test]
fn the_total_is_the_sum_of_the_lines() {
    let line = json!({"sku": "a", "quantity": 3, "unit_price": 7});
    let order = Order::from_json(with("/lines", json!([line, line]))).unwrap();
    assert_eq!(order.total(), 42);
}

#[test]
fn each_rule_has_its_pointer() {
    let max = MAX_INTEGER;
    let nine = json!({"sku": "s", "quantity": 1, "unit_price": max});
    for (pointer, value, expected) in [
        ("/customer_id", json!(""), "/customer_id"),
        ("/customer_id", json!("a".repeat(129)), "/customer_id"),
        ("/customer_id", json!("a b"), "/customer_id"),
        ("/customer_id", json!("ä"), "/customer_id"),
        ("/customer_id", json!(null), "/customer_id"),
        ("/customer_id", json!(17850), "/customer_id"),
        ("/currency", json!("gbp"), "/currency"),
        // ISO 4217's code for "no currency".
        ("/currency", json!("XXX"), "/currency"),
        ("/lines", json!([]), "/lines"),
        ("/lines", json!({}), "/lines"),
        ("/lines", json!(vec![nine.clone(); 1001]), "/lines"),
        ("/lines", json!([nine, nine]), "/lines"),
        ("/lines/0", json!([]), "/lines/0"),
        ("/lines/0/sku", json!("a".repeat(65)), "/lines/0/sku"),
        ("/lines/0/sku", json!("a\u{fffe}"), "/lines/0/sku"),
        ("/lines/0/sku", json!("caf\u{fffd}"), "/lines/0/sku"),
        ("/lines/0/sku", json!("a\u{0}"), "/lines/0/sku"),
        (
            "/lines/0/description",
            json!("a".repeat(513)),
            "/lines/0/description",
        ),
        (
            "/lines/0/description",
            json!("\u{1f}"),
            "/lines/0/description",
        ),
        ("/lines/0/quantity", json!(0), "/lines/0/quantity"),
        ("/lines/0/quantity", json!(-1), "/lines/0/quantity"),
        ("/lines/0/quantity", json!(1.0), "/lines/0/quantity"),
        ("/lines/0/quantity", json!("1"), "/lines/0/quantity"),
        ("/lines/0/quantity", json!(max + 1), "/lines/0/quantity"),
        ("/lines/0/quantity", json!(1e300), "/lines/0/quantity"),
        ("/lines/0/quantity", json!(max), "/lines/0"),
        ("/lines/0/unit_price", json!(-1), "/lines/0/unit_price"),
        ("/lines/0/unit_price", json!(true), "/lines/0/unit_price"),
        ("/lines/0/colour", json!("red"), "/lines/0/colour"),
        ("/ship_to", json!("home"), "/ship_to"),
        ("/ship_to/city", json!("a".repeat(257)), "/ship_to/city"),
        ("/ship_to/planet", json!("Mars"), "/ship_to/planet"),
        ("/a~1b~0", json!(1), "/a~01b~00"),
    ] {
        assert_eq!(
            pointers(with(pointer, value.clone())),
            [expected],
            "{pointer} {value}"
        );
    }
}

/// A field, a value in JSON, and the start of what is said of it.
const BROKEN: &str = r#"
/customer_id => null => must be a string, not null
/customer_id => 17850 => must be a string, not a number: write it in quotation marks
/customer_id => "" => must not be empty
/customer_id => "a b" => must hold visible ASCII characters only, not U+0020
/customer_id => "Ä" => must hold visible ASCII characters only, not U+00C4
/currency => 978 => must be a string, not a number
/currency => "gbp" => must be written as ISO 4217 does: GBP
/currency => "BGN" => must be a currency in use: BGN was replaced by EUR
/currency => "£" => must be the ISO 4217 code of a currency in use
/lines => [] => must hold at least 1 line
/lines => {"0": {}} => must be an array, not an object
/lines => "[]" => must be an array, not a string: it seems to be encoded twice
/lines/0 => " {}" => must be an object, not a string: it seems to be encoded twice
/lines/0 => true => must be an object, not a boolean
/lines/0/sku => "" => must not be empty
/lines/0/sku => 85123 => must be a string, not a number
/lines/0/sku => "caf\ufffd" => must not hold the character U+FFFD, which stands for bytes that were not UTF-8
/lines/0/description => "\u0007" => must not hold the character U+0007
/lines/0/quantity => "6" => must be an integer, not a string: write it without quotation marks
/lines/0/quantity => "six" => must be an integer, not a string
/lines/0/quantity => 0 => must be at least 1
/lines/0/quantity => -1 => must be at least 1
/lines/0/quantity => 6.0 => must be an integer, in digits alone: 6, not 6.0
/lines/0/quantity => 9007199254740992 => must be at most 9007199254740991
/lines/0/quantity => 1e300 => must be at most 9007199254740991
/lines/0/quantity => -1e300 => must be an integer
/lines/0/quantity => [6] => must be an integer, not an array
/lines/0/unit_price => 2.55 => must be an integer, in digits alone: 6, not 6.0 or 6e0; an amount counts the currency's minor unit: 255
/lines/0/unit_price => "2.55" => must be an integer, not a string: write it without quotation marks
/lines/0/unit_price => -50 => must be at least 0
/lines/0/unitPrice => 1 => is not a known field: it is written unit_price
/ship_to => [] => must be an object, not an array
/ship_to => "home" => must be an object, not a string
/ship_to/city => 7 => must be a string, not a number
/ship_to/postalCode => "E1" => is not a known field: it is written postal_code
/customerId => "c" => is not a known field: it is written customer_id
/idempotency_key => "k" => is not a known field: send the key in the header Idempotency-Key
/coupon => "k" => is not a known field
"#;

fn assert_said(order: Value, pointer: &str, said: &str) {
    let [error] = &Order::from_json(order).unwrap_err()[..] else {
        panic!("{pointer}: more than one")
    };
    assert_eq!(error.pointer, pointer);
    let message = &error.message;
    assert!(
        message.starts_with(said),
        "{pointer}: {message}, not {said}"
    );
}

/// Each message names the rule that was broken, and what to send.
#[test]
fn a_message_names_the_broken_rule() {
    for row in BROKEN.trim().lines() {
        let [pointer, value, said] = row.split(" => ").collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let value = serde_json::from_str(value).unwrap();
        assert_said(with(pointer, value), pointer, said);
    }
    for (pointer, value, said) in [
        (
            "/customer_id",
            json!("a".repeat(129)),
            "must have at most 128 characters",
        ),
        (
            "/lines",
            json!(vec![0; 1001]),
            "must hold at most 1000 lines",
        ),
        (
            "/lines/0/sku",
            json!("a".repeat(65)),
            "must have at most 64 characters",
        ),
    ] {
        assert_said(with(pointer, value), pointer, said);
    }
    let twice = json!(good().to_string());
    assert_said(
        twice,
        "",
        "must be an object, not a string: it seems to be encoded twice",
    );
    assert_said(json!([good()]), "", "must be an object, not an array");
}

/// DEL and the controls above it travel; below U+0020 only tab, line feed and carriage return do.
#[test]
fn control_characters_are_taken_where_a_message_can_carry_them() {
    for c in ('\0'..='\u{9f}').filter(|c| c.is_control()) {
        let order = Order::from_json(with("/lines/0/description", json!(format!("a{c}b"))));
        let is_taken = matches!(c, '\t' | '\n' | '\r' | '\u{7f}'..);
        assert_eq!(order.is_ok(), is_taken, "{c:?}");
    }
}

#[test]
fn the_limits_themselves_are_allowed() {
    let max = MAX_INTEGER;
    for (pointer, value) in [
        ("/customer_id", json!("!".repeat(128))),
        (
            "/lines",
            json!(vec![
                json!({"sku": "é".repeat(64), "quantity": 1, "unit_price": 0});
                1000
            ]),
        ),
        (
            "/lines/0",
            json!({"sku": "s", "quantity": 1, "unit_price": max}),
        ),
        ("/lines/0/description", json!("\u{10ffff}".repeat(512))),
        ("/lines/0/description", json!("\t\r\n")),
        ("/lines/0/description", json!(null)),
        ("/ship_to", json!(null)),
        ("/ship_to/city", json!("a".repeat(256))),
    ] {
        Order::from_json(with(pointer, value)).unwrap();
    }
}

#[test]
fn all_offences_are_told_at_once() {
    let order = json!({"currency": "?", "lines": [{"quantity": 0}, 7], "extra": 1});
    assert_eq!(
        pointers(order),
        [
            "/customer_id",
            "/currency",
            "/lines/0/sku",
            "/lines/0/quantity",
            "/lines/0/unit_price",
            "/lines/1",
            "/extra"
        ]
    );
    assert_eq!(pointers(json!([])), [""]);
}

#[test]
fn the_answer_stays_small_whatever_was_sent() {
    let members = (0..10_000).map(|n| (format!("{n}{}", "x".repeat(100)), json!(1)));
    let errors = Order::from_json(Value::Object(members.collect())).unwrap_err();
    assert_eq!(errors.len(), crate::fields::MAX_ERRORS);
    assert!(
        errors
            .iter()
            .all(|e| e.pointer.len() + e.message.len() < 100)
    );
}

/// What shops write where there is nothing. The hash is of the order without it.
#[test]
fn null_and_the_empty_text_are_the_same_as_absent() {
    for pointer in [
        "/ship_to",
        "/ship_to/name",
        "/ship_to/line1",
        "/ship_to/line2",
        "/ship_to/city",
        "/ship_to/region",
        "/ship_to/postal_code",
        "/ship_to/country",
        "/lines/0/description",
    ] {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let mut without = good();
        let members = without.pointer_mut(parent).unwrap().as_object_mut();
        members.unwrap().remove(name);
        let without = Order::from_json(without).unwrap();
        for nothing in [json!(null), json!("")] {
            let order = Order::from_json(with(pointer, nothing)).unwrap();
            assert_eq!(order, without, "{pointer}");
            assert_eq!(
                ContentHash::of(&order),
                ContentHash::of(&without),
                "{pointer}"
            );
        }
        let order = Order::from_json(with(pointer, json!(" ")));
        assert_eq!(order.is_ok(), pointer != "/ship_to", "a space is a text");
    }
}

/// An order that was accepted while its currency was in use stays readable.
#[test]
fn a_currency_that_was_dropped_is_read_but_not_taken() {
    let order = with("/currency", json!("BGN"));
    assert_eq!(pointers(order.clone()), ["/currency"]);
    assert_eq!(Order::try_from(order).unwrap().currency().code(), "BGN");
}

#[test]
fn a_product_is_named_as_it_was_sent_and_in_its_plain_form() {
    let line = |sku: &str| json!({"sku": sku, "quantity": 1, "unit_price": 1});
    let lines = json!([line("a"), line("A "), line("cafe\u{301}"), line("café")]);
    let order = Order::from_json(with("/lines", lines)).unwrap();
    let names: Vec<_> = order.product_names().into_iter().collect();
    assert_eq!(names, ["A", "A ", "a", "cafe\u{301}", "café"]);
    assert_eq!(order.skus().len(), 4);
}
