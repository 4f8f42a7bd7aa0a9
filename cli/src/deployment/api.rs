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
use backon::{ExponentialBuilder, Retryable};
use sluice_order::OrderId;
use tokio::time::timeout;
use url::Url;

use crate::{
    deployment::{
        aws::{self, Aws},
        retry::{backoff, is_transient, pause, retry_after},
        sign::{Call, Signer},
        stack::Stack,
        trouble,
    },
    terminal::failure::{Failure, root_cause},
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
    backoff: ExponentialBuilder,
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

/// Why one attempt gave no final answer.
enum Unanswered {
    /// The call cannot be made at all.
    Failed(Failure),
    /// It has to be repeated: an answer that leaves open what became of the order, or none, and why.
    Open {
        retry_after: Option<Duration>,
        answer: Result<Answer, String>,
    },
}

impl Unanswered {
    fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Open { retry_after, .. } => *retry_after,
            Self::Failed(_) => None,
        }
    }

    fn lost(why: String) -> Self {
        Self::Open {
            retry_after: None,
            answer: Err(why),
        }
    }
}

impl Api {
    /// The API at a base address. `backoff` says how often and when a call is repeated.
    pub fn new(base: impl Into<String>, signer: Signer, backoff: ExponentialBuilder) -> Self {
        let base = base.into();
        let proxy = if aws::is_loopback(&base) {
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
            backoff,
        }
    }

    pub(crate) fn of(stack: &Stack, aws: &Aws) -> Result<Self, Failure> {
        let signer = Signer::new(aws.credentials.clone(), &aws.region);
        Ok(Self::new(stack.api_url()?, signer, backoff()))
    }

    /// `POST /orders`.
    ///
    /// # Errors
    /// The service could not be reached, however often the call was repeated.
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
    /// The service could not be reached, however often the call was repeated.
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
        let last = (|| self.attempt(method, &url, headers, body))
            .retry(self.backoff)
            .sleep(tokio::time::sleep)
            .when(Unanswered::is_open)
            .adjust(|open, backoff| pause(backoff, open.retry_after()))
            .await;
        match last {
            Ok(answer)
            | Err(Unanswered::Open {
                answer: Ok(answer), ..
            }) => Ok(answer),
            Err(Unanswered::Failed(failure)) => Err(failure),
            Err(Unanswered::Open {
                answer: Err(why), ..
            }) => Err(self.unanswered(&why)),
        }
    }

    fn unanswered(&self, why: &str) -> Failure {
        let base = &self.base;
        match trouble::with_tls(why) {
            Some((what, next)) => Failure::environment(format!("cannot call {base}: {what}"), next),
            None => Failure::environment(
                format!("{base} does not answer: {why}"),
                "check that it runs, then repeat the same command",
            ),
        }
    }

    async fn attempt(
        &self,
        method: &str,
        url: &Url,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, Unanswered> {
        // Signed anew each time: a signature is good for five minutes.
        let signature = self
            .signer
            .sign(Call {
                method,
                url: url.as_str(),
                headers,
                body,
            })
            .await
            .map_err(Unanswered::Failed)?;
        let signed = signature.iter().map(|(name, value)| (&**name, &**value));
        let headers = headers.iter().copied().chain(signed);
        // An answer whose body is cut off is as good as none.
        let sent = timeout(ANSWER_TIMEOUT, self.send(method, url, headers, body)).await;
        let (response, answer) = match sent {
            Err(_) => return Err(Unanswered::lost(format!("no answer in {ANSWER_TIMEOUT:?}"))),
            Ok(Err(error)) => return Err(Unanswered::lost(root_cause(&*error))),
            Ok(Ok(sent)) => sent,
        };
        if answer.is_transient() {
            return Err(Unanswered::Open {
                retry_after: retry_after(response.headers().get("retry-after")),
                answer: Ok(answer),
            });
        }
        Ok(answer)
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
