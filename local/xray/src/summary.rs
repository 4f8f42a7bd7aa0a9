//! The summary of a trace, as X-Ray gives it.
//! <https://docs.aws.amazon.com/xray/latest/api/API_TraceSummary.html>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::store::Trace;

/// When the first segment starts and the last one that is done ends, in seconds since 1970.
pub(crate) fn times(trace: &Trace) -> (f64, f64) {
    let starts = trace.values().map(|segment| segment.start);
    let start = starts.fold(f64::INFINITY, f64::min);
    let ends = trace.values().filter_map(|segment| segment.end);
    (start, ends.fold(start, f64::max))
}

/// Errors and faults are those of any segment. On AWS they are those of the root, which the local AWS does not send.
pub(crate) fn summary(id: &str, trace: &Trace) -> Value {
    let (start, end) = times(trace);
    let mut annotations: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (key, value) in trace.values().flat_map(|segment| &segment.annotations) {
        let kind = match value {
            Value::Bool(_) => "BooleanValue",
            Value::Number(_) => "NumberValue",
            _ => "StringValue",
        };
        let value = json!({"AnnotationValue": {kind: value}, "ServiceIds": []});
        let values = annotations.entry(key).or_default();
        if !values.contains(&value) {
            values.push(value);
        }
    }
    let root = trace.values().find(|segment| segment.is_root);
    let mut summary = json!({
        "Id": id,
        "StartTime": start,
        "Duration": end - start,
        "HasError": trace.values().any(|segment| segment.flags.error),
        "HasFault": trace.values().any(|segment| segment.flags.fault),
        "HasThrottle": trace.values().any(|segment| segment.flags.throttle),
        "IsPartial": trace.values().any(|segment| segment.end.is_none()),
        "Annotations": annotations,
    });
    if let Some((root, end)) = root.and_then(|root| Some((root, root.end?))) {
        summary["ResponseTime"] = json!(end - root.start);
    }
    summary
}
