//! `POST /orders`.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Case, order, problem};
use crate::event::{Request, of_request};

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn case(name: &'static str, headers: &[(&str, &str)], body: Option<&str>, answer: Value) -> Case {
    case_with_query(name, headers, &[], body, answer)
}

fn case_with_query(
    name: &'static str,
    headers: &[(&str, &str)],
    query: &[(&str, &str)],
    body: Option<&str>,
    answer: Value,
) -> Case {
    Case {
        function: "accept-order",
        name,
        event: of_request(&Request {
            method: "POST",
            resource: "/orders",
            id: None,
            headers,
            query,
            body,
            base64: name.ends_with("base64"),
        }),
        answer,
    }
}

fn accepted() -> Value {
    json!({
        "statusCode": 202,
        "headers": {"content-type": "application/json", "location": "*", "cache-control": "no-store"},
        "body": {"order_id": "*", "status": "ACCEPTED", "total": 1_530, "currency": "GBP", "accepted_at": "*"},
        "isBase64Encoded": false,
    })
}

pub(super) fn cases() -> Vec<Case> {
    let good = order("17850", &["85123A"]).to_string();
    let key = ("Idempotency-Key", "536365");
    let bad = |name, body: &str, status, problem_name| {
        case(
            name,
            &[JSON, key],
            Some(body),
            problem(status, problem_name, Value::Null),
        )
    };
    let invalid = |name, body: Value, pointers: &[&str]| {
        let errors = pointers
            .iter()
            .map(|pointer| json!({"pointer": pointer, "message": "*"}))
            .collect();
        let answer = problem(422, "invalid-order", errors);
        case(name, &[JSON, key], Some(&body.to_string()), answer)
    };
    let with = |pointer: &str, value: Value| {
        let mut order = order("17850", &["85123A"]);
        *order.pointer_mut(pointer).unwrap() = value;
        order
    };
    let max = 9_007_199_254_740_991_u64;
    let mut by_hand = case(
        "good-with-single-headers",
        &[JSON, key],
        Some(&good),
        accepted(),
    );
    by_hand.event["multiValueHeaders"] = Value::Null;
    let mut blank = with("/lines/0/description", json!(""));
    blank["ship_to"] = json!({"name": "A. Shopper", "line1": "1 High Street", "line2": "", "region": "", "country": "GB"});
    vec![
        case("good", &[JSON, key], Some(&good), accepted()),
        case("good-repeated", &[JSON, key], Some(&good), accepted()),
        case("good-without-key", &[JSON], Some(&good), accepted()),
        case(
            "good-in-lower-case-and-base64",
            &[
                ("content-type", "Application/JSON; charset=\"UTF-8\""),
                ("idempotency-key", "536366"),
            ],
            Some(&STANDARD.encode(&good)),
            accepted(),
        ),
        case(
            "good-with-byte-order-mark",
            &[JSON, key],
            Some(&format!("\u{feff}{good}")),
            accepted(),
        ),
        by_hand,
        case(
            "empty-texts",
            &[JSON, ("Idempotency-Key", "536367")],
            Some(&blank.to_string()),
            accepted(),
        ),
        case(
            "no-body",
            &[JSON],
            None,
            problem(400, "invalid-json", Value::Null),
        ),
        bad(
            "not-json",
            "customer_id=17850&sku=85123A",
            400,
            "invalid-json",
        ),
        bad("cut-off", &good[..good.len() - 2], 400, "invalid-json"),
        bad(
            "member-twice",
            r#"{"customer_id":"17850","currency":"GBP","lines":[{"sku":"a","quantity":1,"quantity":100,"unit_price":1}]}"#,
            400,
            "invalid-json",
        ),
        bad(
            "too-deep",
            &format!("{{\"lines\":{}{}}}", "[".repeat(200), "]".repeat(200)),
            400,
            "invalid-json",
        ),
        bad(
            "not-a-number",
            r#"{"customer_id":"17850","currency":"GBP","lines":[{"sku":"a","quantity":NaN,"unit_price":1}]}"#,
            400,
            "invalid-json",
        ),
        bad(
            "half-a-character",
            r#"{"customer_id":"\ud83d","currency":"GBP","lines":[]}"#,
            400,
            "invalid-json",
        ),
        bad(
            "too-large",
            &with("/lines/0/description", json!("d".repeat(256 * 1024))).to_string(),
            413,
            "order-too-large",
        ),
        case(
            "form",
            &[("Content-Type", "application/x-www-form-urlencoded"), key],
            Some(&good),
            problem(415, "unsupported-media-type", Value::Null),
        ),
        case(
            "no-content-type",
            &[key],
            Some(&good),
            problem(415, "unsupported-media-type", Value::Null),
        ),
        case(
            "latin-1",
            &[
                ("Content-Type", "application/json; charset=iso-8859-1"),
                key,
            ],
            Some(&good),
            problem(415, "unsupported-media-type", Value::Null),
        ),
        case(
            "compressed",
            &[JSON, key, ("Content-Encoding", "gzip")],
            Some("H4sIAAAAAAAAA6tWSi4tLsnPTS2Kz0xRslIyNLcwNVCqBQBr7VNDFwAAAA=="),
            problem(415, "unsupported-media-type", Value::Null),
        ),
        case(
            "key-in-another-header",
            &[JSON, ("X-Idempotency-Key", "536365")],
            Some(&good),
            problem(400, "invalid-idempotency-key", Value::Null),
        ),
        case_with_query(
            "key-in-the-query",
            &[JSON],
            &[("idempotency_key", "536365")],
            Some(&good),
            problem(400, "invalid-idempotency-key", Value::Null),
        ),
        case(
            "empty-key",
            &[JSON, ("Idempotency-Key", "")],
            Some(&good),
            problem(400, "invalid-idempotency-key", Value::Null),
        ),
        case(
            "key-with-space",
            &[JSON, ("Idempotency-Key", "a b")],
            Some(&good),
            problem(400, "invalid-idempotency-key", Value::Null),
        ),
        case(
            "two-keys",
            &[JSON, key, ("idempotency-key", "other")],
            Some(&good),
            problem(400, "invalid-idempotency-key", Value::Null),
        ),
        invalid("an-array", json!([1, 2]), &[""]),
        invalid("encoded-twice", json!(good), &[""]),
        invalid(
            "currency-not-in-use",
            with("/currency", json!("BGN")),
            &["/currency"],
        ),
        invalid(
            "empty-object",
            json!({}),
            &["/customer_id", "/currency", "/lines"],
        ),
        invalid("no-lines", with("/lines", json!([])), &["/lines"]),
        invalid(
            "unknown-fields",
            json!({"customer_id": "17850", "currency": "GBP", "coupon": "X", "lines": [{"sku": "a", "quantity": 1, "unit_price": 1, "gift": true}]}),
            &["/lines/0/gift", "/coupon"],
        ),
        invalid(
            "cancellation",
            with("/lines/0/quantity", json!(-1)),
            &["/lines/0/quantity"],
        ),
        invalid(
            "fractions",
            with("/lines/0/unit_price", json!(2.55)),
            &["/lines/0/unit_price"],
        ),
        invalid(
            "number-too-large",
            with("/lines/0/unit_price", json!(max + 1)),
            &["/lines/0/unit_price"],
        ),
        invalid(
            "amount-overflow",
            with("/lines/0/unit_price", json!(max)),
            &["/lines/0"],
        ),
        invalid(
            "unicode-customer",
            with("/customer_id", json!("ＡＢＣ\u{200b}1")),
            &["/customer_id"],
        ),
        invalid(
            "currency-in-lower-case",
            with("/currency", json!("gbp")),
            &["/currency"],
        ),
        // What API Gateway makes of a body in Latin-1.
        invalid(
            "bytes-that-are-not-utf-8",
            with("/lines/0/sku", json!("caf\u{fffd}")),
            &["/lines/0/sku"],
        ),
        invalid(
            "character-that-sqs-refuses",
            with("/lines/0/description", json!("a\u{ffff}")),
            &["/lines/0/description"],
        ),
    ]
}
