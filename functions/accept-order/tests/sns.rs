//! The real publisher against an SNS that fails, hesitates, or never answers.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

mod stub;

use std::time::{Duration, Instant};

use accept_order::{PublishError, Publisher};
use sluice_testing::stand_in::Answer;
use stub::{answer, publication, sns};

/// A refusal with this status and code; without a code SNS says nothing.
fn refusal(status: u16, code: &str) -> Answer {
    let body = format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>");
    Answer::new(status, if code.is_empty() { String::new() } else { body })
}

/// P1.
#[tokio::test]
async fn a_passing_failure_is_repeated() {
    let (publisher, sns) = sns([500, 503, 200].map(answer)).await;
    assert_eq!(publisher.publish(&publication()).await, Ok(()));
    assert_eq!(sns.calls().len(), 3);
}

/// P1.
#[tokio::test]
async fn a_refusal_is_an_error_and_not_repeated() {
    let (publisher, sns) = sns([answer(403)]).await;
    assert!(publisher.publish(&publication()).await.is_err());
    assert_eq!(sns.calls().len(), 1);
}

/// P1: SNS has several ways to say that it did not take a message because there are too many.
#[tokio::test]
async fn what_every_attempt_was_throttled_for_was_not_taken() {
    for (status, code) in [
        (400, "Throttling"),
        (400, "ThrottlingException"),
        (400, "KMSThrottling"),
        (400, "RequestLimitExceeded"),
        (429, "Throttled"),
        (429, "ThrottledException"),
        (503, "Throttling"),
        (429, ""),
    ] {
        let (publisher, _sns) = sns([refusal(status, code)]).await;
        let error = publisher.publish(&publication()).await.unwrap_err();
        let is_throttled = matches!(error, PublishError::Throttled(_));
        assert!(is_throttled, "{status} {code}: {error}");
    }
}

/// P1: SNS may have taken the message at an attempt before the one that it throttled, or after it.
#[tokio::test]
async fn one_attempt_whose_outcome_is_unknown_makes_it_unknown() {
    let throttled = || refusal(400, "Throttling");
    for attempts in [
        vec![Answer::never(), throttled()],
        vec![Answer::lost(), throttled()],
        vec![throttled(), answer(200).cut_off(), throttled()],
        vec![answer(500), throttled()],
        vec![answer(503), answer(503), throttled()],
        vec![throttled(), throttled(), answer(500)],
    ] {
        let (publisher, _sns) = sns(attempts.clone()).await;
        let error = publisher.publish(&publication()).await.unwrap_err();
        let is_unknown = matches!(error, PublishError::Unconfirmed(_));
        assert!(is_unknown, "{attempts:?}: {error}");
    }
}

/// A throttled attempt is worth another one.
#[tokio::test]
async fn a_throttled_publish_may_still_go_well() {
    let (publisher, sns) = sns([refusal(400, "Throttling"), answer(200)]).await;
    assert_eq!(publisher.publish(&publication()).await, Ok(()));
    assert_eq!(sns.calls().len(), 2);
}

/// What is logged of a failure is SNS's code, or how far the call came.
#[tokio::test]
async fn an_error_does_not_repeat_what_was_sent() {
    for (status, text) in [(400, "InvalidParameter"), (403, "the answer has no code")] {
        let (publisher, _sns) = sns([answer(status)]).await;
        let error = publisher.publish(&publication()).await.unwrap_err();
        assert_eq!(error, PublishError::Unconfirmed(text.to_owned()));
    }
}

/// P1: The client hears 503 while the function still runs, not a 502 when it is ended after 10 s.
#[tokio::test]
async fn silence_is_an_error_before_the_function_s_timeout() {
    let (publisher, sns) = sns([Answer::never()]).await;
    let begun = Instant::now();
    assert!(publisher.publish(&publication()).await.is_err());
    assert!(
        begun.elapsed() < Duration::from_secs(9),
        "took {:?}",
        begun.elapsed()
    );
    assert!(sns.calls().len() > 1, "a lost answer is worth another try");
}
