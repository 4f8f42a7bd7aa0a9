//! Calls to a service of AWS without its SDK, for a call or two that are made in a deploy. The SDKs of Lambda and CodeDeploy take
//! longer to compile than all functions together.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_runtime_api::client::{
    http::HttpConnector,
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use tokio::time::{sleep, timeout};

use crate::{
    Https, SettingError,
    aws::{self, Budget},
    required,
};

/// The wait before an attempt is repeated.
const PAUSE: Duration = Duration::from_millis(500);

/// A service of AWS, in the function's region and with its credentials.
#[derive(Clone, Debug)]
pub struct Service {
    https: Https,
    credentials: SharedCredentialsProvider,
    region: String,
    name: &'static str,
    endpoint: String,
    budget: Budget,
}

/// What a service answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The error's name, `x-amzn-errortype`; empty if there is none.
    pub error: String,
    /// Whether a function that was invoked failed, `x-amz-function-error`.
    pub has_function_failed: bool,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the service failed, or had too much to do. A service that speaks JSON names its error in the body, at times.
    fn may_work_later(&self) -> bool {
        let throttles = |text: &str| text.contains("Throttling");
        let is_refused = (400..500).contains(&self.status);
        self.status >= 500
            || is_refused
                && (throttles(&self.error) || throttles(&String::from_utf8_lossy(&self.body)))
    }
}

impl Service {
    /// The service with this name, such as `lambda`, as its signatures and addresses have it. `endpoint` is the variable that
    /// places it elsewhere, such as `AWS_ENDPOINT_URL_LAMBDA`; `AWS_ENDPOINT_URL` places all services.
    /// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
    ///
    /// # Errors
    /// The region, the credentials, or `URL_SUFFIX`, which is `AWS::URLSuffix` of the template, is missing.
    pub fn new(
        name: &'static str,
        endpoint: &'static str,
        budget: Budget,
        https: &Https,
    ) -> Result<Self, SettingError> {
        let config = aws::config(budget, https)?;
        let region = required("AWS_REGION")?;
        let credentials = config
            .credentials_provider()
            .ok_or(SettingError::Missing("AWS_ACCESS_KEY_ID"))?;
        let endpoint = match required(endpoint).or_else(|_| required("AWS_ENDPOINT_URL")) {
            Ok(elsewhere) => elsewhere,
            Err(_) => format!("https://{name}.{region}.{}", required("URL_SUFFIX")?),
        };
        Ok(Self::at(
            name,
            &endpoint,
            &region,
            credentials,
            budget,
            https,
        ))
    }

    /// The service at this address.
    pub fn at(
        name: &'static str,
        endpoint: &str,
        region: &str,
        credentials: SharedCredentialsProvider,
        budget: Budget,
        https: &Https,
    ) -> Self {
        Self {
            https: https.clone(),
            credentials,
            region: region.to_owned(),
            name,
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            budget,
        }
    }

    /// Posts `body` to `path`, and repeats it where no answer comes, a 5xx, or a throttling.
    ///
    /// # Errors
    /// There was no answer; why, for the operator.
    pub async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, String> {
        self.call("POST", path, headers, body).await
    }

    /// Asks for `path`, which may have a query whose values are encoded, as often as [`Self::post`].
    ///
    /// # Errors
    /// As those of [`Self::post`].
    pub async fn get(&self, path: &str) -> Result<Answer, String> {
        self.call("GET", path, &[], &[]).await
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, String> {
        let tries = async {
            let mut left = self.budget.attempts;
            loop {
                let once = timeout(self.budget.attempt, self.once(method, path, headers, body));
                let answer = once.await.unwrap_or_else(|_| Err("timed out".to_owned()));
                left = left.saturating_sub(1);
                if left == 0 || matches!(&answer, Ok(answer) if !answer.may_work_later()) {
                    return answer;
                }
                sleep(PAUSE).await;
            }
        };
        let answer = timeout(self.budget.total, tries).await;
        answer.unwrap_or_else(|_| Err("timed out".to_owned()))
    }

    async fn once(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, String> {
        let url = format!("{}{path}", self.endpoint);
        let unsigned = |_| "the request could not be signed".to_owned();
        let credentials = self.credentials.provide_credentials().await;
        let identity = credentials.map_err(|_| "no credentials")?.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.name)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| "the request could not be signed")?
            .into();
        let signed = SignableBody::Bytes(body);
        let signable = SignableRequest::new(method, &url, headers.iter().copied(), signed);
        let (instructions, _) = sign(signable.map_err(unsigned)?, &parameters)
            .map_err(unsigned)?
            .into_parts();
        let mut request = HttpRequest::new(SdkBody::from(body));
        let built = request.set_method(method).and(request.set_uri(url));
        built.map_err(|_| "the request could not be built")?;
        let own = headers.iter().copied();
        for (name, value) in own.chain(instructions.headers()) {
            let (name, value) = (name.to_owned(), value.to_owned());
            request.headers_mut().insert(name, value);
        }
        self.https.send(request).await
    }
}

impl Https {
    /// Sends a request as it is, to AWS or where a setting of AWS says.
    ///
    /// # Errors
    /// There was no answer; why, for the operator.
    pub async fn send(&self, request: HttpRequest) -> Result<Answer, String> {
        let sent = self.connector().call(request).await;
        let response: HttpResponse = sent.map_err(|_| "no connection")?;
        let header = |name| response.headers().get(name).unwrap_or_default().to_owned();
        let (status, error) = (response.status().as_u16(), header("x-amzn-errortype"));
        let has_function_failed = response.headers().contains_key("x-amz-function-error");
        let body = ByteStream::new(response.into_body()).collect().await;
        Ok(Answer {
            status,
            error,
            has_function_failed,
            body: body.map_err(|_| "the answer was cut off")?.to_vec(),
        })
    }
}
