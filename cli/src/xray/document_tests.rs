use serde_json::json;

use super::*;
use crate::xray::sample::{ORDER, accepted, fulfilled, read};

fn spans(document: &Value) -> Vec<Span> {
    let mut read = Read::default();
    read.add(&document.to_string());
    assert_eq!(read.unreadable, 0);
    read.spans
}

#[test]
fn a_segment_and_what_it_holds_are_read() {
    let [call, segment] = &spans(&fulfilled(ORDER, "Stored", 2, 110))[..] else {
        panic!("two spans");
    };
    assert_eq!(segment.kind, Kind::Fulfill);
    assert_eq!(segment.label(), "fulfill-orders #2");
    assert_eq!(segment.order_id.as_deref(), Some(ORDER));
    assert_eq!(segment.lane.as_deref(), Some("standard"));
    assert_eq!(segment.outcome.as_deref(), Some("Stored"));
    assert_eq!(segment.sent, Some(1_795_291_200.039));
    assert_eq!(segment.first_received, Some(1_795_291_200.1));
    assert!((segment.duration() - 0.020).abs() < 1e-6);
    assert_eq!((call.kind, call.status), (Kind::Storage, Status::Ok));
    assert_eq!(call.parent_id.as_ref(), Some(&segment.id));
    assert_eq!(call.label(), "DynamoDB PutItem");
}

#[test]
fn each_part_is_known_by_its_name_or_its_origin() {
    let kind = |document: Value| {
        let mut all = json!({"id": "1", "start_time": 1});
        all.as_object_mut()
            .unwrap()
            .extend(document.as_object().unwrap().clone());
        spans(&all)[0].kind
    };
    let named = |name: &str| kind(json!({"name": name}));
    let of = |origin: &str| kind(json!({"name": "accept-order", "origin": origin}));
    let call = |name: &str, op: &str| kind(json!({"name": name, "aws": {"operation": op}}));
    let sdk = json!({"xray": {"sdk": "opentelemetry for rust"}});
    let own = json!({"name": "accept-order", "origin": "AWS::Lambda::Function", "aws": sdk});
    assert_eq!(kind(own), Kind::Accept);
    assert_eq!(named("accept-order"), Kind::Accept);
    assert_eq!(named("read-orders"), Kind::Read);
    assert_eq!(named("fulfill-orders"), Kind::Batch);
    assert_eq!(named("SNS"), Kind::Other);
    assert_eq!(of("AWS::ApiGateway::Stage"), Kind::Api);
    assert_eq!(of("AWS::Lambda"), Kind::Lambda);
    assert_eq!(of("AWS::Lambda::Function"), Kind::Lambda);
    assert_eq!(of("AWS::SNS"), Kind::Topic);
    assert_eq!(of("AWS::SQS::Queue"), Kind::Queue);
    assert_eq!(of("AWS::EC2::Instance"), Kind::Other);
    assert_eq!(call("SNS", "Publish"), Kind::Publish);
    assert_eq!(call("SQS", "SendMessage"), Kind::Send);
    assert_eq!(call("SQS", "ChangeMessageVisibility"), Kind::Other);
    assert_eq!(call("DynamoDB", "Query"), Kind::Storage);
    let statement = json!({"name": "PostgreSQL", "sql": {"sanitized_query": "INSERT orders"}});
    assert_eq!(kind(statement), Kind::Storage);
}

#[test]
fn an_error_has_its_status_and_its_cause() {
    let mut document = read();
    let call = spans(&document).remove(0);
    assert_eq!(
        (call.status, call.cause.as_deref()),
        (Status::Fault, Some("timeout"))
    );
    let call = document["subsegments"][0].as_object_mut().unwrap();
    for (flag, cause, expected) in [
        (
            "throttle",
            json!({"exceptions": [{"type": "T"}]}),
            (Status::Throttle, Some("T")),
        ),
        ("error", json!("53995c3f42cd8ad8"), (Status::Error, None)),
        ("else", json!({"exceptions": []}), (Status::Ok, None)),
    ] {
        call.remove("fault");
        call.insert(flag.to_owned(), json!(true));
        call.insert("cause".to_owned(), cause);
        let document = json!(call);
        let span = spans(&document).remove(0);
        assert_eq!((span.status, span.cause.as_deref()), expected);
        call.remove(flag);
    }
}

#[test]
fn what_is_not_what_it_should_be_is_absent() {
    let odd = json!({
        "id": "1", "name": "fulfill-orders", "start_time": 5.5, "end_time": 4, "parent_id": 7, "fault": "yes",
        "annotations": {"receives": "two", "outcome": "Stored"}, "metadata": [], "aws": null, "cause": 1,
        "subsegments": {"id": "2"}, "inferred": "no", "unknown": {"a": [1]},
    });
    let span = spans(&odd).remove(0);
    assert_eq!((span.start, span.end), (5.5, 5.5));
    assert_eq!(
        (span.parent_id, span.receives, span.sent),
        (None, None, None)
    );
    assert_eq!((span.kind, span.status), (Kind::Fulfill, Status::Ok));
}

#[test]
fn what_cannot_be_read_is_counted_and_the_rest_is_kept() {
    let mut document = accepted(ORDER);
    let parts = document["subsegments"].as_array_mut().unwrap();
    parts.push(json!({"name": "no id", "start_time": 1}));
    parts.push(json!("no object"));
    let mut read = Read::default();
    for text in [
        "{",
        "",
        "[]",
        "null",
        r#"{"id":"1","name":"n","start_time":"1"}"#,
    ] {
        read.add(text);
    }
    read.add(&document.to_string());
    assert_eq!((read.unreadable, read.spans.len()), (7, 2));
}
