use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use serde_json::json;
use sha2::Sha256;

use super::*;
use crate::testing::{SECRETS, offer, secrets};

/// What a customer's order becomes at the time 1,000 s, under one secret.
fn read(order: Value) -> Result<Order, Refused> {
    let customer = CustomerId::new("c-1".to_owned()).unwrap();
    read_order(
        order,
        &customer,
        &secrets(),
        Timestamp::from_millis(1_000_000),
    )
}

/// The errors as `pointer rule`.
fn refusals(order: Value) -> Vec<String> {
    match read(order) {
        Err(Refused::Fields(errors)) => errors
            .iter()
            .map(|error| format!("{} {}", error.pointer, error.message))
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn claims() -> Value {
    json!({"sku": "lamp", "unit_price": 1_999, "currency": "GBP", "exp": 1_001})
}

fn order_of(offer: &str) -> Value {
    json!({"lines": [{"offer": offer, "quantity": 2}]})
}

fn signed(header: &Value, claims: &Value, key: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    let mac = mac.chain_update(&text).finalize().into_bytes();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// P9.
#[test]
fn price_product_and_customer_are_not_the_browser_s_to_say() {
    let order = read(order_of(&offer(&claims()))).unwrap();
    assert_eq!(
        serde_json::to_value(&order).unwrap(),
        json!({
            "customer_id": "c-1",
            "currency": "GBP",
            "lines": [{"sku": "lamp", "quantity": 2, "unit_price": 1_999}],
        })
    );
    // The offer is no part of the order: a repeat with a newer offer of the same price is the same order.
    let mut later = claims();
    later["exp"] = json!(9_999);
    assert_eq!(read(order_of(&offer(&later))).unwrap(), order);
    // To say the same is allowed.
    let said = json!({
        "customer_id": "c-1",
        "currency": "GBP",
        "lines": [{"offer": offer(&claims()), "sku": "lamp", "quantity": 2, "unit_price": 1_999, "description": null}],
    });
    assert_eq!(read(said).unwrap(), order);
    for (pointer, value) in [
        ("/lines/0/sku", json!("Lamp")),
        ("/lines/0/unit_price", json!(0)),
        ("/lines/0/unit_price", json!(1_999.0)),
        ("/lines/0/description", json!("two lamps")),
        ("/currency", json!("JPY")),
    ] {
        let mut order = order_of(&offer(&claims()));
        order["currency"] = json!("GBP");
        order["lines"][0]["sku"] = json!("lamp");
        order["lines"][0]["unit_price"] = json!(1_999);
        order["lines"][0]["description"] = json!("");
        *order.pointer_mut(pointer).unwrap() = value;
        let refusals = refusals(order);
        assert_eq!(refusals.len(), 1, "{refusals:?}");
        assert!(refusals[0].starts_with(pointer), "{refusals:?}");
    }
    let mut order = order_of(&offer(&claims()));
    for other in [json!("c-2"), json!(""), json!(7), json!(["c-1"])] {
        order["customer_id"] = other;
        assert_eq!(read(order.clone()), Err(Refused::OtherCustomer));
    }
}

#[test]
fn without_an_offer_of_this_shop_there_is_no_order() {
    let whole = offer(&claims());
    let header = json!({"alg": "HS256", "typ": "offer+jwt", "kid": "1"});
    let key = "1".repeat(32);
    assert_eq!(signed(&header, &claims(), &key), whole);
    let with = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        signed(&header, &claims(), &key)
    };
    let (front, signature) = whole.rsplit_once('.').unwrap();
    let none = json!({"alg": "none", "typ": "offer+jwt", "kid": "1"});
    for foreign in [
        String::new(),
        "lamp".to_owned(),
        "..".to_owned(),
        format!("{front}."),
        format!("{front}.{signature}A"),
        format!("{front}.{}", &signature[1..]),
        format!(" {whole}"),
        format!("{whole}.{signature}"),
        signed(&header, &claims(), &"2".repeat(32)),
        signed(&none, &claims(), &key),
        format!(
            "{}.",
            signed(&none, &claims(), &key).rsplit_once('.').unwrap().0
        ),
        with("alg", json!("HS512")),
        with("alg", json!("hs256")),
        with("typ", json!("JWT")),
        with("typ", Value::Null),
        with("kid", json!("2")),
        with("kid", json!(1)),
        with("kid", json!("../1")),
        with("crit", json!(["exp"])),
        "a".repeat(1_000_000),
    ] {
        let refusals = refusals(order_of(&foreign));
        let expected = "/lines/0/offer is not an offer of this shop";
        assert_eq!(
            refusals,
            [expected],
            "{}",
            &foreign[..foreign.len().min(99)]
        );
    }
    let required = "/lines/0/offer is required: a customer orders at the shop's price";
    let line = |line: Value| json!({"currency": "GBP", "lines": [line]});
    let priced = json!({"sku": "lamp", "quantity": 2, "unit_price": 1_999});
    assert_eq!(refusals(line(priced)), [required]);
    assert_eq!(
        refusals(line(json!({"offer": null, "quantity": 2}))),
        [required]
    );
    assert_eq!(
        refusals(line(json!({"offer": 7, "quantity": 2}))),
        ["/lines/0/offer must be a string"]
    );
}

#[test]
fn an_offer_ends() {
    let at = |exp: i64| {
        let mut claims = claims();
        claims["exp"] = json!(exp);
        read(order_of(&offer(&claims)))
    };
    assert!(at(1_001).is_ok() && at(i64::MAX).is_ok());
    for exp in [1_000, 0, -1, i64::MIN] {
        assert!(at(exp).is_err(), "{exp}");
    }
}

#[test]
fn an_offer_may_limit_the_quantity_of_all_its_lines() {
    let mut claims = claims();
    claims["max_quantity"] = json!(3);
    let offer = offer(&claims);
    let lines = |quantities: &[u64]| {
        let lines: Vec<_> = quantities
            .iter()
            .map(|quantity| json!({"offer": offer, "quantity": quantity}))
            .collect();
        json!({"lines": lines})
    };
    assert!(read(lines(&[3])).is_ok() && read(lines(&[1, 2])).is_ok());
    for (at, quantities) in [(0, &[4][..]), (1, &[2, 2]), (1, &[1, u64::MAX])] {
        let expected = format!("/lines/{at}/quantity must be at most 3 in all of an order");
        assert_eq!(refusals(lines(quantities)), [expected]);
    }
}

#[test]
fn the_offers_of_an_order_are_in_one_currency() {
    let mut euros = claims();
    euros["currency"] = json!("EUR");
    let line = |claims: &Value| json!({"offer": offer(claims), "quantity": 1});
    let order = json!({"lines": [line(&claims()), line(&euros)]});
    assert_eq!(
        refusals(order),
        ["/currency must be one: the offers have several"]
    );
}

#[test]
fn what_is_wrong_beside_the_offer_is_said_as_ever() {
    for (order, expected) in [
        (json!(7), " must be an object, not a number"),
        (json!({}), "/currency is required"),
        (
            json!({"lines": 7, "currency": "GBP"}),
            "/lines must be an array, not a number",
        ),
        (
            json!({"lines": [7], "currency": "GBP"}),
            "/lines/0 must be an object, not a number",
        ),
        (
            json!({"lines": [{"offer": offer(&claims())}]}),
            "/lines/0/quantity is required",
        ),
    ] {
        assert_eq!(refusals(order.clone())[0], expected, "{order}");
    }
}

#[test]
fn a_secret_that_is_not_known_yet_is_named() {
    let order = |kid: &str| {
        let header = json!({"alg": "HS256", "typ": "offer+jwt", "kid": kid});
        let offer = signed(&header, &claims(), &"2".repeat(32));
        json!({"lines": [{"quantity": 1}, {"offer": offer}]})
    };
    assert_eq!(unknown_secret(&order("2"), &secrets()), Some(2));
    for kid in ["1", "-1", "256", "x"] {
        assert_eq!(unknown_secret(&order(kid), &secrets()), None, "{kid}");
    }
    let both = format!(r#"{{"2":"{}",{}"#, "2".repeat(32), &SECRETS[1..]);
    let both = Secrets::from_json(&both).unwrap();
    assert_eq!(unknown_secret(&order("2"), &both), None);
}

proptest! {
    /// P9. Whoever cannot sign cannot order at another price.
    #[test]
    fn a_changed_offer_is_none(at in 0usize..180, to in "[A-Za-z0-9_.=-]") {
        let mut changed = offer(&claims());
        let at = at % changed.len();
        changed.replace_range(at..=at, &to);
        let is_whole = changed == offer(&claims());
        prop_assert_eq!(read(order_of(&changed)).is_ok(), is_whole);
    }

    #[test]
    fn any_text_is_an_offer_or_refused(text in "\\PC{0,200}") {
        prop_assert!(read(order_of(&text)).is_err());
    }
}
