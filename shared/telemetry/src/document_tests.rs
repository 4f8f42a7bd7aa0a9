use std::time::Duration;

use opentelemetry::{
    InstrumentationScope, TraceFlags, TraceId,
    trace::{SpanContext, TraceState},
};
use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};
use serde_json::{Value as Json, json};

use super::*;

/// A segment from one time to another, in seconds since 1970.
fn segment(start: f64, end: f64) -> SpanData {
    let at = |seconds: f64| match Duration::try_from_secs_f64(seconds) {
        Ok(since) => UNIX_EPOCH + since,
        Err(_) => UNIX_EPOCH - Duration::from_secs_f64(-seconds),
    };
    SpanData {
        span_context: SpanContext::new(
            TraceId::from(0x0759_e988_0d86_2e3f_e1be_46a9_9427_2793),
            SpanId::from(0x0fff),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        ),
        parent_span_id: SpanId::INVALID,
        parent_span_is_remote: false,
        span_kind: SpanKind::Server,
        name: "order".into(),
        start_time: at(start),
        end_time: at(end),
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::default(),
    }
}

fn told(service: &str, spans: &[SpanData]) -> Json {
    serde_json::from_str(&document(service, spans).unwrap()).unwrap()
}

#[test]
fn times_are_seconds_and_their_fractions() {
    let told = told("s", &[segment(1.25, 2.5)]);
    assert_eq!(
        (&told["start_time"], &told["end_time"]),
        (&json!(1.25), &json!(2.5))
    );
}

/// Whoever set the clock, the order goes on.
#[test]
fn times_that_x_ray_refuses_are_the_nearest_that_it_takes() {
    for (start, end, taken) in [
        (-2.0, -1.0, (0.0, 0.0)),
        (-2.0, 1.0, (0.0, 1.0)),
        (3.0, 2.0, (3.0, 3.0)),
    ] {
        let told = told("s", &[segment(start, end)]);
        let times = (
            told["start_time"].as_f64().unwrap(),
            told["end_time"].as_f64().unwrap(),
        );
        assert_eq!(times, taken, "{start} to {end}");
    }
}

#[test]
fn ids_keep_their_zeros() {
    let told = told("s", &[segment(1.0, 2.0)]);
    assert_eq!(told["id"], "0000000000000fff");
    assert_eq!(told["trace_id"], "1-0759e988-0d862e3fe1be46a994272793");
}

#[test]
fn a_name_is_as_x_ray_takes_it() {
    for (name, taken) in [
        ("a b_c.d:e/f%g&h#i=j+k-l@mä9", "a b_c.d:e/f%g&h#i=j+k-l@mä9"),
        ("a?\"b\\c\u{0}💥", "a__b_c__"),
    ] {
        assert_eq!(told(name, &[segment(1.0, 2.0)])["name"], taken);
    }
    let long = told(&"ä".repeat(201), &[segment(1.0, 2.0)]);
    assert_eq!(long["name"], "ä".repeat(200));
}

#[test]
fn values_of_other_kinds_are_told_as_text() {
    let mut segment = segment(1.0, 2.0);
    segment.attributes = vec![
        KeyValue::new("metadata.true", true),
        KeyValue::new("metadata.number", f64::NAN),
        KeyValue::new("lane", Value::Array(vec![1_i64, 2].into())),
    ];
    let told = told("s", &[segment]);
    assert_eq!(told["metadata"], json!({ "true": true, "number": "NaN" }));
    assert_eq!(told["annotations"], json!({ "lane": "[1,2]" }));
}

/// Ids are drawn by lot.
#[test]
fn an_id_that_is_there_twice_is_not_followed_for_ever() {
    let mut own = segment(1.0, 2.0);
    own.parent_span_id = own.span_context.span_id();
    let told = told("s", &[own.clone(), own.clone(), own]);
    assert_eq!(told["subsegments"].as_array().unwrap().len(), 2);
}

#[test]
fn no_spans_are_no_document() {
    assert_eq!(document("s", &[]), None);
}

/// X-Ray refuses other letters in the names of annotations.
#[test]
fn annotations_are_called_as_x_ray_takes_it() {
    let is_taken = |c: char| c.is_ascii_alphanumeric() || c == '_';
    assert!(ANNOTATIONS.iter().all(|name| name.chars().all(is_taken)));
}
