//! What X-Ray and SNS get of a publish. Apart from the other tests: a thread without a subscriber switches `tracing` off where it
//! comes first.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

mod stub;

use std::{
    net::UdpSocket,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use accept_order::Publisher;
use serde_json::Value;
use sluice_telemetry::{invocation, layer};
use stub::{NOW, TOPIC, publication, publisher};
use tracing::{Instrument, subscriber::set_default};
use tracing_subscriber::layer::SubscriberExt;

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
