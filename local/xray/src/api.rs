//! The part of X-Ray's API that `sluice` and the functions use, with X-Ray's names.
//!
//! <https://docs.aws.amazon.com/xray/latest/api/API_PutTraceSegments.html>,
//! <https://docs.aws.amazon.com/xray/latest/api/API_GetTraceSummaries.html>,
//! <https://docs.aws.amazon.com/xray/latest/api/API_BatchGetTraces.html>

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    filter::{Filter, SUPPORTED},
    receiver::Receiver,
    rules::trace_time,
    store::Trace,
    summary::{summary, times},
};

/// The most traces that a call may ask for.
const TRACES: usize = 5;

/// The most summaries of a page.
const PAGE: usize = 100;

/// Why a call is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: "InvalidRequestException",
            message: message.into(),
        }
    }

    pub(crate) fn too_long(longest: usize) -> Self {
        Self {
            status: 413,
            code: "RequestEntityTooLargeException",
            message: format!("the body has more than {longest} bytes"),
        }
    }

    fn unknown(method: &str, path: &str) -> Self {
        Self {
            status: 404,
            code: "UnknownOperationException",
            message: format!(
                "the local X-Ray does not know {method} {path}. It knows POST /TraceSegments, POST /TraceSummaries, POST /Traces and GET /"
            ),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutTraceSegments {
    trace_segment_documents: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BatchGetTraces {
    trace_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetTraceSummaries {
    /// In seconds since 1970.
    start_time: f64,
    /// In seconds since 1970.
    end_time: f64,
    time_range_type: Option<String>,
    filter_expression: Option<String>,
    next_token: Option<String>,
}

/// Answers a call.
pub(crate) fn answer(
    receiver: &Receiver,
    method: &str,
    path: &str,
    body: &[u8],
) -> Result<Value, Problem> {
    match (method, path) {
        ("GET", "/") => Ok(receiver.counts()),
        ("POST", "/TraceSegments") => Ok(put(receiver, &read(body)?)),
        ("POST", "/Traces") => get(receiver, &read(body)?),
        ("POST", "/TraceSummaries") => summaries(receiver, &read(body)?),
        _ => Err(Problem::unknown(method, path)),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::invalid(error.to_string()))
}

fn put(receiver: &Receiver, request: &PutTraceSegments) -> Value {
    let documents = request.trace_segment_documents.iter();
    let unprocessed: Vec<_> = documents
        .filter_map(|document| {
            let refusal = receiver.document(document.as_bytes()).err()?;
            let parsed: Option<Value> = serde_json::from_str(document).ok();
            let id = parsed.as_ref().and_then(|document| document.get("id"));
            Some(json!({
                "Id": id.and_then(Value::as_str),
                "ErrorCode": format!("{refusal:?}"),
                "Message": refusal.to_string(),
            }))
        })
        .collect();
    json!({"UnprocessedTraceSegments": unprocessed})
}

fn get(receiver: &Receiver, request: &BatchGetTraces) -> Result<Value, Problem> {
    let ids = &request.trace_ids;
    if ids.is_empty() || ids.len() > TRACES {
        return Err(Problem::invalid(format!(
            "TraceIds must be 1 to {TRACES} ids, and are {}",
            ids.len()
        )));
    }
    if ids.iter().any(|id| trace_time(id).is_none()) {
        return Err(Problem::invalid("one of TraceIds is not the id of a trace"));
    }
    let kept = receiver.kept();
    let mut traces = Vec::new();
    let mut unprocessed = Vec::new();
    for id in ids {
        match kept.store.trace(id) {
            Some(trace) => traces.push(whole(id, trace)),
            None => unprocessed.push(id),
        }
    }
    Ok(json!({"Traces": traces, "UnprocessedTraceIds": unprocessed}))
}

fn whole(id: &str, trace: &Trace) -> Value {
    let (start, end) = times(trace);
    let segments: Vec<_> = trace
        .values()
        .map(|segment| json!({"Id": segment.id, "Document": segment.text}))
        .collect();
    json!({"Id": id, "Duration": end - start, "LimitExceeded": false, "Segments": segments})
}

fn summaries(receiver: &Receiver, request: &GetTraceSummaries) -> Result<Value, Problem> {
    if request.end_time < request.start_time {
        return Err(Problem::invalid("EndTime is before StartTime"));
    }
    let by_event = match request.time_range_type.as_deref() {
        None | Some("TraceId") => false,
        Some("Event") => true,
        Some(_) => {
            return Err(Problem::invalid(
                "the local X-Ray supports the TimeRangeType TraceId and Event",
            ));
        }
    };
    let filter = match request.filter_expression.as_deref() {
        None | Some("") => None,
        Some(text) => Some(Filter::parse(text).ok_or_else(|| Problem::invalid(SUPPORTED))?),
    };
    let after = match request.next_token.as_deref() {
        None => None,
        Some(token) => {
            let number = token.parse();
            Some(number.map_err(|_| Problem::invalid("NextToken was not made by this X-Ray"))?)
        }
    };
    let range = request.start_time..=request.end_time;
    let is_within = |id: &str, trace: &Trace| {
        if by_event {
            return trace.values().any(|segment| range.contains(&segment.start));
        }
        let seconds = trace_time(id).and_then(|seconds| u32::try_from(seconds).ok());
        // The id has whole seconds, the range may have less.
        seconds.is_some_and(|seconds| {
            let second = f64::from(seconds);
            second + 1.0 > request.start_time && second <= request.end_time
        })
    };
    let kept = receiver.kept();
    let mut found = kept.store.after(after).filter(|(_, id, trace)| {
        is_within(id, trace) && filter.as_ref().is_none_or(|filter| filter.matches(trace))
    });
    let page: Vec<_> = found.by_ref().take(PAGE).collect();
    let last = page.last().map(|(number, ..)| number.to_string());
    let next = found.next().and(last);
    let summaries: Vec<_> = page
        .iter()
        .map(|(_, id, trace)| summary(id, trace))
        .collect();
    Ok(json!({
        "TraceSummaries": summaries,
        "TracesProcessedCount": summaries.len(),
        "ApproximateTime": request.end_time,
        "NextToken": next,
    }))
}

#[cfg(test)]
#[path = "api_tests.rs"]
mod tests;
