//! Whole documents: every key that X-Ray gets, and none besides.

use serde_json::json;

use super::*;

/// The part of [`header`]'s trace that is not its time.
const TRACE: &str = "1-NOW-bd862e3fe1be46a994272793";

const BEFORE: &str = "53995c3f42cd8ad8";

/// What the sender of the documents is called in them.
fn sdk() -> Value {
    json!({ "sdk": "opentelemetry for rust" })
}

/// Documents with an `id n` for each id that was made for them and without their times, which must be of this minute and
/// within those of what they are in.
fn whole(documents: &[Value]) -> Vec<Value> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut ids = Vec::new();
    let mut documents = documents.to_vec();
    for document in &mut documents {
        let span = (now.as_secs_f64() - 60.0, now.as_secs_f64());
        without_times(document, span, &mut ids);
    }
    let mut text = Value::Array(documents).to_string();
    for (n, id) in ids.iter().enumerate() {
        assert!(
            id.len() == 16 && u64::from_str_radix(id, 16).is_ok(),
            "{id}"
        );
        assert!(!ids[..n].contains(id), "{id} is there twice");
        text = text.replace(id, &format!("id {}", n + 1));
    }
    for second in now.as_secs() - 60..=now.as_secs() {
        text = text.replace(&format!("1-{second:08x}-"), "1-NOW-");
    }
    serde_json::from_str(&text).unwrap()
}

fn without_times(part: &mut Value, (earliest, latest): (f64, f64), ids: &mut Vec<String>) {
    let object = part.as_object_mut().unwrap();
    let mut time = |name| object.remove(name).unwrap().as_f64().unwrap();
    let (start, end) = (time("start_time"), time("end_time"));
    assert!(
        earliest <= start && start <= end && end <= latest,
        "{start} to {end} in {earliest} to {latest}"
    );
    let id = |part: &Value| part["id"].as_str().unwrap().to_owned();
    ids.push(id(part));
    let exceptions = part.pointer("/cause/exceptions").and_then(Value::as_array);
    ids.extend(exceptions.into_iter().flatten().map(id));
    let subsegments = part.get_mut("subsegments").and_then(Value::as_array_mut);
    for subsegment in subsegments.into_iter().flatten() {
        without_times(subsegment, (start, end), ids);
    }
}

/// The text of the one segment that comes of this.
fn text_of(work: impl FnOnce()) -> String {
    let segments = Segments::default();
    let sent = sent_without(Some(segments.clone()), work);
    assert!(sent.is_empty(), "{sent:#?}");
    let mut texts = segments.take();
    assert_eq!(texts.len(), 1);
    texts.remove(0)
}

/// The one segment that comes of this.
fn segment_of(work: impl FnOnce()) -> Value {
    serde_json::from_str(&text_of(work)).unwrap()
}

/// A write to storage that is answered so, or not.
fn answered(status: Option<i64>, cause: Option<&str>) {
    let call = call();
    if let Some(status) = status {
        call.record("http.response.status_code", status);
    }
    if let Some(cause) = cause {
        call.record("otel.status_code", "ERROR");
        tracing::error!(target: TARGET, parent: &call, { exception.message = cause }, "exception");
    }
}

#[test]
fn an_invocation_is_a_subsegment_with_its_call_to_sns_in_it() {
    let documents = sent_by(|| {
        let invocation = invocation("accept-order", Some(&header(1)), "r-1", true);
        invocation.record("function_arn", "arn:aws:lambda:::accept-order");
        invocation.record("correlation_id", "c-1");
        invocation.record("order_id", tracing::field::display("ord_1"));
        invocation.record("customer_hash", "pvfvR");
        invocation.record("lane", "standard");
        invocation.record("outcome", "Accepted");
        invocation.record("metadata.api_started_ms", Some(1_790_000_000_123_i64));
        invocation.in_scope(|| {
            drop(tracing::info_span!(
                target: TARGET,
                "call",
                otel.name = "SNS",
                otel.kind = "client",
                aws.service = "SNS",
                aws.operation = "Publish",
                aws.table.name = None::<&str>,
                aws.topic.arn = "arn:aws:sns:::orders",
                aws.request_id = "s-1",
                http.response.status_code = 200_i64,
                retries = 1_i64,
            ));
        });
    });
    let expected = json!([{
        "type": "subsegment",
        "name": "accept-order",
        "id": "id 1",
        "parent_id": BEFORE,
        "trace_id": TRACE,
        "aws": { "xray": sdk() },
        "annotations": {
            "order_id": "ord_1",
            "customer_hash": "pvfvR",
            "lane": "standard",
            "outcome": "Accepted",
        },
        "metadata": { "api_started_ms": 1_790_000_000_123_i64 },
        "subsegments": [{
            "name": "SNS",
            "id": "id 2",
            "namespace": "aws",
            "aws": { "operation": "Publish", "request_id": "s-1", "topic_arn": "arn:aws:sns:::orders" },
            "http": { "response": { "status": 200 } },
            "annotations": { "retries": 1 },
        }],
    }]);
    assert_eq!(Value::from(whole(&documents)), expected);
}

