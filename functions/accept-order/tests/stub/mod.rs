//! An SNS that fails, hesitates, or never answers, and the real publisher for it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use accept_order::{PUBLISH, Publication, SnsPublisher};
use aws_sdk_sns::config::{BehaviorVersion, Credentials, Region};
use sluice_order::Lane;
use sluice_runtime::Https;
use sluice_telemetry::Calls;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::sleep,
};

pub(crate) const NOW: Duration = Duration::ZERO;
pub(crate) const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";

const CONFIRMED: &str = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
<MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult></PublishResponse>";

/// SNS's words may repeat what it was sent.
const REFUSED: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameter</Code>\
<Message>Invalid parameter: Message: {\"customer_id\": \"c\"}</Message></Error></ErrorResponse>";

/// An SNS that gives the n-th request its n-th answer, a status and a pause before it, and the last one to all
/// that follow. Returns the publisher and the requests so far.
pub(crate) async fn publisher(
    answers: &'static [(u16, Duration)],
) -> (SnsPublisher, Arc<Mutex<Vec<String>>>) {
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
                let body = match status {
                    200 => CONFIRMED,
                    400 => REFUSED,
                    _ => "",
                };
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
        .http_client(Https::new())
        .build();
    let client = aws_sdk_sns::Client::from_conf(config);
    (SnsPublisher::new(client, TOPIC.into()), requests)
}

pub(crate) fn publication() -> Publication {
    Publication {
        order_id: "ord_CQkJCQkJCQkJCQkJBwcHBwG4ErU0_WLp".parse().unwrap(),
        body: "{}".into(),
        lane: Lane::Standard,
        group: "g".into(),
    }
}
