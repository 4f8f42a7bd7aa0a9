use super::*;
use crate::terminal::failure::Exit;

const TRACE: &str = "00-6b01c280bd862e3fe1be46a994272793-53995c3f42cd8ad8";

#[test]
fn why_x_ray_does_not_have_it_follows_from_its_age() {
    let id = "1-6b01c280-bd862e3fe1be46a994272793".parse().unwrap();
    let after = |seconds: i64| {
        let failure = not_there(id, Timestamp::from_millis((0x6b01_c280 + seconds) * 1_000));
        assert_eq!(failure.exit(), Exit::Wrong);
        failure.to_string()
    };
    assert!(after(3).ends_with("Next: run it again: X-Ray has a trace after some seconds"));
    assert!(after(-3).contains("run it again"));
    assert!(after(61).contains("check that the functions may send traces"));
    assert!(after(30 * 86_400).contains("check that the functions may send traces"));
    let old = after(31 * 86_400);
    assert!(old.contains("began 31 days ago: X-Ray keeps 30"), "{old}");
}

#[test]
fn what_is_not_stored_is_unknown_and_a_rejection_is_told() {
    assert_eq!(Stored::of(None), Stored::Unknown { is_rejected: false });
    let none = no_trace(false, "6h").to_string();
    assert!(none.starts_with(
        "no such order is stored, and X-Ray has no trace of it that began in the last 6h"
    ));
    assert!(
        no_trace(true, "6h")
            .to_string()
            .starts_with("the order was rejected, and")
    );
}

#[test]
fn an_order_says_whether_it_was_sampled() {
    let order = |traceparent: Option<String>| {
        let order = serde_json::json!({
            "customer_id": "c", "currency": "EUR", "lines": [{"sku": "s", "quantity": 1, "unit_price": 1}],
        });
        let order = sluice_order::Order::from_json(order).unwrap();
        let found = Found::Order(Box::new(sluice_store::StoredOrder {
            order_id: crate::xray::sample::ORDER.parse().unwrap(),
            accepted_at: Timestamp::MIN,
            stored_at: Timestamp::MIN,
            content: sluice_order::ContentHash::of(&order),
            traceparent,
            order,
        }));
        Stored::of(Some(&found))
    };
    assert_eq!(order(None), Stored::NotSampled);
    assert_eq!(order(Some(format!("{TRACE}-00"))), Stored::NotSampled);
    assert!(matches!(order(Some(format!("{TRACE}-01"))), Stored::In(_)));
    assert_eq!(not_sampled().exit(), Exit::Wrong);
}
