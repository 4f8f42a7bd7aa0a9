//! Documents as the functions and AWS send them, for tests. Times are milliseconds from [`BEGIN`].

use serde_json::{Value, json};

/// The order of most samples.
pub(crate) const ORDER: &str = "ord_u9N1G90ywT_czvS0SudxmQF2Yl1-8wq3";

/// Lambda's segment, which a local AWS does not send.
pub(crate) const LAMBDA: &str = "53995c3f42cd8ad8";

/// When API Gateway gets the request, in seconds since 1970.
const BEGIN: u32 = 1_795_291_200;

fn at(millis: i64) -> f64 {
    let millis = i32::try_from(millis).unwrap();
    f64::from(BEGIN) + f64::from(millis) / 1_000.0
}

fn since_1970(millis: i64) -> i64 {
    i64::from(BEGIN) * 1_000 + millis
}

/// accept-order's subsegment: 23 ms to 40 ms after the request came, with the call of SNS from 25 ms to 38 ms.
pub(crate) fn accepted(order: &str) -> Value {
    json!({
        "name": "accept-order", "id": format!("acce{:.12}", tail(order)), "trace_id": "1-6b01c280-000000000000000000000001",
        "parent_id": LAMBDA, "type": "subsegment", "start_time": at(23), "end_time": at(40),
        "annotations": {"order_id": order, "customer_hash": "h", "lane": "standard", "outcome": "Accepted"},
        "metadata": {"api_started_ms": since_1970(0)},
        "subsegments": [{
            "name": "SNS", "id": format!("5a5a{:.12}", tail(order)), "namespace": "aws",
            "start_time": at(25), "end_time": at(38), "aws": {
                "operation": "Publish", "request_id": "r", "topic_arn": "arn:aws:sns:us-east-1:000000000000:sluice-OrdersTopic-XYZ",
            },
            "http": {"response": {"status": 200}},
        }],
    })
}

/// fulfill-orders' segment of one receive, which takes 20 ms from so many ms on, with one call of `DynamoDB`.
pub(crate) fn fulfilled(order: &str, outcome: &str, receives: u64, start: i64) -> Value {
    let id = |part: &str| format!("{part}{receives}{:.11}", tail(order));
    json!({
        "name": "fulfill-orders", "id": id("f0f0"), "trace_id": "1-6b01c280-000000000000000000000001",
        "origin": "AWS::Lambda::Function", "aws": {"xray": {"sdk": "opentelemetry for rust"}},
        "parent_id": format!("acce{:.12}", tail(order)), "start_time": at(start), "end_time": at(start + 20),
        "annotations": {
            "order_id": order, "customer_hash": "h", "lane": "standard", "outcome": outcome, "receives": receives,
        },
        "metadata": {
            "invocation": "Root=1-6b01c281-000000000000000000000002;Parent=53995c3f42cd8ad9;Sampled=1",
            "sent_ms": since_1970(39), "first_received_ms": since_1970(100),
        },
        "subsegments": [{
            "name": "DynamoDB", "id": id("dbdb"), "namespace": "aws", "start_time": at(start + 2),
            "end_time": at(start + 18), "http": {"response": {"status": 200}},
            "aws": {"operation": "PutItem", "table_name": "sluice-orders", "request_id": "r"},
        }],
    })
}

/// A dead letter's segment: the rejection is recorded, and the message sent.
pub(crate) fn dead_lettered(order: &str) -> Value {
    let mut document = fulfilled(order, "DeadLettered", 1, 110);
    let call = json!({
        "name": "SQS", "id": format!("5c5c{:.12}", tail(order)), "namespace": "aws", "start_time": at(128),
        "end_time": at(130), "aws": {"operation": "SendMessage", "queue_url": "https://sqs/1/dlq"},
    });
    document["subsegments"].as_array_mut().unwrap().push(call);
    document
}

/// An invocation of read-orders.
pub(crate) fn read() -> Value {
    json!({
        "name": "read-orders", "id": "4ead000000000001", "parent_id": "53995c3f42cd8ad7", "type": "subsegment",
        "start_time": at(0), "end_time": at(9),
        "subsegments": [{
            "name": "DynamoDB", "id": "dbdb000000000001", "namespace": "aws", "start_time": at(1), "end_time": at(8),
            "aws": {"operation": "GetItem"}, "fault": true,
            "cause": {"exceptions": [{"id": "1", "message": "timeout", "type": ""}]},
        }],
    })
}

/// An order that was stored at its first receive.
pub(crate) fn whole(order: &str) -> Vec<Value> {
    vec![accepted(order), fulfilled(order, "Stored", 1, 110)]
}

/// What AWS has of the same: its services send segments too, accept-order is embedded in Lambda's, fulfill-orders goes on
/// from SNS's, and `DynamoDB`'s is made up from the call.
pub(crate) fn on_aws(order: &str) -> Vec<Value> {
    let mut accepted = accepted(order);
    accepted.as_object_mut().unwrap().remove("parent_id");
    let mut fulfilled = fulfilled(order, "Stored", 1, 110);
    fulfilled["parent_id"] = json!("5e5e000000000001");
    let made_up = json!({
        "name": "DynamoDB", "id": "ddb0000000000001", "parent_id": fulfilled["subsegments"][0]["id"], "inferred": true,
        "origin": "AWS::DynamoDB::Table", "start_time": at(112), "end_time": at(128),
    });
    vec![
        json!({
            "name": "sluice/v1", "id": "a91a000000000001", "origin": "AWS::ApiGateway::Stage",
            "start_time": at(1), "end_time": at(46), "http": {"response": {"status": 202}},
            "subsegments": [{
                "name": "Lambda", "id": "a91a000000000002", "namespace": "aws", "start_time": at(3), "end_time": at(45),
            }],
        }),
        json!({
            "name": "sluice-AcceptOrder", "id": "1a1a000000000001", "parent_id": "a91a000000000002",
            "origin": "AWS::Lambda", "start_time": at(5), "end_time": at(44),
        }),
        json!({
            "name": "sluice-AcceptOrder", "id": "1a1a000000000002", "parent_id": "1a1a000000000001",
            "origin": "AWS::Lambda::Function", "start_time": at(20), "end_time": at(43),
            "subsegments": [
                {"name": "Initialization", "id": "1a1a000000000003", "start_time": at(6), "end_time": at(20)},
                {"name": "Invocation", "id": "1a1a000000000004", "start_time": at(21), "end_time": at(42),
                 "subsegments": [accepted]},
            ],
        }),
        json!({
            "name": "sluice-OrdersTopic", "id": "5e5e000000000001", "parent_id": format!("5a5a{:.12}", tail(order)),
            "origin": "AWS::SNS", "start_time": at(30), "end_time": at(60),
        }),
        fulfilled,
        made_up,
    ]
}

/// What tells the ids of one order from those of another.
fn tail(order: &str) -> String {
    format!("{order:0>12}").chars().rev().collect()
}

/// Documents as X-Ray hands them out.
pub(crate) fn texts(documents: &[Value]) -> Vec<String> {
    documents.iter().map(Value::to_string).collect()
}

/// The tree that documents make, with what can be inferred.
pub(crate) fn tree(documents: &[Value]) -> super::tree::Tree {
    super::infer::tree(texts(documents).iter().map(String::as_str))
}
