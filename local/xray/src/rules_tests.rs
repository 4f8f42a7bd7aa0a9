use serde_json::json;

use super::*;

const NOW: Duration = Duration::from_millis(1_795_291_200_500);

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

/// The good document with this member.
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
    assert!(!segment.is_root);
    assert_eq!(segment.flags, Flags::default());
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

/// Each of the values makes the document bad.
fn refused<const N: usize>(refusal: Refusal, path: &str, values: [Value; N]) {
    for value in values {
        let checked = checked(&with(path, value.clone()));
        assert_eq!(checked.unwrap_err(), refusal, "{path}: {value}");
    }
}

#[test]
fn names_and_ids() {
    let name = [json!(""), json!("x".repeat(201)), json!("a;b"), json!(1)];
    refused(Refusal::Name, "/name", name.clone());
    refused(Refusal::Name, "/subsegments/0/name", name);
    let id = [
        json!("70de5b6f19ff9a0"),
        json!("70de5b6f19ff9a0g"),
        json!(7),
    ];
    refused(Refusal::Id, "/id", id.clone());
    refused(Refusal::Id, "/subsegments/0/id", id.clone());
    refused(Refusal::ParentId, "/parent_id", id.clone());
    refused(Refusal::PrecursorIds, "/precursor_ids", id.clone());
    refused(
        Refusal::PrecursorIds,
        "/precursor_ids",
        id.map(|id| json!([id])),
    );
    let trace_ids = [
        json!("2-6b0238c0-a006649127e371903a2de979"),
        json!("1-6b0238c0-a006649127e371903a2de97"),
        json!("1-6b0238c-a006649127e371903a2de9799"),
        json!("1-6b0238c0a006649127e371903a2de979"),
        json!("1-+b0238c0-a006649127e371903a2de979"),
        json!("6b0238c0a006649127e371903a2de979"),
        json!(1),
    ];
    refused(Refusal::TraceId, "/trace_id", trace_ids);
    refused(Refusal::Type, "/type", [json!("segment"), json!(null)]);
}

#[test]
fn times() {
    let seconds = NOW.as_secs();
    let traces = [seconds + 301, seconds - 30 * 86_400 - 1];
    refused(
        Refusal::TraceTime,
        "/trace_id",
        traces.map(|seconds| json!(trace_id(seconds))),
    );
    let no_time = [
        json!("1795291200"),
        json!(-1),
        json!(1_795_291_200_123_u64),
        json!(null),
    ];
    let early = [json!(1_795_291_200.122)];
    for part in ["", "/subsegments/0"] {
        let member = |name: &str| format!("{part}/{name}");
        refused(Refusal::StartTime, &member("start_time"), no_time.clone());
        refused(Refusal::EndTime, &member("end_time"), no_time.clone());
        refused(Refusal::EndTime, &member("end_time"), early.clone());
        refused(
            Refusal::EndTime,
            &member("in_progress"),
            [json!(true), json!("no"), json!(null)],
        );
    }
}

#[test]
fn annotations() {
    let values = [
        json!([]),
        json!({"order.id": "x"}),
        json!({"": "x"}),
        json!({"ü": "x"}),
        json!({"k".repeat(501): 1}),
        json!({"k": "x".repeat(1_001)}),
        json!({"k": null}),
        json!({"k": ["x"]}),
        json!({"k": {"k": "x"}}),
    ];
    refused(Refusal::Annotations, "/annotations", values.clone());
    refused(Refusal::Annotations, "/subsegments/0/annotations", values);
    // With the one of the subsegment they are 51.
    refused(Refusal::Annotations, "/annotations", [numbered(50)]);
}

fn numbered(count: usize) -> Value {
    let member = |n| (format!("k{n}"), json!(1));
    Value::Object((0..count).map(member).collect())
}

#[test]
fn what_happened() {
    let http = [
        json!("GET"),
        json!({"request": "GET"}),
        json!({"response": 200}),
        json!({"response": {"status": "200"}}),
        json!({"response": {"status": 200.5}}),
        json!({"response": {"content_length": "1"}}),
    ];
    let cause = [
        json!("away"),
        json!(1),
        json!({"exceptions": [{"message": "away"}]}),
        json!({"exceptions": {}}),
    ];
    for part in ["", "/subsegments/0"] {
        let member = |name: &str| format!("{part}/{name}");
        refused(Refusal::Http, &member("http"), http.clone());
        refused(Refusal::Cause, &member("cause"), cause.clone());
        refused(
            Refusal::Namespace,
            &member("namespace"),
            [json!("AWS"), json!(1)],
        );
        for name in ["error", "fault", "throttle"] {
            refused(
                Refusal::Flag,
                &member(name),
                [json!(1), json!("true"), json!(null)],
            );
        }
        for name in ["aws", "metadata", "service", "sql"] {
            refused(Refusal::Object, &member(name), [json!("x"), json!([1])]);
        }
        for name in ["origin", "user"] {
            refused(
                Refusal::Text,
                &member(name),
                [json!(1), json!("x".repeat(251))],
            );
        }
        refused(
            Refusal::Subsegments,
            &member("subsegments"),
            [json!({}), json!(["x"])],
        );
        refused(Refusal::Name, &member("subsegments"), [json!([{}])]);
    }
}

#[test]
fn what_must_be_there() {
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
    document["annotations"] = numbered(50);
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
