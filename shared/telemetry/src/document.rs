//! Makes X-Ray documents of spans.
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>
//!
//! Documents are made in the drop of a span, where a panic would end the process. So nothing here can panic.
//!
//! Only spans of [`crate::span`], [`crate::aws`] and [`crate::statement`] get here. A field becomes an annotation if it is in [`ANNOTATIONS`],
//! and metadata if its name begins with `metadata.`. Any other field for which X-Ray has no place is for the logs only.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use opentelemetry::{
    KeyValue, SpanId, Value,
    trace::{SpanKind, Status},
};
use opentelemetry_sdk::trace::SpanData;
use serde::{Serialize, Serializer};

use crate::{TraceContext, context::trace_id, span::ANNOTATIONS};

/// The most characters of a name.
const NAME: usize = 200;

/// The most bytes of an annotation's text. X-Ray's limit is in characters, of which a text has no more than bytes.
const ANNOTATION: usize = 1_000;

/// Builds one X-Ray document from the spans of one trace. `None` if there are no spans.
///
/// The last span is the document's root: a segment, or a subsegment of a segment that somebody else sends. The other spans are
/// below it, and each stands before its parent.
pub(crate) fn document(service: &str, spans: &[SpanData]) -> Option<String> {
    let (first, within) = spans.split_last()?;
    let parent = first.parent_span_id;
    let has_parent =
        parent != SpanId::INVALID && !TraceContext::is_parent_made_up(&first.span_context);
    // X-Ray takes no subsegment without a parent.
    let is_segment = first.span_kind == SpanKind::Server || !has_parent;
    let name = if is_segment { service } else { &first.name };
    let mut part = Part::of(first, name, within);
    part.aws.xray = Some(Sender::default());
    let document = Document {
        kind: (!is_segment).then_some("subsegment"),
        origin: is_segment.then_some("AWS::Lambda::Function"),
        trace_id: trace_id(first.span_context.trace_id()),
        parent_id: has_parent.then(|| parent.to_string()),
        part,
    };
    serde_json::to_string(&document).ok()
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// What runs the code, for X-Ray's map. Only a segment has it; a subsegment is of its segment's.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'static str>,
    trace_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<String>,
    #[serde(flatten)]
    part: Part<'a>,
}

type Fields<'a> = BTreeMap<&'a str, Told<'a>>;

/// A segment or a subsegment.
#[derive(Default, Serialize)]
struct Part<'a> {
    name: String,
    id: String,
    /// In seconds since 1970, like `end_time`.
    start_time: f64,
    end_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'static str>,
    #[serde(skip_serializing_if = "Aws::is_empty")]
    aws: Aws<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<Http>,
    /// The statement, if it was one of a database.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    sql: Fields<'a>,
    /// Who is at fault, if it failed: `error` for the caller, `fault` for the service, `throttle`.
    #[serde(flatten)]
    flags: BTreeMap<&'static str, bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: Fields<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: Fields<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subsegments: Vec<Part<'a>>,
    /// The ids of the siblings that had ended when it began.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    precursor_ids: Vec<String>,
}

#[derive(Default, Serialize)]
struct Aws<'a> {
    /// Once a document.
    #[serde(skip_serializing_if = "Option::is_none")]
    xray: Option<Sender>,
    /// The operation, and the resource it was for.
    #[serde(flatten)]
    call: Fields<'a>,
}

impl Aws<'_> {
    fn is_empty(&self) -> bool {
        self.xray.is_none() && self.call.is_empty()
    }
}

#[derive(Serialize)]
struct Sender {
    sdk: &'static str,
}

impl Default for Sender {
    fn default() -> Self {
        let sdk = "opentelemetry for rust";
        Self { sdk }
    }
}

#[derive(Serialize)]
struct Http {
    response: Response,
}

#[derive(Serialize)]
struct Response {
    status: i64,
}

#[derive(Serialize)]
struct Cause<'a> {
    /// One: a call fails for one reason.
    exceptions: [Exception<'a>; 1],
}

#[derive(Serialize)]
struct Exception<'a> {
    id: String,
    message: Told<'a>,
    /// Whether it came from a call to another service.
    remote: bool,
}

/// A field's value. Our fields are texts, integers and booleans; anything else would be written as text.
struct Told<'a>(&'a Value);

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::I64(number) => serializer.serialize_i64(*number),
            Value::String(text) => serializer.serialize_str(text.as_str()),
            other => serializer.collect_str(other),
        }
    }
}

