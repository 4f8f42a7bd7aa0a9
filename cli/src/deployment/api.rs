//! Calls to the API, repeated until the service has answered.
//!
//! A lost connection, 429 and 5xx leave open whether an order was accepted. So the call goes out again with
//! the same `Idempotency-Key`, which makes it one order however often it arrives.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::{Client, Method, Url, redirect};
use sluice_order::OrderId;

use crate::{
    deployment::{
        aws::Aws,
        retry::{backoff, is_transient, pause, retry_after},
        sign::{Call, Signer},
        stack::Stack,
    },
    terminal::failure::{Failure, root_cause},
};

/// API Gateway answers within 29 s or not at all.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The API of one deployment.
#[derive(Debug)]
pub struct Api {
    http: Client,
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

    fn lost(error: &reqwest::Error) -> Self {
        Self::Open {
            retry_after: None,
            answer: Err(root_cause(error)),
        }
    }
}

impl Api {
    /// The API at a base address. `backoff` says how often and when a call is repeated.
    pub fn new(
        base: impl Into<String>,
        signer: Signer,
        backoff: ExponentialBuilder,
    ) -> Result<Self, Failure> {
        let base = base.into();
        // A redirect would need a signature of its own, and no retries but ours may multiply the calls.
        let mut http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .user_agent(concat!("sluice/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&base) {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| {
            Failure::environment(
                format!("no HTTPS here: {}", root_cause(&error)),
                "install the system's CA certificates",
            )
        })?;
        Ok(Self {
            http,
            base,
            signer,
            backoff,
        })
    }

    pub(crate) fn of(stack: &Stack, aws: &Aws) -> Result<Self, Failure> {
        let signer = Signer::new(aws.credentials.clone(), &aws.region);
        Self::new(stack.api_url()?, signer, backoff())
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
        self.call(Method::POST, "/orders", &headers, body).await
    }

    /// `GET /orders/{id}`.
    ///
    /// # Errors
    /// The service could not be reached, however often the call was repeated.
    pub async fn get_order(&self, id: &OrderId) -> Result<Answer, Failure> {
        // Base64url needs no percent encoding.
        self.call(Method::GET, &format!("/orders/{id}"), &[], b"")
            .await
    }

    async fn call(
        &self,
        method: Method,
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
        let last = (|| self.attempt(&method, &url, headers, body))
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
            }) => Err(Failure::environment(
                format!("{} does not answer: {why}", self.base),
                "check that it runs, then repeat the same command",
            )),
        }
    }

    async fn attempt(
        &self,
        method: &Method,
        url: &Url,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, Unanswered> {
        // Signed anew each time: a signature is good for five minutes.
        let signature = self
            .signer
            .sign(Call {
                method: method.as_str(),
                url: url.as_str(),
                headers,
                body,
            })
            .await
            .map_err(Unanswered::Failed)?;
        let mut request = self.http.request(method.clone(), url.clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for (name, value) in &signature {
            request = request.header(name, value);
        }
        let response = request.body(body.to_vec()).send().await;
        let response = response.map_err(|error| Unanswered::lost(&error))?;
        let status = response.status().as_u16();
        let asked = response.headers().get("retry-after");
        let retry_after = retry_after(asked.and_then(|value| value.to_str().ok()));
        // An answer whose body is cut off is as good as none.
        let body = response.bytes().await;
        let body = body.map_err(|error| Unanswered::lost(&error))?.to_vec();
        let answer = Answer { status, body };
        if answer.is_transient() {
            return Err(Unanswered::Open {
                retry_after,
                answer: Ok(answer),
            });
        }
        Ok(answer)
    }
}

/// Whether the address is on this machine. A proxy that the environment names cannot lead there.
fn is_loopback(base: &str) -> bool {
    Url::parse(base)
        .is_ok_and(|url| matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")))
}
