//! An SNS that fails, hesitates, or never answers, and the real publisher for it.

use accept_order::{PUBLISH, Publication, SnsPublisher};
use aws_sdk_sns::config::{BehaviorVersion, Credentials, Region};
use sluice_order::Lane;
use sluice_runtime::Https;
use sluice_telemetry::Calls;
use sluice_testing::stand_in::{Answer, StandIn};

pub(crate) const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";

const CONFIRMED: &str = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
<MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult></PublishResponse>";

/// SNS's words may repeat what it was sent.
const REFUSED: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameter</Code>\
<Message>Invalid parameter: Message: {\"customer_id\": \"c\"}</Message></Error></ErrorResponse>";

/// SNS's answer with this status.
pub(crate) fn answer(status: u16) -> Answer {
    let body = match status {
        200 => CONFIRMED,
        400 => REFUSED,
        _ => "",
    };
    Answer::new(status, body)
}

/// An SNS that gives these answers, and the publisher that asks it.
pub(crate) async fn sns(answers: impl IntoIterator<Item = Answer>) -> (SnsPublisher, StandIn) {
    let numbered = answers.into_iter().zip(0..);
    let numbered =
        numbered.map(|(answer, n)| answer.header("x-amzn-requestid", &format!("request-{n}")));
    let sns = StandIn::answering(numbered).await;
    let config = aws_sdk_sns::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(sns.url())
        .timeout_config(PUBLISH.timeouts())
        .retry_config(PUBLISH.retries())
        .interceptor(Calls::to("SNS", TOPIC))
        .http_client(Https::new())
        .build();
    let client = aws_sdk_sns::Client::from_conf(config);
    (SnsPublisher::new(client, TOPIC.into()), sns)
}

pub(crate) fn publication() -> Publication {
    Publication {
        order_id: "ord_CQkJCQkJCQkJCQkJBwcHBwG4ErU0_WLp".parse().unwrap(),
        body: "{}".into(),
        lane: Lane::Standard,
        is_smoke: false,
        group: "g".into(),
    }
}
