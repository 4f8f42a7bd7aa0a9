//! What is logged where X-Ray refuses traces. Apart from the other tests: a thread without a subscriber switches `tracing` off where it
//! comes first.
use std::sync::{Arc, Mutex};

use aws_sdk_xray::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};
use fulfill_orders::xray::put_segments;
use sluice_runtime::{Function, Https};
use sluice_testing::stand_in::StandIn;
use tracing::{Level, subscriber::set_default};

/// X-Ray's words may repeat what it was sent; its code stands for them.
#[tokio::test]
async fn a_refusal_is_one_line_with_the_code_alone() {
    let function = Function {
        crate_name: "fulfill_orders",
        service: "fulfill-orders".to_owned(),
        name: None,
        memory_mb: None,
        level: Level::TRACE,
        namespace: None,
        daemon: None,
    };
    let lines = Arc::<Mutex<String>>::default();
    let out = Arc::clone(&lines);
    let out = Arc::new(move |line: &str| out.lock().unwrap().push_str(line));
    let _guard = set_default(function.subscriber(out, None).0);
    let xray = StandIn::of_json(|_| None).await;
    let config = aws_sdk_xray::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(xray.url())
        .retry_config(RetryConfig::disabled())
        .http_client(Https::new())
        .build();
    put_segments(&Client::from_conf(config), &["poison".to_owned()]).await;
    let said = lines.lock().unwrap().clone();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("InvalidParameterValue"), "{said}");
    assert!(!said.contains("poison"), "{said}");
}
