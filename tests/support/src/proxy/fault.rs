//! What can befall a request.

use std::time::Duration;

use http_body_util::Full;
use hyper::{StatusCode, body::Bytes, header::CONTENT_TYPE};

use super::Answer;

/// What befalls a request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fault {
    /// Answered at once with an error of the service.
    Error,
    /// Answered at once: too many requests.
    Throttle,
    /// Forwarded after so long.
    Delay(Duration),
    /// The connection is reset, nothing is forwarded.
    Reset,
    /// Forwarded; instead of the answer the connection is reset.
    LoseAnswer,
    /// Held until the faults are changed, then forwarded.
    HoldRequest,
    /// Forwarded; the answer is held until the faults are changed.
    HoldAnswer,
}

/// The fault that a number from 0 to 1 stands for.
pub(super) fn draw(faults: &[(f64, Fault)], mut number: f64) -> Option<Fault> {
    for (chance, fault) in faults {
        number -= chance;
        if number < 0.0 {
            return Some(*fault);
        }
    }
    None
}

/// As `DynamoDB` answers when it is not well.
pub(super) fn error() -> Answer {
    refusal(
        StatusCode::INTERNAL_SERVER_ERROR,
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"a fault of the test"}"#,
    )
}

/// As `DynamoDB` answers when it is asked too often.
pub(super) fn throttle() -> Answer {
    refusal(
        StatusCode::BAD_REQUEST,
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"a fault of the test"}"#,
    )
}

fn refusal(status: StatusCode, body: &'static str) -> Answer {
    let mut answer = Answer::new(Full::new(Bytes::from_static(body.as_bytes())));
    *answer.status_mut() = status;
    let content_type = "application/x-amz-json-1.0"
        .parse()
        .expect("a header's value");
    answer.headers_mut().insert(CONTENT_TYPE, content_type);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_its_share() {
        let faults = [(0.25, Fault::Error), (0.5, Fault::Reset)];
        for (number, fault) in [
            (0.0, Some(Fault::Error)),
            (0.24, Some(Fault::Error)),
            (0.26, Some(Fault::Reset)),
            (0.74, Some(Fault::Reset)),
            (0.76, None),
        ] {
            assert_eq!(draw(&faults, number), fault, "{number}");
        }
        assert_eq!(draw(&[(1.0, Fault::Error)], 0.999_999), Some(Fault::Error));
        assert_eq!(draw(&[], 0.0), None);
    }
}
