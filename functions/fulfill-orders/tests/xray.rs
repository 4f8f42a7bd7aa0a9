//! Traces by X-Ray's API.
use std::time::{Duration, Instant};

use aws_sdk_xray::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};
use fulfill_orders::xray::put_segments;
use serde_json::json;
use sluice_runtime::Https;
use sluice_testing::stand_in::StandIn;
use tokio::net::TcpListener;

fn client(endpoint: String) -> Client {
    let config = aws_sdk_xray::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .retry_config(RetryConfig::disabled())
        .http_client(Https::new())
        .build();
    Client::from_conf(config)
}

fn documents(count: usize) -> Vec<String> {
    (0..count).map(|n| n.to_string()).collect()
}

#[tokio::test]
async fn every_document_is_sent_once_and_fifty_at_a_time() {
    let xray = StandIn::of_json(|_| Some(json!({"UnprocessedTraceSegments": []}))).await;
    put_segments(&client(xray.url()), &documents(120)).await;
    let requests = xray.bodies();
    let mut sizes = Vec::new();
    let mut sent = Vec::new();
    for request in &requests {
        let documents = request["TraceSegmentDocuments"].as_array().unwrap();
        sizes.push(documents.len());
        sent.extend(documents.iter().map(|d| d.as_str().unwrap().to_owned()));
    }
    sizes.sort_unstable();
    sent.sort_by_key(|text| text.parse::<usize>().unwrap());
    assert_eq!(sizes, [20, 50, 50]);
    assert_eq!(sent, documents(120));
}

#[tokio::test]
async fn with_nothing_to_send_nobody_is_asked() {
    let xray = StandIn::of_json(|_| None).await;
    put_segments(&client(xray.url()), &[]).await;
    assert!(xray.calls().is_empty());
}

/// The batch's answer must be out in time, whatever X-Ray does.
#[tokio::test]
async fn an_x_ray_that_is_silent_or_away_delays_an_answer_by_half_a_second_at_most() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    for endpoint in [silent, "http://127.0.0.1:1".to_owned()] {
        let begun = Instant::now();
        put_segments(&client(endpoint), &documents(1_000)).await;
        assert!(
            begun.elapsed() < Duration::from_secs(1),
            "{:?}",
            begun.elapsed()
        );
    }
}
