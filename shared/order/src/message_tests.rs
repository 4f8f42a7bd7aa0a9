//! What a message says, and what a broken one is taken for.

use super::*;
use crate::testing::secrets;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

fn accepted(order: Value) -> OrderAccepted {
    OrderAccepted::new(
        Order::from_json(order).unwrap(),
        OrderKey::from([1; 12]),
        Timestamp::from_millis(1_795_000_000_123),
        Some("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01".into()),
        &secrets(),
    )
}

fn small() -> OrderAccepted {
    accepted(
        json!({"customer_id": "c-1", "currency": "GBP", "lines": [{"sku": "s", "quantity": 1, "unit_price": 1}]}),
    )
}

#[test]
fn a_body_reads_back() {
    let message = small();
    assert_eq!(
        OrderAccepted::from_body(&message.to_body().unwrap(), &secrets()),
        Ok(message)
    );
}

/// A subscription whose raw delivery somebody switched off.
#[test]
fn a_message_in_an_envelope_of_sns_reads_like_the_message_itself() {
    let message = small();
    let wrapped = |body: &str| {
        json!({"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": body})
            .to_string()
    };
    let body = message.to_body().unwrap();
    let opened = OrderAccepted::open(&wrapped(&body), &secrets());
    assert_eq!(opened.traceparent, message.traceparent);
    assert_eq!(opened.accepted, Ok(message.clone()));
    let claim = OrderAccepted::claimed(&wrapped(&body)).unwrap();
    assert_eq!(claim.order_id, message.order_id);
    // It proves nothing: what is in it is checked.
    let forged = body.replace("\"quantity\":1", "\"quantity\":2");
    for (body, said) in [
        (wrapped(&forged), "CONTENT_MISMATCH"),
        (wrapped("hello"), "UNKNOWN_EVENT: it is an envelope of SNS"),
    ] {
        let failure = OrderAccepted::from_body(&body, &secrets()).unwrap_err();
        assert!(failure.to_string().starts_with(said), "{failure}");
    }
}

/// Golden vectors: what subscribers have read since version 1, byte by byte, but for the id. Messages with the first version's
/// ids may lie in a queue or a dead letter yet.
#[test]
fn golden_envelopes() {
    let message = accepted(json!({"customer_id": "c-1", "currency": "GBP", "lines": [
            {"sku": "b\"\\/", "description": "tab\té😀", "quantity": 2, "unit_price": 255},
            {"sku": "a", "quantity": 1, "unit_price": 0},
        ], "ship_to": {"country": "GB", "city": "Leeds"}}));
    let golden = |id: &str| {
        [
            r#"{"specversion":"1.0","id":""#, id, r#"","source":"urn:sluice:accept-order","#,
            r#""type":"sluice.order.accepted.v1","time":"2026-11-18T11:06:40.123Z","datacontenttype":"application/json","#,
            r#""traceparent":"00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01","#,
            r#""data":{"content_hash":"v1:ebW-HesziVGUSkvPl7lwbDuZ5RYNVIEHzwWWVX_BQHc","total":510,"#,
            r#""order":{"currency":"GBP","customer_id":"c-1","lines":["#,
            r#"{"description":"tab\té😀","quantity":2,"sku":"b\"\\/","unit_price":255},"#,
            r#"{"quantity":1,"sku":"a","unit_price":0}],"ship_to":{"city":"Leeds","country":"GB"}}}}"#,
        ]
        .concat()
    };
    assert_eq!(
        message.to_body().unwrap(),
        golden("ord_AQEBAQEBAQEBAQEBebW-Hc2GfQELUca28K0k")
    );
    let first_version = golden("ord_AQEBAQEBAQEBAQEBebW-HQF1fOdecxgh");
    let read = OrderAccepted::from_body(&first_version, &secrets()).unwrap();
    assert_eq!(read.to_body().unwrap(), first_version);
    assert_eq!(read.order, message.order);
}