impl<'a> Part<'a> {
    /// The part for a span, with the parts of the spans below it.
    fn of(span: &'a SpanData, name: &str, others: &'a [SpanData]) -> Self {
        let id = span.span_context.span_id();
        let start_time = seconds(span.start_time);
        let mut part = Self {
            name: cleaned(name),
            id: id.to_string(),
            start_time,
            // The clock may have been set back meanwhile.
            end_time: seconds(span.end_time).max(start_time),
            subsegments: subsegments(id, others),
            ..Self::default()
        };
        // If a field was recorded twice, the last value is written.
        for KeyValue { key, value, .. } in &span.attributes {
            part.tell(key.as_str(), value);
        }
        if matches!(span.status, Status::Error { .. }) {
            part.fail(span);
        }
        part
    }

    /// Writes a field, if X-Ray has a place for it.
    fn tell(&mut self, key: &'a str, value: &'a Value) {
        let (place, key) = match (key, value) {
            ("aws.service", _) => {
                self.namespace = Some("aws");
                return;
            }
            ("db.system.name", _) => {
                self.namespace = Some("remote");
                (&mut self.sql, "database_type")
            }
            ("db.query.summary", _) => (&mut self.sql, "sanitized_query"),
            ("http.response.status_code", Value::I64(status)) => {
                let response = Response { status: *status };
                self.http = Some(Http { response });
                return;
            }
            ("aws.operation", _) => (&mut self.aws.call, "operation"),
            ("aws.table.name", _) => (&mut self.aws.call, "table_name"),
            ("aws.queue.url", _) => (&mut self.aws.call, "queue_url"),
            ("aws.request_id", _) => (&mut self.aws.call, "request_id"),
            ("aws.region", _) => (&mut self.aws.call, "region"),
            // X-Ray's SDKs write it there; its documentation has no place for it.
            ("aws.topic.arn", _) => (&mut self.aws.call, "topic_arn"),
            _ if !ANNOTATIONS.contains(&key) => match key.strip_prefix("metadata.") {
                Some(key) => (&mut self.metadata, key),
                None => return,
            },
            (_, Value::String(text)) if text.as_str().len() > ANNOTATION => {
                (&mut self.metadata, key)
            }
            _ => (&mut self.annotations, key),
        };
        place.insert(key, Told(value));
    }

    /// Writes why it failed and who is at fault: the caller for an X-Ray error, the service for a fault.
    fn fail(&mut self, span: &'a SpanData) {
        let flags: &[_] = match self.http.as_ref().map(|http| http.response.status) {
            Some(429) => &["error", "throttle"],
            Some(400..=499) => &["error"],
            _ => &["fault"],
        };
        self.flags = flags.iter().map(|flag| (*flag, true)).collect();
        let mut fields = span.events.iter().flat_map(|event| &event.attributes);
        let message = fields.find(|field| field.key.as_str() == "exception.message");
        self.cause = message.map(|message| Cause {
            exceptions: [Exception {
                id: other_id(span.span_context.span_id()),
                message: Told(&message.value),
                remote: span.span_kind == SpanKind::Client,
            }],
        });
    }
}

/// The parts directly below a span, in the order in which they began.
fn subsegments(parent: SpanId, spans: &[SpanData]) -> Vec<Part<'_>> {
    let mut under: Vec<_> = (0..).zip(spans).collect();
    under.retain(|(_, span)| span.parent_span_id == parent);
    under.sort_by_key(|(_, span)| span.start_time);
    let told = under.iter().enumerate().map(|(nth, &(at, span))| {
        let before = under.iter().take(nth).map(|(_, before)| before);
        let over = before.filter(|before| before.end_time <= span.start_time);
        Part {
            precursor_ids: over
                .map(|over| over.span_context.span_id().to_string())
                .collect(),
            // Spans stand after the spans below them, so the recursion ends.
            ..Part::of(span, &span.name, spans.get(..at).unwrap_or_default())
        }
    });
    told.collect()
}

/// A second id made from this one, for an exception. It is not drawn at random, because that can fail.
fn other_id(id: SpanId) -> String {
    let id = u64::from_be_bytes(id.to_bytes());
    format!("{:016x}", !id)
}

/// Seconds since 1970. X-Ray knows no earlier times.
fn seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs_f64()
}

/// A name with only the characters that X-Ray takes: Unicode letters, numbers, whitespace and some symbols. X-Ray's list has a
/// `\` too, which seems to be an escape; a name without it is good either way.
fn cleaned(name: &str) -> String {
    let is_taken = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/%&#=+-@".contains(c);
    let clean = name.chars().map(|c| if is_taken(c) { c } else { '_' });
    clean.take(NAME).collect()
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
