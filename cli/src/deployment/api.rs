//! Calls to the API, repeated until the service has answered.
//!
//! A lost connection, 429 and 5xx leave open whether an order was accepted. So the call goes out again with
//! the same `Idempotency-Key`, which makes it one order however often it arrives.

use std::time::Duration;

use reqwest::{Client, Method, Url, redirect};
use sluice_order::OrderId;

use crate::{
    Failure,
    aws::Aws,
    failure::root_cause,
    retry::{Retry, is_transient, retry_after},
    sign::{Call, Signer},
    stack::Stack,
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
    pub fn new(base: impl Into<String>, signer: Signer, retry: Retry) -> Result<Self, Failure> {
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
            retry,
        })
    }

    pub(crate) fn of(stack: &Stack, aws: &Aws) -> Result<Self, Failure> {
        let signer = Signer::new(aws.credentials.clone(), &aws.region);
        Self::new(stack.api_url()?, signer, Retry::default())
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
        self.call(Method::POST, "/orders", &headers, body).await
    }

    /// `GET /orders/{id}`.
    ///
    /// # Errors
    /// The service could not be reached, time and again.
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
        let mut failed = 0;
        loop {
            let open = match self.attempt(&method, &url, headers, body).await? {
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
        method: &Method,
        url: &Url,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Result<Answer, Open>, Failure> {
        // Signed anew each time: a signature is good for five minutes.
        let signature = self
            .signer
            .sign(Call {
                method: method.as_str(),
                url: url.as_str(),
                headers,
                body,
            })
            .await?;
        let mut request = self.http.request(method.clone(), url.clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for (name, value) in &signature {
            request = request.header(name, value);
        }
        let lost = |error: reqwest::Error| Open {
            retry_after: None,
            answer: Err(root_cause(&error)),
        };
        let response = match request.body(body.to_vec()).send().await {
            Ok(response) => response,
            Err(error) => return Ok(Err(lost(error))),
        };
        let status = response.status().as_u16();
        let asked = response.headers().get("retry-after");
        let retry_after = retry_after(asked.and_then(|value| value.to_str().ok()));
        // An answer whose body is cut off is as good as none.
        let answer = match response.bytes().await {
            Ok(body) => Answer {
                status,
                body: body.to_vec(),
            },
            Err(error) => return Ok(Err(lost(error))),
        };
        Ok(if answer.is_transient() {
            Err(Open {
                retry_after,
                answer: Ok(answer),
            })
        } else {
            Ok(answer)
        })
    }
}

/// A proxy of the environment is never the way to a local stack.
fn is_loopback(base: &str) -> bool {
    Url::parse(base)
        .is_ok_and(|url| matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")))
}
