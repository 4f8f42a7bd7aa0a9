//! What a line holds, and which are written.

use std::sync::{Arc, Mutex};

use serde_json::json;
use sluice_order::json::parse;
use tracing::{field::Empty, info_span, subscriber::with_default};

use super::*;

fn function(level: Level) -> Function {
    Function {
        crate_name: "fulfill_orders",
        service: "fulfill-orders".into(),
        name: Some("sluice-standard".into()),
        memory_mb: Some(128),
        level,
        namespace: None,
        daemon: None,
    }
}

/// The lines that this writes; none has a name twice.
fn written_by(level: Level, work: impl FnOnce()) -> Vec<Value> {
    let written = Arc::new(Mutex::new(String::new()));
    let out = written.clone();
    let out: Out = Arc::new(move |line| *out.lock().unwrap() += line);
    let (subscriber, failure) = function(level).subscriber(out, None);
    assert!(failure.is_none());
    with_default(subscriber, work);
    let text = written.lock().unwrap();
    text.lines()
        .map(|line| parse(line.as_bytes()).unwrap())
        .collect()
}

#[test]
fn a_line_outside_of_an_invocation_has_what_is_known() {
    let lines = written_by(Level::INFO, || tracing::error!(error = "E", "cannot start"));
    let timestamp = lines[0]["timestamp"].as_str().unwrap();
    assert!(timestamp.parse::<sluice_order::Timestamp>().is_ok());
    let expected = json!({
        "level": "ERROR",
        "message": "cannot start",
        "timestamp": timestamp,
        "service": "fulfill-orders",
        "function_name": "sluice-standard",
        "function_memory_size": 128,
        "error": "E",
    });
    assert_eq!(lines, [expected]);
}

#[test]
fn what_is_nearer_replaces_what_is_further_away() {
    let lines = written_by(Level::INFO, || {
        let invocation = info_span!(
            target: TARGET,
            "invocation",
            cold_start = true,
            xray_trace_id = Empty,
            outcome = Empty,
            otel.name = "x",
        );
        invocation.record("xray_trace_id", "the invocation's");
        let _entered = invocation.enter();
        let order =
            info_span!(target: TARGET, "order", xray_trace_id = "1", receives = 2, outcome = Empty);
        order.record("xray_trace_id", "the order's");
        order.record("outcome", "Stored");
        order.record("outcome", "Duplicate");
        order.in_scope(|| {
            info_span!(target: TARGET, "call", retries = 3)
                .in_scope(|| tracing::info!(receives = 7, wait.ms = 1.5, "done"));
        });
        tracing::info!("batch");
    });
    let (done, batch) = (&lines[0], &lines[1]);
    assert_eq!(done["cold_start"], true);
    assert_eq!(done["xray_trace_id"], "the order's");
    assert_eq!(done["outcome"], "Duplicate");
    assert_eq!(done["receives"], 7);
    assert_eq!(done["wait.ms"], 1.5, "an event's own field may have a dot");
    assert_eq!(done["retries"], Value::Null, "a call is X-Ray's concern");
    assert_eq!(done["otel.name"], Value::Null);
    assert_eq!(batch["xray_trace_id"], "the invocation's");
    assert_eq!(batch["outcome"], Value::Null);
}

#[test]
fn only_our_own_words_are_written() {
    let lines = written_by(Level::TRACE, || {
        tracing::trace!("ours");
        tracing::trace!(target: "fulfill_orders::record", "ours");
        tracing::error!(target: "lambda_runtime::layers", "theirs");
        tracing::error!(target: "sluice", "theirs");
        tracing::error!(target: TARGET, "X-Ray's");
        info_span!(target: "hyper", "theirs", secret = 1).in_scope(|| tracing::info!("ours"));
    });
    assert_eq!(lines.len(), 3, "{lines:?}");
    for line in lines {
        assert_eq!(line["message"], "ours");
        assert_eq!(line["secret"], Value::Null);
    }
}

#[test]
fn the_level_is_tracing_s_or_one_that_powertools_takes() {
    for (name, expected) in [
        ("TRACE", Level::TRACE),
        ("debug", Level::DEBUG),
        ("INFO", Level::INFO),
        ("", Level::INFO),
        ("loud", Level::INFO),
        ("Warning", Level::WARN),
        ("WARN", Level::WARN),
        ("ERROR", Level::ERROR),
        ("CRITICAL", Level::ERROR),
        ("FATAL", Level::ERROR),
    ] {
        assert_eq!(level(name), expected, "{name}");
    }
    let lines = written_by(Level::WARN, || {
        info_span!(target: TARGET, "order", order_id = "o").in_scope(|| {
            tracing::info!("no");
            tracing::warn!("yes");
        });
    });
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["order_id"], "o", "spans have no level");
}
