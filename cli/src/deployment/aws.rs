//! Region, credentials and errors of AWS.

use std::{error::Error, time::Duration};

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

use crate::terminal::failure::{Failure, root_cause};

/// Access to one region of AWS, or to a local AWS.
#[derive(Clone, Debug)]
pub(crate) struct Aws {
    pub(crate) config: SdkConfig,
    pub(crate) region: String,
    pub(crate) credentials: SharedCredentialsProvider,
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
            .http_client(https())
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(4))
            .load()
            .await;
        let region = config.region().ok_or_else(|| {
            Failure::environment(
                "no AWS region is set",
                "export AWS_REGION=…, or source the env file of the local stack",
            )
        })?;
        let region = region.to_string();
        let credentials = config.credentials_provider().ok_or_else(no_credentials)?;
        fetch(&credentials).await?;
        Ok(Self {
            config,
            region,
            credentials,
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
        let place = self.config.endpoint_url();
        let next = match place {
            Some(_) => "is the local AWS running (`make local`)? Else unset AWS_ENDPOINT_URL",
            None => "check the network, then run the same command again",
        };
        let place = place.map_or_else(|| format!("AWS in {}", self.region), str::to_owned);
        Failure::environment(
            format!(
                "cannot {doing}: {place} does not answer: {}",
                root_cause(error)
            ),
            next,
        )
    }
}

/// The client of every call to AWS: what the SDK has by default, but with ring for aws-lc.
pub(crate) fn https() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, _| {
        let settings = settings.cloned().unwrap_or_default();
        connector(settings, ProxyConfig::from_env())
    })
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

fn no_credentials() -> Failure {
    Failure::environment(
        "no AWS credentials: no provider is configured",
        "set AWS_PROFILE, or sign in",
    )
}
