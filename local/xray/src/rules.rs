//! X-Ray's published rules for a segment document, however it arrives.
//!
//! From <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>, and for annotations
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-annotations>. What the functions send
//! must be valid for X-Ray. So where the rules are unclear, a document is refused.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// The longest document, in bytes.
pub(crate) const LONGEST: usize = 64 * 1024;

/// The oldest time in a trace's id, in seconds before now: X-Ray keeps traces for 30 days.
const OLDEST: u64 = 30 * 24 * 60 * 60;

/// How far the sender's clock may be ahead, in seconds.
const AHEAD: u64 = 5 * 60;

/// The end of the year 9999, in seconds since 1970. Milliseconds in place of seconds are beyond it.
const END_OF_TIME: f64 = 253_402_300_800.0;

const ANNOTATIONS: usize = 50;
const KEY: usize = 500;
const ANNOTATION: usize = 1_000;
const NAME: usize = 200;
const TEXT: usize = 250;

type Object = Map<String, Value>;

/// A valid document: what a search needs of it, and its text as it was sent.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Segment {
    pub(crate) trace_id: String,
    pub(crate) id: String,
    /// A segment without a parent: the request as a whole.
    pub(crate) is_root: bool,
    /// In seconds since 1970.
    pub(crate) start: f64,
    /// In seconds since 1970. `None` while it is in progress.
    pub(crate) end: Option<f64>,
    pub(crate) flags: Flags,
    /// Its own and those of its subsegments.
    pub(crate) annotations: Vec<(String, Value)>,
    pub(crate) text: String,
}

/// What went wrong: the caller's fault, the callee's, or too many calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) error: bool,
    pub(crate) fault: bool,
    pub(crate) throttle: bool,
}

/// The document of a datagram to X-Ray's daemon.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon>
pub(crate) fn datagram(bytes: &[u8]) -> Result<&[u8], Refusal> {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (header, document) = bytes.split_at(end.ok_or(Refusal::Header)?);
    let header: Value = serde_json::from_slice(header).map_err(|_| Refusal::Header)?;
    require(
        header["format"] == "json" && header["version"] == 1,
        Refusal::Header,
    )?;
    Ok(&document[1..])
}

/// Checks a document by the rules. `now` is the time since 1970.
///
/// # Errors
/// The first rule that it breaks.
pub(crate) fn check(bytes: &[u8], now: Duration) -> Result<Segment, Refusal> {
    require(bytes.len() <= LONGEST, Refusal::Size)?;
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::Json)?;
    let document: Object = serde_json::from_str(text).map_err(|_| Refusal::Json)?;

    let trace_id = document.get("trace_id").and_then(Value::as_str);
    let trace_id = trace_id.ok_or(Refusal::TraceId)?;
    let traced = trace_time(trace_id).ok_or(Refusal::TraceId)?;
    require(
        traced <= now.as_secs() + AHEAD && traced + OLDEST >= now.as_secs(),
        Refusal::TraceTime,
    )?;
    let is_subsegment = document.contains_key("type");
    require(
        !is_subsegment || document.contains_key("parent_id"),
        Refusal::ParentId,
    )?;
    let mut annotations = Vec::new();
    let times = part(&document, &mut annotations)?;
    require(annotations.len() <= ANNOTATIONS, Refusal::Annotations)?;
    let flag = |name| document.get(name) == Some(&Value::Bool(true));
    Ok(Segment {
        trace_id: trace_id.to_owned(),
        // It was checked with the others.
        id: document["id"].as_str().unwrap_or_default().to_owned(),
        is_root: !document.contains_key("parent_id"),
        start: times.0,
        end: times.1,
        flags: Flags {
            error: flag("error"),
            fault: flag("fault"),
            throttle: flag("throttle"),
        },
        annotations,
        text: text.to_owned(),
    })
}

/// The time in a trace's id, in seconds since 1970. `None` if the text is not the id of a trace.
pub(crate) fn trace_time(id: &str) -> Option<u64> {
    let (time, rest) = id.strip_prefix("1-")?.split_once('-')?;
    let time = Some(time).filter(|time| are_hex(time, 8) && are_hex(rest, 24))?;
    u64::from_str_radix(time, 16).ok()
}