/// A call's own fault is 5xx or no answer; with 4xx it is the caller's error, with 429 too many calls.
#[test]
fn an_order_is_a_segment_that_says_of_each_call_what_became_of_it() {
    let segment = segment_of(|| {
        let order = order(Some(&header(1)), None, 2);
        order.record("message_id", "m-1");
        order.record("order_id", tracing::field::display("ord_1"));
        order.record("customer_hash", "pvfvR");
        order.record("lane", "hot");
        order.record("outcome", tracing::field::debug(Some(1)));
        order.record("metadata.sent_ms", Some(1_790_000_000_123_i64));
        order.record("metadata.first_received_ms", None::<i64>);
        order.in_scope(|| {
            answered(Some(429), Some("refused by the service"));
            answered(Some(400), Some("refused by the service"));
            answered(Some(503), Some("no readable answer"));
            answered(None, Some("timeout"));
            answered(Some(200), None);
        });
    });
    let all = ["id 2", "id 4", "id 6", "id 8"];
    let call = |id: &str, befores: usize, more: Value| {
        let mut call = json!({
            "name": "DynamoDB",
            "id": id,
            "namespace": "aws",
            "precursor_ids": all[..befores],
        });
        let call_s = call.as_object_mut().unwrap();
        call_s.extend(more.as_object().unwrap().clone());
        if befores == 0 {
            call_s.remove("precursor_ids");
        }
        call
    };
    let status = |status: u16| json!({ "response": { "status": status } });
    let cause = |id: &str, message: &str| json!({ "exceptions": [{ "id": id, "message": message, "remote": true }] });
    let expected = json!([{
        "name": "fulfill-orders",
        "origin": "AWS::Lambda::Function",
        "id": "id 1",
        "parent_id": BEFORE,
        "trace_id": TRACE,
        "aws": { "xray": sdk() },
        "annotations": {
            "order_id": "ord_1",
            "customer_hash": "pvfvR",
            "lane": "hot",
            "outcome": "Some(1)",
            "receives": 2,
            "attempts": 5,
        },
        "metadata": { "sent_ms": 1_790_000_000_123_i64 },
        "subsegments": [
            call("id 2", 0, json!({
                "aws": {
                    "operation": "PutItem",
                    "table_name": "sluice-OrdersTable-1ABCDEFGHIJKL",
                    "region": "ap-southeast-1",
                    "request_id": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEF",
                },
                "http": status(429),
                "error": true,
                "throttle": true,
                "cause": cause("id 3", "refused by the service"),
            })),
            call("id 4", 1, json!({
                "http": status(400),
                "error": true,
                "cause": cause("id 5", "refused by the service"),
            })),
            call("id 6", 2, json!({
                "http": status(503),
                "fault": true,
                "cause": cause("id 7", "no readable answer"),
            })),
            call("id 8", 3, json!({ "fault": true, "cause": cause("id 9", "timeout") })),
            call("id 10", 4, json!({ "http": status(200) })),
        ],
    }]);
    assert_eq!(Value::from(whole(&[segment])), expected);
}

#[test]
fn an_order_without_a_trace_is_its_own_one_and_knows_the_invocation() {
    let documents = sent_by(|| {
        let invocation = invocation("fulfill-orders", Some(&header(1)), "r-1", false);
        invocation.in_scope(|| order(None, None, 1));
    });
    let [order, invocation] = &whole(&documents)[..] else {
        panic!("{documents:#?}")
    };
    let trace = order["trace_id"].as_str().unwrap();
    assert!(trace.starts_with("1-NOW-") && trace != TRACE, "{trace}");
    let expected = json!({
        "name": "fulfill-orders",
        "origin": "AWS::Lambda::Function",
        "id": "id 1",
        "trace_id": trace,
        "aws": { "xray": sdk() },
        "annotations": { "receives": 1 },
        "metadata": { "invocation": format!("Root={TRACE};Parent=id 2;Sampled=1") },
    });
    assert_eq!(*order, expected);
    let expected = json!({
        "type": "subsegment",
        "name": "fulfill-orders",
        "id": "id 2",
        "parent_id": BEFORE,
        "trace_id": TRACE,
        "aws": { "xray": sdk() },
    });
    assert_eq!(*invocation, expected);
}

