use serde_json::json;

use super::*;

const NOW: Duration = Duration::from_secs(1_795_291_200);

fn trace_id(seconds: u64) -> String {
    format!("1-{seconds:08x}-a006649127e371903a2de979")
}

/// What accept-order sends.
fn subsegment() -> Value {
    json!({
        "name": "accept-order", "id": "70de5b6f19ff9a0a", "trace_id": trace_id(NOW.as_secs()),
        "parent_id": "53995c3f42cd8ad8", "type": "subsegment",
        "start_time": 1_795_291_200.123, "end_time": 1_795_291_200.140,
        "annotations": {"order_id": "ord_1", "receives": 1, "late": false},
        "metadata": {"api_started_ms": 1_795_291_200_100_u64},
        "subsegments": [{
            "name": "SNS", "id": "70de5b6f19ff9a0b", "namespace": "aws",
            "start_time": 1_795_291_200.124, "end_time": 1_795_291_200.139,
            "aws": {"operation": "Publish"}, "http": {"response": {"status": 200}},
            "annotations": {"retries": 1},
        }],
    })
}

fn checked(document: &Value) -> Result<Segment, Refusal> {
    check(document.to_string().as_bytes(), NOW)
}

/// The document with a member set, or taken away where the value is `null` and `set` is not.
fn with(path: &str, value: Value) -> Value {
    let mut document = subsegment();
    let (parent, member) = path.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[member] = value;
    document
}

fn without(path: &str) -> Value {
    let mut document = subsegment();
    let (parent, member) = path.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    assert!(parent.as_object_mut().unwrap().remove(member).is_some());
    document
}

#[test]
fn a_good_document_says_what_a_search_needs() {
    let document = subsegment();
    let segment = checked(&document).unwrap();
    assert_eq!(segment.text, document.to_string());
    assert_eq!(segment.trace_id, trace_id(NOW.as_secs()));
    assert_eq!(segment.id, "70de5b6f19ff9a0a");
    assert_eq!(segment.end, Some(1_795_291_200.140));
    assert!(!segment.is_root && !segment.has_error && !segment.has_fault && !segment.has_throttle);
    let mut keys: Vec<_> = segment
        .annotations
        .iter()
        .map(|(key, _)| &key[..])
        .collect();
    keys.sort_unstable();
    assert_eq!(keys, ["late", "order_id", "receives", "retries"]);
}

#[test]
fn what_x_ray_takes_is_taken() {
    for (path, value) in [
        ("/name", json!("Zürich 1_.:/%&#=+\\-@")),
        ("/name", json!("ü".repeat(200))),
        ("/trace_id", json!(trace_id(NOW.as_secs() + 299))),
        ("/trace_id", json!(trace_id(NOW.as_secs() - 30 * 86_400))),
        ("/start_time", json!(1_795_291_200)),
        ("/in_progress", json!(false)),
        ("/end_time", json!(1_795_291_200.123)),
        ("/namespace", json!("remote")),
        ("/annotations", json!({})),
        ("/annotations", json!({"k".repeat(500): "ü".repeat(1_000)})),
        (
            "/http",
            json!({"request": {"method": "GET"}, "response": {"status": 200, "content_length": 0}}),
        ),
        ("/fault", json!(true)),
        ("/cause", json!("70de5b6f19ff9a0c")),
        (
            "/cause",
            json!({"exceptions": [{"id": "70de5b6f19ff9a0c", "message": "away"}]}),
        ),
        ("/cause", json!({"working_directory": "/var/task"})),
        ("/precursor_ids", json!(["70de5b6f19ff9a0c"])),
        ("/subsegments", json!([])),
        ("/unknown", json!(null)),
    ] {
        assert!(
            checked(&with(path, value.clone())).is_ok(),
            "{path}: {value}"
        );
    }
    for path in ["/annotations", "/metadata", "/subsegments"] {
        assert!(checked(&without(path)).is_ok(), "{path}");
    }
}

