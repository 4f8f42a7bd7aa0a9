use std::time::{SystemTime, UNIX_EPOCH};

use super::*;

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap().as_secs()
}

fn trace_id(seconds: u64, number: usize) -> String {
    format!("1-{seconds:08x}-{number:024x}")
}

fn document(trace: &str, id: usize) -> Value {
    json!({
        "name": "fulfill-orders", "id": format!("{id:016x}"), "trace_id": trace,
        "start_time": now(), "end_time": now() + 2, "annotations": {"order_id": format!("ord_{id}")},
    })
}

fn call(receiver: &Receiver, path: &str, body: &Value) -> Result<Value, Problem> {
    answer(receiver, "POST", path, body.to_string().as_bytes())
}

fn put(receiver: &Receiver, documents: &[Value]) -> Value {
    let documents: Vec<_> = documents.iter().map(Value::to_string).collect();
    let body = json!({"TraceSegmentDocuments": documents});
    call(receiver, "/TraceSegments", &body).unwrap()["UnprocessedTraceSegments"].take()
}

fn ids(answer: &Value) -> Vec<&str> {
    let summaries = answer["TraceSummaries"].as_array().unwrap();
    summaries
        .iter()
        .map(|s| s["Id"].as_str().unwrap())
        .collect()
}

#[test]
fn refused_documents_are_unprocessed_and_the_others_kept() {
    let receiver = Receiver::default();
    let trace = trace_id(now(), 1);
    let mut nameless = document(&trace, 2);
    nameless["name"] = json!("");
    let unprocessed = put(
        &receiver,
        &[nameless, document(&trace, 1), json!([]), json!(1)],
    );
    let expected = json!([
        {"Id": "0000000000000002", "ErrorCode": "Name", "Message": unprocessed[0]["Message"]},
        {"Id": null, "ErrorCode": "Json", "Message": "a document is a JSON object in UTF-8"},
        {"Id": null, "ErrorCode": "Json", "Message": "a document is a JSON object in UTF-8"},
    ]);
    assert_eq!(unprocessed, expected);
    let counts = answer(&receiver, "GET", "/", b"").unwrap();
    let expected = json!({"received": 4, "refused": {"Name": 1, "Json": 2}, "kept": 1});
    assert_eq!(counts, expected);
}

#[test]
fn a_trace_is_given_whole() {
    let receiver = Receiver::default();
    let (known, unknown) = (trace_id(now(), 1), trace_id(now(), 2));
    let mut later = document(&known, 2);
    later["end_time"] = json!(now() + 5);
    put(&receiver, &[document(&known, 1), later.clone()]);
    let answer = call(&receiver, "/Traces", &json!({"TraceIds": [known, unknown]})).unwrap();
    assert_eq!(answer["UnprocessedTraceIds"], json!([unknown]));
    let [trace] = &answer["Traces"].as_array().unwrap()[..] else {
        panic!("{answer:#}")
    };
    assert_eq!(trace["Id"], known);
    assert_eq!(trace["LimitExceeded"], false);
    assert!((5.0..7.0).contains(&trace["Duration"].as_f64().unwrap()));
    assert_eq!(trace["Segments"][1]["Id"], later["id"]);
    assert_eq!(trace["Segments"][1]["Document"], later.to_string());
    assert_eq!(trace["Segments"].as_array().unwrap().len(), 2);
}

#[test]
fn a_summary_tells_of_all_segments() {
    let receiver = Receiver::default();
    let trace = trace_id(now(), 1);
    let start = now();
    let mut root = document(&trace, 1);
    root["start_time"] = json!(start);
    root["end_time"] = json!(start + 1);
    root["annotations"] = json!({"order_id": "ord_1", "receives": 2, "late": true});
    let mut other = document(&trace, 2);
    other["parent_id"] = json!("00000000000000aa");
    other["start_time"] = json!(start + 1);
    other["end_time"] = json!(start + 4);
    other["fault"] = json!(true);
    other["annotations"] = json!({"order_id": "ord_1"});
    put(&receiver, &[root, other]);
    let range = json!({"StartTime": start - 60, "EndTime": start + 60});
    let answer = call(&receiver, "/TraceSummaries", &range).unwrap();
    let value =
        |kind: &str, value: Value| json!([{"AnnotationValue": {kind: value}, "ServiceIds": []}]);
    let seconds = |text: u32| json!(f64::from(text));
    let expected = json!({
        "Id": trace, "StartTime": json!(start).as_f64(), "Duration": seconds(4), "ResponseTime": seconds(1),
        "HasError": false, "HasFault": true, "HasThrottle": false, "IsPartial": false,
        "Annotations": {
            "order_id": value("StringValue", json!("ord_1")),
            "receives": value("NumberValue", json!(2)),
            "late": value("BooleanValue", json!(true)),
        },
    });
    assert_eq!(answer["TraceSummaries"], json!([expected]));
    assert_eq!(answer["NextToken"], Value::Null);
}

#[test]
fn summaries_come_in_pages() {
    let receiver = Receiver::default();
    let traces: Vec<_> = (0..250).map(|number| trace_id(now(), number)).collect();
    let documents: Vec<_> = traces.iter().map(|trace| document(trace, 1)).collect();
    put(&receiver, &documents);
    let mut range = json!({"StartTime": now() - 60, "EndTime": now() + 60});
    let mut found = Vec::new();
    for length in [100, 100, 50] {
        let answer = call(&receiver, "/TraceSummaries", &range).unwrap();
        let page = ids(&answer);
        assert_eq!(page.len(), length);
        found.extend(page.into_iter().map(str::to_owned));
        range["NextToken"] = answer["NextToken"].clone();
    }
    assert_eq!(found, traces);
    assert_eq!(range["NextToken"], Value::Null);
}