/// Those at the same time do not precede each other, and what is within a call is in it.
#[test]
fn calls_stand_in_the_order_of_their_starts_with_those_before_them() {
    let segment = segment_of(|| {
        let order = order(Some(&header(1)), None, 1);
        order.in_scope(|| {
            let (long, short) = (call_of("1"), call_of("2"));
            short.in_scope(|| drop(call_of("2.1")));
            drop(short);
            drop(long);
            drop(call_of("3"));
        });
    });
    let told = |call: &Value| {
        let before = call.get("precursor_ids").cloned().unwrap_or_default();
        (call["aws"]["operation"].clone(), call["id"].clone(), before)
    };
    let segment = &whole(&[segment])[0];
    let calls = segment["subsegments"].as_array().unwrap();
    let expected = [
        (json!("1"), json!("id 2"), Value::Null),
        (json!("2"), json!("id 3"), Value::Null),
        (json!("3"), json!("id 5"), json!(["id 2", "id 3"])),
    ];
    assert_eq!(calls.iter().map(told).collect::<Vec<_>>(), expected);
    let within = &calls[1]["subsegments"][0];
    assert_eq!(told(within), (json!("2.1"), json!("id 4"), Value::Null));
    let places = ["type", "parent_id", "trace_id"];
    assert!(
        places
            .iter()
            .all(|name| within.get(name).is_none() && calls[1].get(name).is_none())
    );
}

#[test]
fn a_queue_is_told_by_its_url() {
    let segment = segment_of(|| {
        order(Some(&header(1)), None, 1).in_scope(|| {
            drop(tracing::info_span!(
                target: TARGET,
                "call",
                otel.name = "SQS",
                otel.kind = "client",
                aws.service = "SQS",
                aws.operation = "ChangeMessageVisibilityBatch",
                aws.queue.url = "https://sqs/1/orders",
            ));
        });
    });
    let call = &whole(&[segment])[0]["subsegments"][0];
    let expected = json!({
        "name": "SQS",
        "id": "id 2",
        "namespace": "aws",
        "aws": {
            "operation": "ChangeMessageVisibilityBatch",
            "queue_url": "https://sqs/1/orders",
        },
    });
    assert_eq!(*call, expected);
}

/// X-Ray takes no annotation of more than 1,000 characters, and metadata of any length.
#[test]
fn what_is_too_long_for_an_annotation_is_metadata() {
    let (long, longer) = ("x".repeat(1_000), "x".repeat(1_001));
    let segment = segment_of(|| {
        let order = order(Some(&header(1)), None, 1);
        order.record("outcome", &*long);
        order.record("lane", &*longer);
    });
    let annotations = json!({ "receives": 1, "outcome": long });
    assert_eq!(segment["annotations"], annotations);
    assert_eq!(segment["metadata"], json!({ "lane": longer }));
}

#[test]
fn of_what_is_recorded_twice_the_last_is_told() {
    let text = text_of(|| {
        let order = order(Some(&header(1)), None, 1);
        order.record("receives", 2_i64);
        order.record("metadata.sent_ms", 1_i64);
        order.record("metadata.sent_ms", 2_i64);
    });
    assert!(text.contains(r#""annotations":{"receives":2}"#), "{text}");
    assert!(text.contains(r#""metadata":{"sent_ms":2}"#), "{text}");
}

/// Anything may stand in `POWERTOOLS_SERVICE_NAME`.
#[test]
fn a_service_is_called_as_x_ray_takes_it() {
    for (name, taken) in [
        ("a b_c.d:e/f%g&h#i=j+k-l@mä9", "a b_c.d:e/f%g&h#i=j+k-l@mä9"),
        ("orders (new)?", "orders _new__"),
    ] {
        let documents = sent_by(|| drop(invocation(name, Some(&header(1)), "r-1", true)));
        assert_eq!(documents[0]["name"], taken);
    }
}
