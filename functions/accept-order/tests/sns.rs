//! The real publisher against an SNS that fails, hesitates, or never answers.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use accept_order::{PUBLISH, Publication, Publisher, SnsPublisher};
use aws_sdk_sns::config::{BehaviorVersion, Credentials, Region};
use sluice_order::Lane;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::sleep,
};

const NOW: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_mins(1);

const CONFIRMED: &str = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
<MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult></PublishResponse>";

/// An SNS that gives the n-th request its n-th answer, a status and a pause before it, and the last one to all
/// that follow. Returns the publisher and the number of requests so far.
async fn publisher(answers: &'static [(u16, Duration)]) -> (SnsPublisher, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counter = counter.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 65_536];
                if stream.read(&mut request).await.unwrap_or(0) == 0 {
                    return;
                }
                let n = counter.fetch_add(1, Relaxed);
                let (status, pause) = answers[n.min(answers.len() - 1)];
                sleep(pause).await;
                let body = if status == 200 { CONFIRMED } else { "" };
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    let config = aws_sdk_sns::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .timeout_config(PUBLISH.timeouts())
        .retry_config(PUBLISH.retries())
        .build();
    (
        SnsPublisher::new(config, "arn:aws:sns:eu-west-1:123456789012:orders".into()),
        count,
    )
}

fn publication() -> Publication {
    Publication {
        order_id: "ord_CQkJCQkJCQkJCQkJBwcHBwG4ErU0_WLp".parse().unwrap(),
        body: "{}".into(),
        lane: Lane::Standard,
        group: "g".into(),
    }
}

/// P1.
#[tokio::test]
async fn a_passing_failure_is_repeated() {
    let (sns, requests) = publisher(&[(500, NOW), (503, NOW), (200, NOW)]).await;
    assert_eq!(sns.publish(&publication()).await, Ok(()));
    assert_eq!(requests.load(Relaxed), 3);
}

/// P1.
#[tokio::test]
async fn a_refusal_is_an_error_and_not_repeated() {
    let (sns, requests) = publisher(&[(403, NOW)]).await;
    assert!(sns.publish(&publication()).await.is_err());
    assert_eq!(requests.load(Relaxed), 1);
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
        requests.load(Relaxed) > 1,
        "a lost answer is worth another try"
    );
}
