//! The real publisher against an SNS that fails, hesitates, or never answers.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

mod stub;

use std::time::{Duration, Instant};

use accept_order::Publisher;
use sluice_testing::stand_in::Answer;
use stub::{answer, publication, sns};

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

/// What is logged of a failure is SNS's code, or how far the call came.
#[tokio::test]
async fn an_error_does_not_repeat_what_was_sent() {
    for (status, text) in [(400, "InvalidParameter"), (403, "the answer has no code")] {
        let (publisher, _sns) = sns([answer(status)]).await;
        let error = publisher.publish(&publication()).await.unwrap_err();
        assert_eq!(error.0, text);
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