/// Checks a segment or subsegment with all that it holds; gives its start and end.
fn part(
    part: &Object,
    annotations: &mut Vec<(String, Value)>,
) -> Result<(f64, Option<f64>), Refusal> {
    require(text(part.get("name")).is_some_and(is_name), Refusal::Name)?;
    require(part.get("id").is_some_and(is_id), Refusal::Id)?;
    let times = times(part)?;
    each(
        part,
        &["type"],
        |value| value == "subsegment",
        Refusal::Type,
    )?;
    each(part, &["parent_id"], is_id, Refusal::ParentId)?;
    each(
        part,
        &["namespace"],
        |value| value == "aws" || value == "remote",
        Refusal::Namespace,
    )?;
    each(
        part,
        &["error", "fault", "throttle"],
        Value::is_boolean,
        Refusal::Flag,
    )?;
    each(
        part,
        &["aws", "metadata", "service", "sql"],
        Value::is_object,
        Refusal::Object,
    )?;
    each(part, &["origin", "user"], is_text, Refusal::Text)?;
    each(
        part,
        &["precursor_ids"],
        |value| is_list(value, is_id),
        Refusal::PrecursorIds,
    )?;
    each(part, &["http"], is_http, Refusal::Http)?;
    each(part, &["cause"], is_cause, Refusal::Cause)?;
    if let Some(own) = part.get("annotations") {
        let own = own.as_object().ok_or(Refusal::Annotations)?;
        for (key, value) in own {
            require(is_key(key) && is_value(value), Refusal::Annotations)?;
            annotations.push((key.clone(), value.clone()));
        }
    }
    if let Some(subsegments) = part.get("subsegments") {
        for subsegment in subsegments.as_array().ok_or(Refusal::Subsegments)? {
            let subsegment = subsegment.as_object().ok_or(Refusal::Subsegments)?;
            self::part(subsegment, annotations)?;
        }
    }
    Ok(times)
}

fn times(part: &Object) -> Result<(f64, Option<f64>), Refusal> {
    let seconds = |value: &Value| value.as_f64().filter(|s| (0.0..END_OF_TIME).contains(s));
    let start = part.get("start_time").and_then(seconds);
    let start = start.ok_or(Refusal::StartTime)?;
    let in_progress = match part.get("in_progress") {
        None => false,
        Some(value) => value.as_bool().ok_or(Refusal::EndTime)?,
    };
    let end = match part.get("end_time") {
        None => None,
        Some(value) => Some(seconds(value).ok_or(Refusal::EndTime)?),
    };
    require(
        in_progress == end.is_none() && end.is_none_or(|end| end >= start),
        Refusal::EndTime,
    )?;
    Ok((start, end))
}

fn require(is_kept: bool, refusal: Refusal) -> Result<(), Refusal> {
    is_kept.then_some(()).ok_or(refusal)
}

/// Those of the members that there are must be good.
fn each(
    part: &Object,
    names: &[&str],
    is_good: impl Fn(&Value) -> bool,
    refusal: Refusal,
) -> Result<(), Refusal> {
    let mut values = names.iter().filter_map(|name| part.get(*name));
    require(values.all(is_good), refusal)
}

fn text(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str)
}

fn is_name(name: &str) -> bool {
    let is_allowed =
        |c: char| c.is_alphanumeric() || c.is_whitespace() || r"_.:/%&#=+\-@".contains(c);
    (1..=NAME).contains(&name.chars().count()) && name.chars().all(is_allowed)
}

fn are_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_id(value: &Value) -> bool {
    value.as_str().is_some_and(|id| are_hex(id, 16))
}

fn is_text(value: &Value) -> bool {
    text(Some(value)).is_some_and(|text| text.chars().count() <= TEXT)
}

fn is_list(value: &Value, is_good: impl Fn(&Value) -> bool) -> bool {
    value
        .as_array()
        .is_some_and(|list| list.iter().all(is_good))
}

fn is_key(key: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=KEY).contains(&key.len()) && key.bytes().all(is_allowed)
}

fn is_value(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().count() <= ANNOTATION,
        Value::Number(_) | Value::Bool(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

fn is_http(http: &Value) -> bool {
    let is_integer = |value: &Value| value.is_u64() || value.is_i64();
    let response = |value: &Value| {
        ["status", "content_length"]
            .iter()
            .filter_map(|name| value.get(*name))
            .all(is_integer)
    };
    http.is_object()
        && http.get("request").is_none_or(Value::is_object)
        && http
            .get("response")
            .is_none_or(|value| value.is_object() && response(value))
}

fn is_cause(cause: &Value) -> bool {
    let exception = |value: &Value| value.get("id").is_some_and(is_id);
    match cause {
        Value::String(_) => is_id(cause),
        Value::Object(cause) => cause
            .get("exceptions")
            .is_none_or(|list| is_list(list, exception)),
        _ => false,
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
