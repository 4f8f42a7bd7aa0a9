//! What X-Ray and SNS get of a publish. Apart from the other tests: a thread without a subscriber switches `tracing` off where it
//! comes first.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

mod stub;

use std::{
    net::UdpSocket,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use accept_order::Publisher;
use serde_json::Value;
use sluice_telemetry::{invocation, layer};
use sluice_testing::stand_in::{Answer, Call};
use stub::{TOPIC, answer, publication, sns};
use tokio::time::timeout;
use tracing::{
    Instrument,
    subscriber::{DefaultGuard, set_default},
};
use tracing_subscriber::layer::SubscriberExt;

/// A daemon, to which this thread's traces go for as long as the guard is there.
fn daemon() -> (UdpSocket, DefaultGuard) {
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    daemon
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let address = daemon.local_addr().unwrap().to_string();
    let traces = layer(&address, "accept-order", None).unwrap();
    let guard = set_default(tracing_subscriber::registry().with(traces));
    (daemon, guard)
}

/// What X-Ray's daemon gets of one publish that is answered so, and the calls that SNS got.
async fn traced(answers: impl IntoIterator<Item = Answer>) -> (Value, Vec<Arc<Call>>) {
    let (daemon, _guard) = daemon();
    let (publisher, sns) = sns(answers).await;
    let span = invocation("accept-order", Some(&header()), "r-1", true);
    let _ = publisher.publish(&publication()).instrument(span).await;
    (received(&daemon), sns.calls())
}

/// The next document that the daemon gets.
fn received(daemon: &UdpSocket) -> Value {
    let mut packet = vec![0; 65_536];
    let length = daemon.recv(&mut packet).unwrap();
    let text = std::str::from_utf8(&packet[..length]).unwrap();
    let (_, document) = text.split_once('\n').unwrap();
    serde_json::from_str(document).unwrap()
}

/// The invocation's header, of now.
fn header() -> String {
    let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    format!(
        "Root=1-{:08x}-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        epoch.as_secs()
    )
}

/// P8: SNS goes on from the call, not from what the environment says of the invocation.
#[tokio::test]
async fn a_publish_is_a_call_in_the_trace_and_hands_its_place_on() {
    let (document, calls) = traced([500, 200].map(answer)).await;
    let call = &document["subsegments"][0];
    assert_eq!(call["name"], "SNS");
    assert_eq!(call["namespace"], "aws");
    assert_eq!(call["aws"]["operation"], "Publish");
    assert_eq!(call["aws"]["request_id"], "request-1");
    assert_eq!(call["http"]["response"]["status"], 200);
    assert_eq!(call["annotations"]["retries"], 1);
    assert_eq!(call["aws"]["topic_arn"], TOPIC);
    assert_eq!(call["aws"]["region"], "eu-west-1");
    assert_eq!(call["fault"], Value::Null);
    let header = format!(
        "Root={};Parent={};Sampled=1",
        document["trace_id"].as_str().unwrap(),
        call["id"].as_str().unwrap()
    );
    for call in calls {
        assert_eq!(call.header("x-amzn-trace-id"), Some(header.as_str()));
    }
}

/// P8: whoever goes on from an order that is not traced must not go on in another trace.
#[tokio::test]
async fn a_publish_that_is_not_traced_says_so() {
    let traces = layer("127.0.0.1:9", "accept-order", None).unwrap();
    let _guard = set_default(tracing_subscriber::registry().with(traces));
    let header = header().replace("Sampled=1", "Sampled=0");
    let (publisher, sns) = sns([answer(200)]).await;
    let span = invocation("accept-order", Some(&header), "r-1", true);
    let answer = publisher.publish(&publication()).instrument(span).await;
    answer.unwrap();
    let root = header.split(';').next().unwrap();
    let calls = sns.calls();
    let own = calls[0].header("x-amzn-trace-id").unwrap();
    assert!(own.starts_with(root) && own.ends_with("Sampled=0"), "{own}");
}

/// P8: a header need not name a parent. What is made up in place of the whole would end the trace for everybody behind.
#[tokio::test]
async fn a_publish_stays_in_the_trace_and_hands_its_lineage_on() {
    let traces = layer("127.0.0.1:9", "accept-order", None).unwrap();
    let _guard = set_default(tracing_subscriber::registry().with(traces));
    let header = header().replace("Parent=53995c3f42cd8ad8;", "");
    let root = header.split(';').next().unwrap();
    for sampled in ["Sampled=1", "Sampled=0"] {
        let header = format!("{root};{sampled};Lineage=a87bd80c:1");
        let (publisher, sns) = sns([answer(200)]).await;
        let span = invocation("accept-order", Some(&header), "r-1", true);
        let answer = publisher.publish(&publication()).instrument(span).await;
        answer.unwrap();
        let calls = sns.calls();
        let sent: Vec<_> = calls[0]
            .header("x-amzn-trace-id")
            .unwrap()
            .split(';')
            .collect();
        assert_eq!(
            [sent[0], sent[2], sent[3]],
            [root, sampled, "Lineage=a87bd80c:1"]
        );
    }
}

/// A function that has no more time drops what it waits for.
#[tokio::test]
async fn a_call_that_is_cut_off_is_no_call_that_went_well() {
    let (daemon, _guard) = daemon();
    let (publisher, _sns) = sns([Answer::never()]).await;
    let span = invocation("accept-order", Some(&header()), "r-1", true);
    let work = async {
        let _ = timeout(
            Duration::from_millis(100),
            publisher.publish(&publication()),
        )
        .await;
    };
    work.instrument(span).await;
    let document = received(&daemon);
    let cause = document["subsegments"][0]["cause"].to_string();
    assert!(cause.contains("cut off"), "{document:#}");
}

/// P8.
#[tokio::test]
async fn a_call_that_fails_says_why() {
    let (document, _) = traced([answer(403)]).await;
    let call = &document["subsegments"][0];
    assert_eq!(call["error"], true, "{document:#}");
    assert_eq!(call["http"]["response"]["status"], 403);
    let cause = call["cause"].to_string();
    assert!(cause.contains("refused by the service"), "{cause}");
}
