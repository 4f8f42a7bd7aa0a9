//! The real publisher against an SNS that fails, hesitates, or never answers.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

mod stub;

use std::time::{Duration, Instant};

use accept_order::Publisher;
use stub::{NOW, publication, publisher};

const LONG: Duration = Duration::from_mins(1);

/// P1.
#[tokio::test]
async fn a_passing_failure_is_repeated() {
    let (sns, requests) = publisher(&[(500, NOW), (503, NOW), (200, NOW)]).await;
    assert_eq!(sns.publish(&publication()).await, Ok(()));
    assert_eq!(requests.lock().unwrap().len(), 3);
}

/// P1.
#[tokio::test]
async fn a_refusal_is_an_error_and_not_repeated() {
    let (sns, requests) = publisher(&[(403, NOW)]).await;
    assert!(sns.publish(&publication()).await.is_err());
    assert_eq!(requests.lock().unwrap().len(), 1);
}

/// What is logged of a failure is SNS's code, or how far the call came.
#[tokio::test]
async fn an_error_does_not_repeat_what_was_sent() {
    for (answers, text) in [
        (&[(400, NOW)], "InvalidParameter"),
        (&[(403, NOW)], "the answer has no code"),
    ] {
        let (sns, _) = publisher(answers).await;
        let error = sns.publish(&publication()).await.unwrap_err();
        assert_eq!(error.0, text);
    }
}

/// P1: The client hears 503 while the function still runs, not a 502 when it is ended after 10 s.
#[tokio::test]
async fn silence_is_an_error_before_the_function_s_timeout() {
    let (sns, requests) = publisher(&[(200, LONG)]).await;
    let begun = Instant::now();
    assert!(sns.publish(&publication()).await.is_err());
    assert!(
        begun.elapsed() < Duration::from_secs(9),
        "took {:?}",
        begun.elapsed()
    );
    assert!(
        requests.lock().unwrap().len() > 1,
        "a lost answer is worth another try"
    );
}
