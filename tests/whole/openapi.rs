//! `docs/openapi.json` says what the API does: every case of the API is held against it.

use accept_order::{AcceptOrder, MemoryPublisher};
use aws_lambda_events::sqs::SqsEvent;
use jsonschema::Validator;
use read_orders::ReadOrders;
use serde_json::{Value, json};
use sluice_api::{ProxyRequest, ProxyResponse};
use sluice_consumer::{Pace, queue::MemoryQueue};
use sluice_order::{HotSkus, Lane, Secrets, SystemClock};
use sluice_store::MemoryStore;
use sluice_testing::{cases, matching::grow, project};

fn openapi() -> Value {
    let path = project().join("docs/openapi.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A validator for a schema of the document, which may refer to its components.
fn validator(document: &Value, schema: &Value) -> Validator {
    let mut whole = schema.clone();
    whole["components"] = document["components"].clone();
    jsonschema::validator_for(&whole).unwrap()
}

/// The values that a schema names for a member.
fn examples(document: &Value, schema: &Value, name: &str) -> Vec<Value> {
    let referred = schema["$ref"]
        .as_str()
        .map(|to| &document.pointer(&to[1..]).unwrap()["properties"]);
    // Where API Gateway may answer too, ours is the first.
    let ours = schema["anyOf"].get(0).unwrap_or(schema);
    let own = || ours["allOf"].as_array().and_then(|all| all.last());
    let properties = referred.or_else(|| own().map(|schema| &schema["properties"]));
    let examples = properties.and_then(|properties| properties[name]["examples"].as_array());
    examples.cloned().unwrap_or_default()
}

#[tokio::test]
async fn every_answer_is_documented() {
    let document = openapi();
    let secrets = || Secrets::from_json(cases::SECRETS).unwrap();
    let store = MemoryStore::default();
    let accepting = [
        MemoryPublisher::default(),
        MemoryPublisher::failing(),
        MemoryPublisher::full(),
    ]
    .map(|publisher| AcceptOrder::new(publisher, SystemClock, secrets(), HotSkus::default()));
    let fulfill = fulfill_orders::consumer(
        &store,
        MemoryQueue::default(),
        SystemClock,
        secrets(),
        Lane::Standard,
        Pace::every(std::time::Duration::ZERO),
    );
    let reader = ReadOrders::new(&store, secrets());
    let mut seen = std::collections::BTreeSet::new();
    for case in cases::all() {
        if case.function == "fulfill-orders" {
            let batch: SqsEvent = serde_json::from_value(case.event).unwrap();
            sluice_consumer::handle(&fulfill, batch, u64::MAX).await;
            continue;
        }
        let request: ProxyRequest = serde_json::from_value(case.event.clone()).unwrap();
        let request = request.into();
        let answers = if case.function == "accept-order" {
            let mut answers = Vec::new();
            for accept in &accepting {
                answers.push(accept.handle(&request, None).await);
            }
            answers
        } else {
            vec![reader.handle(&request).await]
        };
        let method = case.event["httpMethod"].as_str().unwrap().to_lowercase();
        let operation = &document["paths"][case.event["resource"].as_str().unwrap()][&method];
        for answer in answers {
            let answer = serde_json::to_value(ProxyResponse::from(answer)).unwrap();
            let status = answer["statusCode"].to_string();
            let response = &operation["responses"][&status];
            let kind = answer["headers"]["content-type"].as_str().unwrap();
            let schema = &response["content"][kind]["schema"];
            assert!(
                schema.is_object(),
                "{}: {method} with {status} and {kind} is not documented",
                case.name
            );
            let mut body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            let validator = validator(&document, schema);
            if let Err(error) = validator.validate(&body) {
                panic!("{}, {}: {error}", case.name, error.instance_path());
            }
            for name in ["type", "status", "reason"] {
                if let Some(value @ Value::String(_)) = body.get(name) {
                    let known = examples(&document, schema, name);
                    assert!(known.contains(value), "{}: {name} {value}", case.name);
                    body[name] = json!("LATER");
                }
            }
            // A later version of the service adds fields and values, and no client that keeps to the document may break.
            grow(&mut body);
            if let Err(error) = validator.validate(&body) {
                panic!("{}, grown, {}: {error}", case.name, error.instance_path());
            }
            seen.insert((
                operation["operationId"].as_str().unwrap().to_owned(),
                status,
            ));
        }
    }
    // Every documented answer was seen, but for those of API Gateway itself, of storage that is down, and of customers in the functions' own tests.
    for operations in document["paths"].as_object().unwrap().values() {
        for operation in operations.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            for status in operation["responses"].as_object().unwrap().keys() {
                // A browser's repeated question, a case of its own in read-orders' tests.
                let elsewhere = ["403", "304"].contains(&status.as_str())
                    || status == "401" && id == "acceptOrder"
                    || (["429", "503"].contains(&status.as_str()) && id != "acceptOrder");
                assert!(
                    elsewhere || seen.contains(&(id.to_owned(), status.clone())),
                    "{id} never answered {status}"
                );
            }
        }
    }
}

#[test]
fn the_order_s_schema_takes_the_good_and_refuses_the_bad() {
    let document = openapi();
    let schema = validator(&document, &json!({"$ref": "#/components/schemas/Order"}));
    // What a schema cannot say: products of two fields, the list of currencies, single characters, repeated members.
    let beyond = [
        "amount-overflow",
        "character-that-sqs-refuses",
        "bytes-that-are-not-utf-8",
        "too-large",
        "currency-not-in-use",
    ];
    for case in cases::all()
        .into_iter()
        .filter(|case| case.function == "accept-order")
    {
        let body = case.event["body"]
            .as_str()
            .and_then(|body| sluice_order::json::parse(body.as_bytes()).ok());
        let Some(order) = body.filter(|_| !beyond.contains(&case.name)) else {
            continue;
        };
        match case.answer["statusCode"].as_u64().unwrap() {
            202 => {
                assert!(schema.is_valid(&order), "{}", case.name);
                let mut grown = order;
                grow(&mut grown);
                assert!(!schema.is_valid(&grown), "what we take is closed");
            }
            422 => assert!(!schema.is_valid(&order), "{}", case.name),
            _ => {}
        }
    }
}
