//! Calls to the API, repeated until the service has answered.
//!
//! A lost connection, 429 and 5xx leave open whether an order was accepted. So the call goes out again with
//! the same `Idempotency-Key`, which makes it one order however often it arrives.

use std::time::Duration;

use aws_smithy_http_client::{Connector, proxy::ProxyConfig};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::{HttpConnector, HttpConnectorSettings},
        orchestrator::{HttpRequest, HttpResponse},
    },
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use sluice_order::OrderId;
use tokio::time::timeout;
use url::Url;

use crate::{
    Failure,
    aws::{self, Aws},
    failure::root_cause,
    retry::{Retry, is_transient, retry_after},
    sign::{Call, Signer},
    stack::Stack,
};

/// API Gateway answers within 29 s or not at all.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const USER_AGENT: &str = concat!("sluice/", env!("CARGO_PKG_VERSION"));

/// The API of one deployment.
#[derive(Debug)]
pub struct Api {
    http: Connector,
    base: String,
    signer: Signer,
    retry: Retry,
}

/// An answer of the service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the service never got to the order: 429 or 5xx, after all retries.
    pub fn is_transient(&self) -> bool {
        is_transient(self.status)
    }
}

/// Why one attempt has no answer that stands.
struct Open {
    retry_after: Option<Duration>,
    answer: Result<Answer, String>,
}

impl Api {
    /// The API at a base address. `retry` says when a call is given up.
    pub fn new(base: impl Into<String>, signer: Signer, retry: Retry) -> Self {
        let base = base.into();
        let proxy = if is_loopback(&base) {
            ProxyConfig::disabled()
        } else {
            ProxyConfig::from_env()
        };
        let settings = HttpConnectorSettings::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .build();
        // It follows no redirect, which would need a signature of its own, and repeats no call.
        let http = aws::connector(settings, proxy);
        Self {
            http,
            base,
            signer,
            retry,
        }
    }

    pub(crate) fn of(stack: &Stack, aws: &Aws) -> Result<Self, Failure> {
        let signer = Signer::new(aws.credentials.clone(), &aws.region);
        Ok(Self::new(stack.api_url()?, signer, Retry::default()))
    }

    /// `POST /orders`.
    ///
    /// # Errors
    /// The service could not be reached, time and again.
    pub async fn post_order(&self, idempotency_key: &str, body: &[u8]) -> Result<Answer, Failure> {
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", idempotency_key),
        ];
        self.call("POST", "/orders", &headers, body).await
    }

    /// `GET /orders/{id}`.
    ///
    /// # Errors
    /// The service could not be reached, time and again.
    pub async fn get_order(&self, id: &OrderId) -> Result<Answer, Failure> {
        // Base64url needs no percent encoding.
        self.call("GET", &format!("/orders/{id}"), &[], b"").await
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, Failure> {
        let url = Url::parse(&format!("{}{path}", self.base)).map_err(|error| {
            Failure::environment(
                format!("{:?} is no address: {error}", self.base),
                "check the stack's output ApiUrl",
            )
        })?;
        let mut failed = 0;
        loop {
            let open = match self.attempt(method, &url, headers, body).await? {
                Ok(answer) => return Ok(answer),
                Err(open) => open,
            };
            failed += 1;
            // Without random bytes the pause is the longest one.
            let random = getrandom::u64().unwrap_or(u64::MAX);
            let Some(pause) = self.retry.pause(failed, open.retry_after, random) else {
                return open.answer.map_err(|why| {
                    Failure::environment(
                        format!("{} does not answer: {why}", self.base),
                        "check that it runs, then repeat the same command",
                    )
                });
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(
        &self,
        method: &str,
        url: &Url,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Result<Answer, Open>, Failure> {
        // Signed anew each time: a signature is good for five minutes.
        let signature = self
            .signer
            .sign(Call {
                method,
                url: url.as_str(),
                headers,
                body,
            })
            .await?;
        let signed = signature.iter().map(|(name, value)| (&**name, &**value));
        let headers = headers.iter().copied().chain(signed);
        // An answer whose body is cut off is as good as none.
        let sent = timeout(ANSWER_TIMEOUT, self.send(method, url, headers, body)).await;
        Ok(match sent {
            Err(_) => Err(Open {
                retry_after: None,
                answer: Err(format!("no answer in {ANSWER_TIMEOUT:?}")),
            }),
            Ok(Err(error)) => Err(Open {
                retry_after: None,
                answer: Err(root_cause(&*error)),
            }),
            Ok(Ok((response, answer))) if answer.is_transient() => Err(Open {
                retry_after: retry_after(response.headers().get("retry-after")),
                answer: Ok(answer),
            }),
            Ok(Ok((_, answer))) => Ok(answer),
        })
    }

    async fn send<'a>(
        &self,
        method: &str,
        url: &Url,
        headers: impl Iterator<Item = (&'a str, &'a str)>,
        body: &[u8],
    ) -> Result<(HttpResponse, Answer), BoxError> {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method(method)?;
        request.set_uri(url.as_str())?;
        let its_headers = request.headers_mut();
        its_headers.try_insert("user-agent", USER_AGENT)?;
        for (name, value) in headers {
            its_headers.try_insert(name.to_owned(), value.to_owned())?;
        }
        let mut response = self.http.call(request).await?;
        let body = ByteStream::new(response.take_body()).collect().await?;
        let answer = Answer {
            status: response.status().as_u16(),
            body: body.to_vec(),
        };
        Ok((response, answer))
    }
}

/// A proxy of the environment is never the way to a local stack.
fn is_loopback(base: &str) -> bool {
    Url::parse(base)
        .is_ok_and(|url| matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")))
}
