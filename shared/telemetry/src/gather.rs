//! Collects the spans of a trace until the first of them in this process ends, and then sends them as one document.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use opentelemetry::{Context, KeyValue, SpanId, TraceId, trace::SpanKind};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};

use crate::{daemon::Daemon, document::document, segments::Segments};

/// How many of the first calls are kept if calls repeat each other.
const FIRST: usize = 3;

/// How many of the last calls are kept if calls repeat each other.
const LAST: usize = 2;

/// Fields that only the first of several repeated calls keeps.
const SAID_ONCE: [&str; 4] = [OPERATION, "aws.region", "aws.table.name", "aws.request_id"];

/// The field that names the operation of a call.
const OPERATION: &str = "aws.operation";

/// The field that marks a first span whose document must not be sent.
const DROPPED: &str = "sluice.is_dropped";

/// Keeps spans that have ended until their document is complete.
#[derive(Debug)]
pub(crate) struct Gather {
    service: String,
    daemon: Daemon,
    /// Keeps segments instead of sending them to the daemon, if given.
    segments: Option<Segments>,
    ended: Mutex<HashMap<TraceId, Vec<SpanData>>>,
}

impl Gather {
    pub(crate) fn new(service: &str, daemon: Daemon, segments: Option<Segments>) -> Self {
        Self {
            service: service.to_owned(),
            daemon,
            segments,
            ended: Mutex::default(),
        }
    }
}

impl SpanProcessor for Gather {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        let is_first = span.parent_span_is_remote || span.parent_span_id == SpanId::INVALID;
        let spans = {
            let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            let trace = span.span_context.trace_id();
            if !is_first {
                ended.entry(trace).or_default().push(span);
                return;
            }
            let spans = ended.remove(&trace).unwrap_or_default();
            let (own, others) = below(span, spans);
            if !others.is_empty() {
                ended.insert(trace, others);
            }
            own
        };
        let Some(first) = spans.last().filter(|first| !is_dropped(first)) else {
            return;
        };
        let is_segment = first.span_kind == SpanKind::Server;
        let Some(document) = document(&self.service, &shortened(spans)) else {
            return;
        };
        match &self.segments {
            Some(segments) if is_segment => segments.keep(document),
            Some(_) | None => self.daemon.send(&document),
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Whether the first span is marked: its document must not be sent.
fn is_dropped(first: &SpanData) -> bool {
    first
        .attributes
        .iter()
        .any(|field| field.key.as_str() == DROPPED)
}

/// Splits the spans into those below the first span, with it, and the others. A span ends before its parent.
fn below(first: SpanData, spans: Vec<SpanData>) -> (Vec<SpanData>, Vec<SpanData>) {
    let mut ids = HashSet::from([first.span_context.span_id()]);
    let (mut own, mut others) = (vec![first], Vec::new());
    for span in spans.into_iter().rev() {
        if ids.contains(&span.parent_span_id) {
            ids.insert(span.span_context.span_id());
            own.push(span);
        } else {
            others.push(span);
        }
    }
    own.reverse();
    others.reverse();
    (own, others)
}

/// Leaves out the middle of calls that repeat each other. The root, which stands last, gets the number of attempts.
fn shortened(mut spans: Vec<SpanData>) -> Vec<SpanData> {
    let mut alike: HashMap<_, Vec<usize>> = HashMap::new();
    for (at, span) in spans.iter().enumerate() {
        let mut fields = span.attributes.iter();
        let operation = fields.find(|field| field.key.as_str() == OPERATION);
        let operation = operation.map(|field| field.value.to_string());
        let call = (span.parent_span_id, span.name.to_string(), operation);
        alike.entry(call).or_default().push(at);
    }
    let most = alike.values().map(Vec::len).max().unwrap_or_default();
    let mut cut = HashSet::<usize>::new();
    for places in alike.values() {
        for &at in places.iter().skip(1) {
            if let Some(span) = spans.get_mut(at) {
                let fields = &mut span.attributes;
                fields.retain(|field| !SAID_ONCE.contains(&field.key.as_str()));
            }
        }
        let last = places.len().saturating_sub(LAST);
        cut.extend(places.get(FIRST..last).unwrap_or_default());
    }
    if most > 1
        && let Some(first) = spans.last_mut()
    {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        first.attributes.push(KeyValue::new("attempts", most));
    }
    let mut places = 0..;
    spans.retain(|_| places.next().is_none_or(|at| !cut.contains(&at)));
    spans
}