#[test]
fn a_full_last_page_has_no_next_one() {
    let receiver = Receiver::default();
    let documents = (0..100).map(|number| document(&trace_id(now(), number), 1));
    put(&receiver, &documents.collect::<Vec<_>>());
    let range = json!({"StartTime": now() - 60, "EndTime": now() + 60});
    let answer = call(&receiver, "/TraceSummaries", &range).unwrap();
    assert_eq!(ids(&answer).len(), 100);
    assert_eq!(answer["NextToken"], Value::Null);
}

#[test]
fn a_filter_finds_the_trace_of_the_annotation() {
    let receiver = Receiver::default();
    let documents = [1, 2, 3].map(|n| document(&trace_id(now(), n), n));
    put(&receiver, &documents);
    let mut range = json!({"StartTime": now() - 60, "EndTime": now() + 60});
    for (filter, expected) in [
        (
            r#"annotation[order_id] = "ord_2""#,
            &[trace_id(now(), 2)][..],
        ),
        (r#"annotation.order_id = "ord_3""#, &[trace_id(now(), 3)]),
        (r#"annotation.order_id = "ord_4""#, &[]),
        (r#"annotation.lane = "ord_3""#, &[]),
    ] {
        range["FilterExpression"] = json!(filter);
        let answer = call(&receiver, "/TraceSummaries", &range).unwrap();
        // The second may have passed since they were named.
        let tail = |id: &str| id[11..].to_owned();
        let found: Vec<_> = ids(&answer).into_iter().map(tail).collect();
        let expected: Vec<_> = expected.iter().map(|id| tail(id)).collect();
        assert_eq!(found, expected, "{filter}");
    }
}

#[test]
fn a_range_is_of_the_times_in_the_ids_or_of_the_segments() {
    let receiver = Receiver::default();
    let (first, second) = (trace_id(now() - 1_000, 1), trace_id(now() - 500, 2));
    let mut early = document(&first, 1);
    early["start_time"] = json!(now() - 1_000);
    put(&receiver, &[early, document(&second, 2)]);
    let found = |from: u64, to: u64, kind: &str| {
        let range =
            json!({"StartTime": now() - from, "EndTime": now() - to, "TimeRangeType": kind});
        let answer = call(&receiver, "/TraceSummaries", &range).unwrap();
        ids(&answer)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(found(1_060, 940, "TraceId"), [&first[..]]);
    assert_eq!(found(560, 440, "TraceId"), [&second[..]]);
    assert_eq!(found(560, 440, "Event"), [""; 0]);
    assert_eq!(found(60, 0, "Event"), [&second[..]]);
    assert_eq!(found(1_060, 940, "Event"), [&first[..]]);
    assert_eq!(found(60, 0, "TraceId"), [""; 0]);
}

#[test]
fn what_x_ray_refuses_is_an_invalid_request() {
    let receiver = Receiver::default();
    let id = trace_id(now(), 1);
    for (path, body) in [
        ("/TraceSegments", json!({})),
        ("/TraceSegments", json!({"TraceSegmentDocuments": [{}]})),
        ("/Traces", json!({})),
        ("/Traces", json!({"TraceIds": []})),
        ("/Traces", json!({"TraceIds": vec![&id; 6]})),
        ("/Traces", json!({"TraceIds": ["x"]})),
        ("/TraceSummaries", json!({"StartTime": 1})),
        ("/TraceSummaries", json!({"EndTime": 1})),
        ("/TraceSummaries", json!({"StartTime": "1", "EndTime": 2})),
        ("/TraceSummaries", json!({"StartTime": 2, "EndTime": 1})),
        (
            "/TraceSummaries",
            json!({"StartTime": 1, "EndTime": 2, "NextToken": "x"}),
        ),
        (
            "/TraceSummaries",
            json!({"StartTime": 1, "EndTime": 2, "TimeRangeType": "Service"}),
        ),
    ] {
        let problem = call(&receiver, path, &body).unwrap_err();
        assert_eq!(
            (problem.status, problem.code),
            (400, "InvalidRequestException"),
            "{path}: {body}"
        );
    }
    let range = json!({"StartTime": 1, "EndTime": 2, "FilterExpression": "fault"});
    let problem = call(&receiver, "/TraceSummaries", &range).unwrap_err();
    assert_eq!(problem, Problem::invalid(SUPPORTED));
    for body in [&b""[..], b"\xff", b"[", b"null"] {
        let problem = answer(&receiver, "POST", "/Traces", body).unwrap_err();
        assert_eq!(problem.status, 400);
    }
}

#[test]
fn five_traces_may_be_asked_for() {
    let receiver = Receiver::default();
    let five = vec![trace_id(now(), 1); 5];
    assert!(call(&receiver, "/Traces", &json!({"TraceIds": five})).is_ok());
}

#[test]
fn another_operation_is_not_there() {
    let receiver = Receiver::default();
    for (method, path) in [("POST", "/"), ("GET", "/Traces"), ("POST", "/ServiceGraph")] {
        assert_eq!(
            answer(&receiver, method, path, b"{}").unwrap_err().status,
            404
        );
    }
}
