//! X-Ray as far as it is asked, for tests.

use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_xray::config::{Credentials, SharedCredentialsProvider};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::deployment::aws::{Aws, https};

/// What it was asked.
pub(crate) type Asked = Arc<Mutex<Vec<Value>>>;

/// Answers what `answer` makes of a body: the status and the body of the answer.
pub(crate) async fn xray(
    answer: impl Fn(&Value) -> (u16, Value) + Send + Sync + 'static,
) -> (Aws, Asked) {
    let answer = Arc::new(answer);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
            let answer = service_fn(move |request: Request<Incoming>| {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                async move {
                    let body = request.into_body().collect().await?.to_bytes();
                    let body: Value = serde_json::from_slice(&body).unwrap();
                    let (status, told) = answer(&body);
                    seen.lock().unwrap().push(body);
                    let mut response = Response::new(Full::new(Bytes::from(told.to_string())));
                    *response.status_mut() = status.try_into().unwrap();
                    Ok::<_, hyper::Error>(response)
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    });
    let credentials = Credentials::new("a", "b", None, None, "test");
    let credentials = SharedCredentialsProvider::new(credentials);
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(format!("http://{address}"))
        .http_client(https())
        .credentials_provider(credentials.clone())
        .build();
    let aws = Aws {
        config,
        region: "eu-west-1".to_owned(),
        credentials,
    };
    (aws, asked)
}
