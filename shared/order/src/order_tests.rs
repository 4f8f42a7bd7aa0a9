use serde_json::json;

use super::*;

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

/// An order that was accepted while its currency was in use stays readable.
#[test]
fn a_currency_that_was_dropped_is_read_but_not_taken() {
    let order = with("/currency", json!("BGN"));
    assert_eq!(pointers(order.clone()), ["/currency"]);
    assert_eq!(Order::try_from(order).unwrap().currency().code(), "BGN");
}

#[test]
fn null_is_the_same_as_absent() {
    let mut without = good();
    without.as_object_mut().unwrap().remove("ship_to");
    assert_eq!(
        Order::from_json(with("/ship_to", json!(null))).unwrap(),
        Order::from_json(without).unwrap()
    );
}
