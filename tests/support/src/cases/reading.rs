//! `GET /orders/{id}` and `GET /orders`, after the batches.

use serde_json::{Value, json};
use sluice_order::{ListQuery, OrderAccepted, Position, Timestamp};

use super::{Case, accepted, customer, fulfilling, order, problem, secrets};
use crate::event::{Request, of_customer, of_request};

/// The end of 9999, in Unix seconds.
const NEVER: i64 = 253_402_300_799;

fn case(name: &'static str, id: Option<&str>, query: &[(&str, &str)], answer: Value) -> Case {
    Case {
        function: "read-orders",
        name,
        event: of_request(&Request {
            method: "GET",
            resource: if id.is_some() {
                "/orders/{id}"
            } else {
                "/orders"
            },
            id,
            headers: &[("Accept", "application/json")],
            query,
            body: None,
            base64: false,
        }),
        answer,
    }
}

fn get(name: &'static str, of: &OrderAccepted, mut body: Value) -> Case {
    let id = of.order_id.to_string();
    body["order_id"] = json!(id);
    let answer =
        json!({"statusCode": 200, "headers": {"content-type": "application/json"}, "body": body});
    case(name, Some(&id), &[], answer)
}

fn list(name: &'static str, query: &[(&str, &str)], found: &[&OrderAccepted], next: Value) -> Case {
    let orders: Vec<_> = found
        .iter()
        .map(|of| {
            json!({
                "order_id": of.order_id, "status": "IN_FULFILLMENT", "total": of.order.total(),
                "currency": "GBP", "accepted_at": of.accepted_at, "stored_at": "*",
            })
        })
        .collect();
    let body = json!({"orders": orders, "next_cursor": next});
    case(name, None, query, json!({"statusCode": 200, "body": body}))
}

fn bad_query(name: &'static str, query: &[(&str, &str)], offending: &[&str]) -> Case {
    let errors = offending
        .iter()
        .map(|parameter| json!({"parameter": parameter, "message": "*"}))
        .collect();
    case(name, None, query, problem(400, "invalid-query", errors))
}

/// The case as a call with this customer's token, which ends at this time.
fn by(customer: &str, expires: i64, name: &'static str, mut case: Case) -> Case {
    case.event = of_customer(case.event, customer, expires);
    case.name = name;
    case
}