/// The hash is recomputed here from nothing but the published bytes.
#[test]
fn what_is_hashed_is_what_travels() {
    let body = small().to_body().unwrap();
    let data = body.split_once(r#""data":"#).unwrap().1;
    let (_, order) = data.split_once(r#""order":"#).unwrap();
    let order = order.strip_suffix("}}").unwrap();
    let hash = crate::hash::tagged_sha256("sluice.order.content.v1", &[order.as_bytes()]);
    let text = format!("v1:{}", URL_SAFE_NO_PAD.encode(hash));
    assert_eq!(text, small().content.to_string());
    assert!(data.contains(&text), "{data}");
}

#[test]
fn a_later_version_may_add_fields() {
    let mut body: Value = serde_json::from_str(&small().to_body().unwrap()).unwrap();
    body["subject"] = json!("new");
    body["data"]["more"] = json!(1);
    assert_eq!(
        OrderAccepted::from_body(&body.to_string(), &secrets()),
        Ok(small())
    );
}

/// What is broken, how it is classified, and whether it can be recorded under its id.
#[test]
fn each_break_has_its_reason() {
    use RejectReason as R;
    let whole: Value = serde_json::from_str(&small().to_body().unwrap()).unwrap();
    let mut forged = small().order_id;
    forged.mac[0] ^= 1;
    for (pointer, value, reason, has_id) in [
        ("/type", json!("other.v1"), R::UnknownEvent, true),
        ("/specversion", json!("0.3"), R::UnknownEvent, true),
        ("/id", json!("ord_x"), R::ForgedId, false),
        ("/id", json!(7), R::ForgedId, false),
        ("/id", json!(forged), R::ForgedId, false),
        ("/time", json!("yesterday"), R::InvalidOrder, true),
        ("/data", json!(null), R::InvalidOrder, true),
        (
            "/data/order/lines/0/quantity",
            json!(0),
            R::InvalidOrder,
            true,
        ),
        (
            "/data/order/lines/0/quantity",
            json!(2),
            R::ContentMismatch,
            true,
        ),
        (
            "/data/content_hash",
            json!("v1:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"),
            R::ContentMismatch,
            true,
        ),
    ] {
        let mut body = whole.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        match OrderAccepted::from_body(&body.to_string(), &secrets()) {
            Err(ParseFailure::Permanent {
                reason: r,
                order_id,
                ..
            }) => {
                assert_eq!((r, order_id.is_some()), (reason, has_id), "{pointer}");
            }
            other => panic!("{pointer}: {other:?}"),
        }
    }
    for body in ["", "not json", "{\"id\":1,\"id\":1}"] {
        assert!(matches!(
            OrderAccepted::from_body(body, &secrets()),
            Err(ParseFailure::Permanent {
                reason: R::NotJson,
                order_id: None,
                ..
            })
        ));
    }
}

#[test]
fn what_is_said_of_a_broken_message_repeats_nothing_of_it() {
    let whole: Value = serde_json::from_str(&small().to_body().unwrap()).unwrap();
    for (pointer, value) in [
        ("/data", json!("12 High Street")),
        ("/time", json!("12 High Street")),
        ("/data/order/currency", json!("12 High Street")),
        ("/data/order/lines/0", json!({"12 High Street": 1})),
    ] {
        let mut body = whole.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        let failure = OrderAccepted::from_body(&body.to_string(), &secrets()).unwrap_err();
        assert!(!failure.to_string().contains("High"), "{failure}");
    }
}

#[test]
fn the_id_of_another_order_is_no_proof() {
    let mut message = small();
    let other = accepted(
        json!({"customer_id": "c-2", "currency": "GBP", "lines": [{"sku": "s", "quantity": 1, "unit_price": 1}]}),
    );
    message.order_id = other.order_id;
    assert!(matches!(
        OrderAccepted::from_body(&message.to_body().unwrap(), &secrets()),
        Err(ParseFailure::Permanent {
            reason: RejectReason::ContentMismatch,
            ..
        })
    ));
}

#[test]
fn a_claim_is_what_the_body_says_and_no_more() {
    let message = small();
    let whole: Value = serde_json::from_str(&message.to_body().unwrap()).unwrap();
    let claim = |pointer: &str, value: Value| {
        let mut body = whole.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        OrderAccepted::claimed(&body.to_string())
    };
    let content = (message.accepted_at, message.content, message.order);
    let mut forged = message.order_id;
    forged.mac[0] ^= 1;
    for id in [message.order_id, forged] {
        let content = Some(content.clone());
        let order_id = id;
        assert_eq!(claim("/id", json!(id)), Some(Claim { order_id, content }));
    }
    for (pointer, value) in [
        ("/type", json!("other.v1")),
        ("/time", json!("yesterday")),
        ("/data/order/lines/0/quantity", json!(0)),
        ("/data/order/lines/0/quantity", json!(2)),
    ] {
        let order_id = message.order_id;
        let only_id = Some(Claim {
            order_id,
            content: None,
        });
        assert_eq!(claim(pointer, value), only_id, "{pointer}");
    }
    assert_eq!(claim("/id", json!("ord_x")), None);
    for body in ["", "not json", "7"] {
        assert_eq!(OrderAccepted::claimed(body), None, "{body}");
    }
}

#[test]
fn an_unknown_secret_is_waited_for() {
    let newer = Secrets::from_json(r#"{"2":"22222222222222222222222222222222"}"#).unwrap();
    assert_eq!(
        OrderAccepted::from_body(&small().to_body().unwrap(), &newer),
        Err(ParseFailure::UnknownSecret(1))
    );
}

#[test]
fn what_fits_no_message_or_no_item_is_too_large() {
    let order = |count: usize, sku: usize, description: usize| {
        let lines: Vec<_> = (0..count)
            .map(|n| json!({"sku": format!("{n:03}{}", "😀".repeat(sku)), "description": "d".repeat(description), "quantity": 1, "unit_price": 1}))
            .collect();
        accepted(json!({"customer_id": "c", "currency": "GBP", "lines": lines})).to_body()
    };
    assert!(order(1000, 2, 150).is_ok());
    assert_eq!(order(1000, 2, 250), Err(TooLarge::Message));
    assert_eq!(
        order(780, 61, 1),
        Err(TooLarge::Item),
        "fits a message, but not an item"
    );
}
