//! The real publisher against an SNS that fails, hesitates, or never answers.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use std::{
    net::UdpSocket,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use accept_order::{PUBLISH, Publication, Publisher, SnsPublisher};
use aws_sdk_sns::config::{BehaviorVersion, Credentials, Region};
use serde_json::Value;
use sluice_order::Lane;
use sluice_telemetry::{Calls, invocation, layer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::sleep,
};
use tracing::{Instrument, subscriber::set_default};
use tracing_subscriber::layer::SubscriberExt;

const NOW: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_mins(1);

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";

const CONFIRMED: &str = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
<MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult></PublishResponse>";

/// An SNS that gives the n-th request its n-th answer, a status and a pause before it, and the last one to all
/// that follow. Returns the publisher and the requests so far.
async fn publisher(answers: &'static [(u16, Duration)]) -> (SnsPublisher, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::<Mutex<Vec<String>>>::default();
    let seen = requests.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let seen = seen.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 65_536];
                let length = stream.read(&mut request).await.unwrap_or(0);
                if length == 0 {
                    return;
                }
                let n = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(String::from_utf8_lossy(&request[..length]).into_owned());
                    seen.len() - 1
                };
                let (status, pause) = answers[n.min(answers.len() - 1)];
                sleep(pause).await;
                let body = if status == 200 { CONFIRMED } else { "" };
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nx-amzn-requestid: request-{n}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
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
        .interceptor(Calls::to("SNS", TOPIC))
        .build();
    (SnsPublisher::new(config, TOPIC.into()), requests)
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
    assert_eq!(requests.lock().unwrap().len(), 3);
}

/// P1.
#[tokio::test]
async fn a_refusal_is_an_error_and_not_repeated() {
    let (sns, requests) = publisher(&[(403, NOW)]).await;
    assert!(sns.publish(&publication()).await.is_err());
    assert_eq!(requests.lock().unwrap().len(), 1);
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

/// What X-Ray's daemon gets of one publish that is answered so, and the requests that SNS got.
async fn traced(answers: &'static [(u16, Duration)]) -> (Value, Vec<String>) {
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    daemon
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let address = daemon.local_addr().unwrap().to_string();
    let traces = layer(&address, "accept-order", None).unwrap();
    let _guard = set_default(tracing_subscriber::registry().with(traces));
    let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let header = format!(
        "Root=1-{:08x}-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        epoch.as_secs()
    );
    let (sns, requests) = publisher(answers).await;
    let span = invocation("accept-order", Some(&header), "r-1", true);
    let _ = sns.publish(&publication()).instrument(span).await;
    let mut packet = vec![0; 65_536];
    let length = daemon.recv(&mut packet).unwrap();
    let text = std::str::from_utf8(&packet[..length]).unwrap();
    let (_, document) = text.split_once('\n').unwrap();
    let requests = requests.lock().unwrap().clone();
    (serde_json::from_str(document).unwrap(), requests)
}

/// P8: SNS goes on from the call, not from what the environment says of the invocation.
#[tokio::test]
async fn a_publish_is_a_call_in_the_trace_and_hands_its_place_on() {
    let (document, requests) = traced(&[(500, NOW), (200, NOW)]).await;
    let call = &document["subsegments"][0];
    assert_eq!(call["name"], "SNS");
    assert_eq!(call["namespace"], "aws");
    assert_eq!(call["aws"]["operation"], "Publish");
    assert_eq!(call["aws"]["request_id"], "request-1");
    assert_eq!(call["http"]["response"]["status"], 200);
    assert_eq!(call["annotations"]["retries"], 1);
    assert_eq!(call["metadata"]["topic_arn"], TOPIC);
    assert_eq!(call["fault"], Value::Null);
    let header = format!(
        "Root={};Parent={};Sampled=1",
        document["trace_id"].as_str().unwrap(),
        call["id"].as_str().unwrap()
    );
    for request in requests {
        let own: Vec<_> = request
            .lines()
            .filter_map(|line| line.strip_prefix("x-amzn-trace-id: "))
            .collect();
        assert_eq!(own, [header.as_str()], "{request}");
    }
}

/// P8.
#[tokio::test]
async fn a_call_that_fails_says_why() {
    let (document, _) = traced(&[(403, NOW)]).await;
    let call = &document["subsegments"][0];
    assert_eq!(call["error"], true, "{document:#}");
    assert_eq!(call["http"]["response"]["status"], 403);
    let cause = call["cause"].to_string();
    assert!(cause.contains("refused by the service"), "{cause}");
}
