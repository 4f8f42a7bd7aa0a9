//! X-Ray as far as it is asked, for tests.

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_xray::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::proxy::ProxyConfig;
use serde_json::Value;
use sluice_testing::stand_in::{Answer, StandIn};

use crate::deployment::aws::{Aws, https};

/// Answers what `answer` makes of a body: the status and the body of the answer.
pub(crate) async fn xray(
    answer: impl Fn(&Value) -> (u16, Value) + Send + Sync + 'static,
) -> (Aws, StandIn) {
    let xray = StandIn::start(move |call| {
        let (status, body) = answer(&call.json());
        Answer::json(status, &body)
    })
    .await;
    let credentials = Credentials::new("a", "b", None, None, "test");
    let credentials = SharedCredentialsProvider::new(credentials);
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(xray.url())
        .http_client(https(ProxyConfig::disabled()))
        .credentials_provider(credentials.clone())
        .build();
    let aws = Aws {
        endpoints: BTreeMap::default(),
        config,
        region: "eu-west-1".to_owned(),
        credentials,
    };
    (aws, xray)
}