#[test]
fn each_rule_is_kept() {
    let many = |count: usize| -> Value {
        let member = |n| (format!("k{n}"), json!(1));
        Value::Object((0..count).map(member).collect())
    };
    for (path, value, refusal) in [
        ("/name", json!(""), Refusal::Name),
        ("/name", json!("x".repeat(201)), Refusal::Name),
        ("/name", json!("a;b"), Refusal::Name),
        ("/name", json!(1), Refusal::Name),
        ("/id", json!("70de5b6f19ff9a0"), Refusal::Id),
        ("/id", json!("70de5b6f19ff9a0g"), Refusal::Id),
        ("/id", json!(7), Refusal::Id),
        (
            "/trace_id",
            json!("2-58406520-a006649127e371903a2de979"),
            Refusal::TraceId,
        ),
        (
            "/trace_id",
            json!("1-58406520-a006649127e371903a2de97"),
            Refusal::TraceId,
        ),
        (
            "/trace_id",
            json!("1-5840652-a006649127e371903a2de9799"),
            Refusal::TraceId,
        ),
        (
            "/trace_id",
            json!("1-58406520a006649127e371903a2de979"),
            Refusal::TraceId,
        ),
        (
            "/trace_id",
            json!("1-+8406520-a006649127e371903a2de979"),
            Refusal::TraceId,
        ),
        (
            "/trace_id",
            json!(trace_id(NOW.as_secs() + 301)),
            Refusal::TraceTime,
        ),
        (
            "/trace_id",
            json!(trace_id(NOW.as_secs() - 30 * 86_400 - 1)),
            Refusal::TraceTime,
        ),
        ("/start_time", json!("1795291200"), Refusal::StartTime),
        ("/start_time", json!(-1), Refusal::StartTime),
        (
            "/start_time",
            json!(1_795_291_200_123_u64),
            Refusal::StartTime,
        ),
        ("/end_time", json!("1795291200"), Refusal::EndTime),
        ("/end_time", json!(1_795_291_200.122), Refusal::EndTime),
        ("/in_progress", json!(true), Refusal::EndTime),
        ("/in_progress", json!("yes"), Refusal::EndTime),
        ("/type", json!("segment"), Refusal::Type),
        ("/type", json!(null), Refusal::Type),
        ("/parent_id", json!("1"), Refusal::ParentId),
        ("/namespace", json!("AWS"), Refusal::Namespace),
        ("/annotations", json!([]), Refusal::Annotations),
        (
            "/annotations",
            json!({"order.id": "x"}),
            Refusal::Annotations,
        ),
        ("/annotations", json!({"": "x"}), Refusal::Annotations),
        (
            "/annotations",
            json!({"k".repeat(501): 1}),
            Refusal::Annotations,
        ),
        (
            "/annotations",
            json!({"k": "x".repeat(1_001)}),
            Refusal::Annotations,
        ),
        ("/annotations", json!({"k": null}), Refusal::Annotations),
        ("/annotations", json!({"k": ["x"]}), Refusal::Annotations),
        // With the one of the subsegment they are 51.
        ("/annotations", many(50), Refusal::Annotations),
        ("/http", json!("GET"), Refusal::Http),
        ("/http", json!({"request": "GET"}), Refusal::Http),
        ("/http", json!({"response": 200}), Refusal::Http),
        (
            "/http",
            json!({"response": {"status": "200"}}),
            Refusal::Http,
        ),
        (
            "/http",
            json!({"response": {"status": 200.5}}),
            Refusal::Http,
        ),
        (
            "/http",
            json!({"response": {"content_length": "1"}}),
            Refusal::Http,
        ),
        ("/error", json!(1), Refusal::Flag),
        ("/fault", json!("true"), Refusal::Flag),
        ("/throttle", json!(null), Refusal::Flag),
        ("/cause", json!("away"), Refusal::Cause),
        ("/cause", json!(1), Refusal::Cause),
        (
            "/cause",
            json!({"exceptions": [{"message": "away"}]}),
            Refusal::Cause,
        ),
        ("/cause", json!({"exceptions": {}}), Refusal::Cause),
        ("/aws", json!("sns"), Refusal::Object),
        ("/metadata", json!([1]), Refusal::Object),
        ("/service", json!("1.0"), Refusal::Object),
        ("/sql", json!("SELECT"), Refusal::Object),
        ("/user", json!(1), Refusal::Text),
        ("/origin", json!("x".repeat(251)), Refusal::Text),
        (
            "/precursor_ids",
            json!("70de5b6f19ff9a0c"),
            Refusal::PrecursorIds,
        ),
        ("/precursor_ids", json!(["7"]), Refusal::PrecursorIds),
        ("/subsegments", json!({}), Refusal::Subsegments),
        ("/subsegments", json!(["x"]), Refusal::Subsegments),
        ("/subsegments/0/name", json!("a;b"), Refusal::Name),
        ("/subsegments/0/id", json!("7"), Refusal::Id),
        ("/subsegments/0/end_time", json!(1), Refusal::EndTime),
        (
            "/subsegments/0/namespace",
            json!("local"),
            Refusal::Namespace,
        ),
        (
            "/subsegments/0/http/response/status",
            json!("200"),
            Refusal::Http,
        ),
        ("/subsegments/0/subsegments", json!([{}]), Refusal::Name),
        (
            "/metadata/long",
            json!("x".repeat(64 * 1024)),
            Refusal::Size,
        ),
    ] {
        assert_eq!(
            checked(&with(path, value.clone())).unwrap_err(),
            refusal,
            "{path}: {value}"
        );
    }
    for (path, refusal) in [
        ("/name", Refusal::Name),
        ("/id", Refusal::Id),
        ("/trace_id", Refusal::TraceId),
        ("/start_time", Refusal::StartTime),
        ("/end_time", Refusal::EndTime),
        ("/parent_id", Refusal::ParentId),
        ("/subsegments/0/start_time", Refusal::StartTime),
        ("/subsegments/0/end_time", Refusal::EndTime),
    ] {
        assert_eq!(checked(&without(path)).unwrap_err(), refusal, "{path}");
    }
}

