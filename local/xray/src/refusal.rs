//! Why a document is refused.

use serde::Serialize;

/// The rule that a document breaks. The variant's name is the `ErrorCode` and the key in the counts, the message says the
/// rule. Neither quotes the document.
///
/// The rules are those of
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(r#"a datagram starts with the line {{"format": "json", "version": 1}}"#)]
    Header,
    #[error("a document has at most 64 KB")]
    Size,
    #[error("a document is a JSON object in UTF-8")]
    Json,
    #[error(
        "name has 1 to 200 letters, numbers, whitespace and of the symbols _ . : / % & # = + \\ - @"
    )]
    Name,
    #[error("id has 16 hexadecimal digits")]
    Id,
    #[error("trace_id is 1-, 8 hexadecimal digits, -, 24 hexadecimal digits")]
    TraceId,
    #[error("the time in trace_id is at most 30 days ago and not in the future")]
    TraceTime,
    #[error("start_time is a number of seconds since 1970")]
    StartTime,
    #[error(
        "there is either end_time, a number of seconds not before start_time, or in_progress, which is true"
    )]
    EndTime,
    #[error("type is absent or \"subsegment\"")]
    Type,
    #[error("parent_id has 16 hexadecimal digits, and a subsegment of its own must have it")]
    ParentId,
    #[error("namespace is \"aws\" or \"remote\"")]
    Namespace,
    #[error(
        "annotations are at most 50; a key has 1 to 500 letters of ASCII, digits and _, a value is a string of up to 1,000 characters, a number or a boolean"
    )]
    Annotations,
    #[error(
        "http is an object, and so are its request and response; status and content_length are integers"
    )]
    Http,
    #[error("error, fault and throttle are booleans")]
    Flag,
    #[error(
        "cause is the id of an exception, 16 hexadecimal digits, or an object, with a list of exceptions that have such an id"
    )]
    Cause,
    #[error("aws, metadata, service and sql are objects")]
    Object,
    #[error("origin and user are strings of up to 250 characters")]
    Text,
    #[error("precursor_ids is a list of ids")]
    PrecursorIds,
    #[error("subsegments is a list of objects")]
    Subsegments,
}