pub(super) fn cases() -> Vec<Case> {
    let (first, second) = (fulfilling::first(), fulfilling::second());
    let third = accepted("third", order("17850", &["85123A"]));
    let fourth = accepted("fourth", order("17850", &["71053"]));
    let waiting = accepted("still-waiting", order("17850", &["85123A"]));
    let mut newest = [&first, &second, &third, &fourth];
    newest.sort_by_key(|of| std::cmp::Reverse(of.order_id.key()));
    let wrapped = fulfilling::wrapped();
    let mut unwrapped: Vec<_> = wrapped.iter().collect();
    unwrapped.sort_by_key(|of| std::cmp::Reverse(of.order_id.key()));
    let with_product: Vec<_> = newest
        .into_iter()
        .filter(|of| of.order.skus().iter().any(|sku| sku.as_str() == "85123A"))
        .collect();
    let mut forged = first.order_id.to_string();
    let seventh = forged.remove(10);
    forged.insert(10, if seventh == 'A' { 'B' } else { 'A' });

    let query = ListQuery {
        customer_id: customer("17850"),
        from: Timestamp::MIN,
        to: Timestamp::MAX,
        sku: None,
        newest_first: true,
        limit: 1,
        after: None,
    };
    let after_first = Position {
        accepted_at: newest[0].accepted_at,
        key: newest[0].order_id.key(),
    };
    let cursor = after_first.to_cursor(&query, &secrets());
    let of = ("customer_id", "17850");
    vec![
        get(
            "order-stored",
            &first,
            json!({
                "status": "IN_FULFILLMENT", "customer_id": "17850", "currency": "GBP", "total": 3_060,
                "lines": [
                    {"sku": "85123A", "description": "WHITE HANGING HEART T-LIGHT HOLDER", "quantity": 6, "unit_price": 255},
                    {"sku": "71053", "description": "WHITE HANGING HEART T-LIGHT HOLDER", "quantity": 6, "unit_price": 255},
                ],
                "ship_to": {"country": "United Kingdom"},
                "accepted_at": first.accepted_at, "stored_at": "*",
            }),
        ),
        get(
            "order-in-the-buffer",
            &waiting,
            json!({"status": "ACCEPTED"}),
        ),
        get(
            "order-rejected-key-reused",
            &fulfilling::conflicting(),
            json!({
                "status": "REJECTED", "reason": "KEY_REUSED", "total": 1_530,
            }),
        ),
        get(
            "order-rejected-invalid",
            &fulfilling::broken(),
            json!({"status": "REJECTED", "reason": "INVALID_ORDER"}),
        ),
        case(
            "id-forged",
            Some(&forged),
            &[],
            problem(404, "order-not-found", Value::Null),
        ),
        case(
            "id-malformed",
            Some("ord_ÄÖÜ"),
            &[],
            problem(404, "order-not-found", Value::Null),
        ),
        case(
            "id-of-nothing",
            Some(&"9".repeat(10_000)),
            &[],
            problem(404, "order-not-found", Value::Null),
        ),
        list("list", &[of], &newest, Value::Null),
        list(
            "list-latest",
            &[of, ("limit", "1")],
            &newest[..1],
            json!(cursor),
        ),
        list(
            "list-next-page",
            &[of, ("limit", "2"), ("cursor", &cursor)],
            &newest[1..3],
            json!("*"),
        ),
        list(
            "list-one-product",
            &[of, ("sku", "85123A")],
            &with_product,
            Value::Null,
        ),
        list(
            "list-outside-the-range",
            &[of, ("from", "2026-11-27T08:00:00.051Z")],
            &[],
            Value::Null,
        ),
        // What becomes of "+00:00" in a query where the client wrote no %2B.
        list(
            "list-from-with-a-plus",
            &[of, ("from", "2026-11-27T08:00:00.000 00:00")],
            &newest,
            Value::Null,
        ),
        list(
            "list-one-product-with-spaces",
            &[of, ("sku", " 85123A\u{a0}")],
            &with_product,
            Value::Null,
        ),
        list(
            "list-of-nobody",
            &[("customer_id", "nobody")],
            &[],
            Value::Null,
        ),
        list(
            "list-of-wrapped",
            &[("customer_id", "12583")],
            &unwrapped,
            Value::Null,
        ),
        by(
            "17850",
            NEVER,
            "list-by-token",
            list("", &[], &newest, Value::Null),
        ),
        by(
            "13047",
            NEVER,
            "list-of-another-by-token",
            case(
                "",
                None,
                &[of],
                problem(403, "not-your-orders", Value::Null),
            ),
        ),
        by(
            "17850",
            NEVER,
            "order-by-token",
            get("", &waiting, json!({"status": "ACCEPTED"})),
        ),
        by(
            "13047",
            NEVER,
            "order-of-another-by-token",
            case(
                "",
                Some(&waiting.order_id.to_string()),
                &[],
                problem(404, "order-not-found", Value::Null),
            ),
        ),
        by(
            "17850",
            1,
            "list-by-ended-token",
            case("", None, &[], problem(401, "token-expired", Value::Null)),
        ),
        by(
            "17850",
            1,
            "order-by-ended-token",
            case(
                "",
                Some(&waiting.order_id.to_string()),
                &[],
                problem(401, "token-expired", Value::Null),
            ),
        ),
        bad_query("list-without-customer", &[("limit", "1")], &["customer_id"]),
        bad_query(
            "list-all-wrong",
            &[
                of,
                ("from", "yesterday"),
                ("to", "2026-11-27"),
                ("sku", ""),
                ("order", "up"),
                ("limit", "101"),
            ],
            &["from", "to", "sku", "order", "limit"],
        ),
        bad_query("list-unknown-parameter", &[of, ("page", "2")], &["page"]),
        bad_query("list-parameter-twice", &[of, of], &["customer_id"]),
        bad_query(
            "list-wrong-separator",
            &[("customer_id", "17850;limit=1")],
            &["customer_id"],
        ),
        bad_query(
            "list-backwards",
            &[
                of,
                ("from", "2026-11-28T00:00:00Z"),
                ("to", "2026-11-27T00:00:00Z"),
            ],
            &["from"],
        ),
        bad_query(
            "list-cursor-of-another-customer",
            &[("customer_id", "13047"), ("cursor", &cursor)],
            &["cursor"],
        ),
        bad_query(
            "list-cursor-made-up",
            &[of, ("cursor", "eyJrIjoxfQ")],
            &["cursor"],
        ),
    ]
}