#[test]
fn a_document_has_at_most_64_kb() {
    let mut document = subsegment();
    document["metadata"]["long"] = json!("");
    let rest = document.to_string().len();
    document["metadata"]["long"] = json!("x".repeat(64 * 1024 - rest));
    assert!(checked(&document).is_ok());
    document["metadata"]["long"] = json!("x".repeat(64 * 1024 - rest + 1));
    assert_eq!(checked(&document).unwrap_err(), Refusal::Size);
}

#[test]
fn fifty_annotations_are_not_too_many() {
    let mut document = without("/subsegments");
    let member = |n| (format!("k{n}"), json!(1));
    document["annotations"] = Value::Object((0..50).map(member).collect());
    assert!(checked(&document).is_ok());
}

#[test]
fn a_segment_may_be_in_progress_and_needs_no_parent() {
    let mut document = without("/end_time");
    let members = document.as_object_mut().unwrap();
    members.remove("type");
    members.remove("parent_id");
    members.insert("in_progress".to_owned(), json!(true));
    let segment = checked(&document).unwrap();
    assert_eq!(segment.end, None);
    assert!(segment.is_root);
}

#[test]
fn what_is_no_json_object_is_refused() {
    let deep = "[".repeat(10_000);
    for bytes in [
        &b""[..],
        b"null",
        b"[]",
        b"{",
        b"{}{}",
        b"\xff{}",
        b"{\"a\":1e999}",
        deep.as_bytes(),
    ] {
        assert_eq!(check(bytes, NOW).unwrap_err(), Refusal::Json);
    }
}

#[test]
fn a_datagram_is_a_header_a_line_feed_and_a_document() {
    for header in [
        r#"{"format": "json", "version": 1}"#,
        r#"{"version":1,"format":"json"}"#,
    ] {
        let bytes = format!("{header}\n{{}}\n");
        assert_eq!(datagram(bytes.as_bytes()), Ok(&b"{}\n"[..]));
    }
    for bytes in [
        "",
        "\n{}",
        "{}",
        r#"{"format": "json", "version": 1}"#,
        "{\"format\": \"json\", \"version\": 2}\n{}",
        "{\"format\": \"xml\", \"version\": 1}\n{}",
        "{\"version\": 1}\n{}",
        "[\"json\", 1]\n{}",
        "json\n{}",
    ] {
        assert_eq!(datagram(bytes.as_bytes()), Err(Refusal::Header), "{bytes}");
    }
}

#[test]
fn the_time_in_a_trace_id_is_read() {
    assert_eq!(
        trace_time("1-58406520-a006649127e371903a2de979"),
        Some(1_480_615_200)
    );
}
