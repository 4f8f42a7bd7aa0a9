//! Region, credentials and errors of AWS.

use std::{collections::BTreeSet, env, error::Error, time::Duration};

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_cloudformation::{
    config::{Credentials, ProvideCredentials, SharedCredentialsProvider},
    error::{ProvideErrorMetadata, SdkError},
};
use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpClient};

use url::Url;

use super::trouble::{self, Endpoints};
use crate::terminal::failure::{Failure, root_cause};

/// Access to one region of AWS, or to a local AWS.
#[derive(Clone, Debug)]
pub(crate) struct Aws {
    pub(crate) config: SdkConfig,
    pub(crate) region: String,
    pub(crate) credentials: SharedCredentialsProvider,
    /// Addresses that are called in place of AWS.
    pub(crate) endpoints: Endpoints,
}

impl Aws {
    /// From the environment, as every AWS tool reads it. Credentials are fetched once here, so that their
    /// absence is reported as such, and not as a call that failed.
    pub(crate) async fn from_environment() -> Result<Self, Failure> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .operation_attempt_timeout(Duration::from_secs(15))
            .operation_timeout(Duration::from_mins(1))
            .build();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(https(proxy()))
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(4))
            .load();
        // It is large, and every command would be.
        let config = Box::pin(config).await;
        let Some(region) = config.region() else {
            return Err(trouble::with_profile().await.unwrap_or_else(no_region));
        };
        let region = region.to_string();
        trouble::region(&region)?;
        let endpoints = trouble::endpoints().await?;
        let credentials = config.credentials_provider().ok_or_else(no_credentials)?;
        if let Err(failure) = fetch(&credentials).await {
            return Err(trouble::with_credentials().await.unwrap_or(failure));
        }
        Ok(Self {
            config,
            region,
            credentials,
            endpoints,
        })
    }

    /// What a failed call means for the operator. `doing` completes the text "cannot …".
    pub(crate) fn explain<E>(&self, doing: &str, error: &SdkError<E>) -> Failure
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        if let Some(code) = error.code() {
            let message = error.message().unwrap_or("no message");
            let next = match code {
                "ExpiredToken"
                | "ExpiredTokenException"
                | "InvalidClientTokenId"
                | "UnrecognizedClientException"
                | "SignatureDoesNotMatch" => {
                    "sign in again (`aws sso login`, or new AWS_… variables)"
                }
                "AccessDenied" | "AccessDeniedException" => {
                    "ask for the permission that the message names"
                }
                _ => "see the message, then run the same command again",
            };
            return Failure::environment(format!("cannot {doing}: {code}: {message}"), next);
        }
        let why = root_cause(error);
        let place = self.place();
        if let Some(answer) = error.raw_response() {
            return Failure::environment(
                format!(
                    "cannot {doing}: {place} answers HTTP {}, and not as AWS does",
                    answer.status().as_u16()
                ),
                self.check(
                    "check that no proxy answers in its place, then run the same command again",
                ),
            );
        }
        let was_sent = match error {
            SdkError::ConstructionFailure(_) => false,
            SdkError::DispatchFailure(failure) => failure.is_io() || failure.is_timeout(),
            _ => true,
        };
        if let Some((what, next)) = trouble::with_tls(&why) {
            return Failure::environment(format!("cannot {doing} at {place}: {what}"), next);
        }
        if !was_sent {
            return Failure::environment(
                format!("cannot {doing}: the call cannot be made: {why}"),
                "check the settings of AWS (the AWS_… variables, and ~/.aws/config)",
            );
        }
        Failure::environment(
            format!("cannot {doing}: {place} does not answer: {why}"),
            self.check("check the network, and that AWS_REGION is a region of AWS; then run the same command again"),
        )
    }

    /// What is called.
    fn place(&self) -> String {
        if self.endpoints.is_empty() {
            return format!("AWS in {}", self.region);
        }
        let urls: BTreeSet<_> = self.endpoints.values().map(String::as_str).collect();
        urls.into_iter().collect::<Vec<_>>().join(" or ")
    }

    /// What to check: the local AWS, or `of_aws`.
    fn check(&self, of_aws: &str) -> String {
        if self.endpoints.is_empty() {
            return of_aws.to_owned();
        }
        let settings: Vec<_> = self.endpoints.keys().map(String::as_str).collect();
        let settings = settings.join(" and ");
        format!("is the local AWS running (`make local`)? Else unset {settings}")
    }
}

/// The region that the environment or the profile names. No service is asked.
pub(crate) async fn region() -> Option<String> {
    let variables = ["AWS_REGION", "AWS_DEFAULT_REGION"];
    match variables.into_iter().find_map(|name| env::var(name).ok()) {
        Some(region) => Some(region),
        None => trouble::region_of_profile().await,
    }
}

/// The client of every call to AWS: what the SDK has by default, but with ring for aws-lc.
pub(crate) fn https(proxy: ProxyConfig) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, _| {
        let settings = settings.cloned().unwrap_or_default();
        connector(settings, proxy.clone())
    })
}

/// The proxy that the environment names, unless everything that is called is on this machine.
fn proxy() -> ProxyConfig {
    let url = env::var("AWS_ENDPOINT_URL");
    if url.is_ok_and(|url| is_loopback(&url)) {
        ProxyConfig::disabled()
    } else {
        ProxyConfig::from_env()
    }
}

/// Whether an address is on this machine. A proxy that the environment names cannot lead there.
pub(super) fn is_loopback(address: &str) -> bool {
    Url::parse(address)
        .is_ok_and(|url| matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")))
}

/// One that trusts the system's certificate authorities.
pub(crate) fn connector(settings: HttpConnectorSettings, proxy: ProxyConfig) -> Connector {
    Connector::builder()
        .connector_settings(settings)
        .proxy_config(proxy)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build()
}

/// Credentials, now.
pub(crate) async fn fetch(provider: &SharedCredentialsProvider) -> Result<Credentials, Failure> {
    provider.provide_credentials().await.map_err(|error| {
        let why = root_cause(&error);
        // The error goes on with the places that were tried, one on each line.
        let why = why.trim_end_matches(" Attempted:").trim_end_matches('.');
        Failure::environment(
            format!("no AWS credentials: {why}"),
            "sign in (`aws sso login`, AWS_PROFILE=…), or source the env file of the local stack",
        )
    })
}

fn no_region() -> Failure {
    Failure::environment(
        "no AWS region is set",
        "export AWS_REGION=…, or source the env file of the local stack",
    )
}

fn no_credentials() -> Failure {
    Failure::environment(
        "no AWS credentials: no provider is configured",
        "set AWS_PROFILE, or sign in",
    )
}
