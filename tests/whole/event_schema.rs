//! The published schema says what the messages are.

use accept_order::{AcceptOrder, MemoryPublisher};
use jsonschema::Validator;
use serde_json::{Value, json};
use sluice_api::ProxyRequest;
use sluice_order::{HotSkus, Secrets, SystemClock};
use sluice_testing::{cases, matching::grow, project};

fn schema() -> Validator {
    let path = project().join("docs/schemas/sluice.order.accepted.v1.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[tokio::test]
async fn every_published_message_keeps_the_schema() {
    let schema = schema();
    let publisher = MemoryPublisher::default();
    let secrets = Secrets::from_json(cases::SECRETS).unwrap();
    let accept = AcceptOrder::new(&publisher, SystemClock, secrets, HotSkus::default());
    for case in cases::all()
        .into_iter()
        .filter(|case| case.function == "accept-order")
    {
        let request: ProxyRequest = serde_json::from_value(case.event).unwrap();
        let trace = "Root=1-6a1b2c3d-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=0";
        accept.handle(&request.into(), Some(trace)).await;
    }
    let messages = publisher.published();
    assert_eq!(messages.len(), 7);
    for publication in messages {
        let mut message: Value = serde_json::from_str(&publication.body).unwrap();
        if let Err(error) = schema.validate(&message) {
            panic!("{}: {error}", error.instance_path());
        }
        // A later version of the service adds fields, and no subscriber that keeps to the schema may break.
        grow(&mut message);
        if let Err(error) = schema.validate(&message) {
            panic!("grown, {}: {error}", error.instance_path());
        }
    }
}

/// A schema that takes anything would pass the test above.
#[test]
fn the_schema_refuses_what_is_no_message() {
    let case = cases::all()
        .into_iter()
        .find(|case| case.name == "two-orders")
        .unwrap();
    let body = case.event["Records"][0]["body"]
        .as_str()
        .unwrap()
        .to_owned();
    let message: Value = serde_json::from_str(&body).unwrap();
    let schema = schema();
    assert!(schema.is_valid(&message));
    for (pointer, value) in [
        ("/specversion", json!("0.3")),
        ("/id", json!("ord_1")),
        ("/time", json!("2026-11-27")),
        ("/traceparent", json!("00-1")),
        ("/data/content_hash", json!("v2:x")),
        ("/data/total", json!(-1)),
        ("/data/order/lines", json!([])),
        ("/data/order/lines/0/quantity", json!(0)),
        ("/data/order/ship_to", json!({"city": ""})),
    ] {
        let mut broken = message.clone();
        *broken.pointer_mut(pointer).unwrap() = value;
        assert!(!schema.is_valid(&broken), "{pointer}");
    }
}
