//! How the functions call AWS. Every wait is bounded, so that the function answers before Lambda's own timeout.

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion, stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{
    SdkConfig,
    app_name::AppName,
    region::Region,
    service_config::{LoadServiceConfig, ServiceConfigKey},
};

use crate::{Https, SettingError, required};

/// How long one call may take, and how often it is tried.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Attempts in all. 1 for calls of which every attempt counts.
    pub attempts: u32,
    /// The longest that one attempt may take.
    pub attempt: Duration,
    /// The longest that all attempts may take, with the pauses between them.
    pub total: Duration,
}

impl Budget {
    /// The timeouts of this budget. The timeout for connecting is the HTTP client's.
    pub fn timeouts(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.total)
            .build()
    }

    /// The retries of this budget.
    pub fn retries(self) -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(self.attempts)
            .with_initial_backoff(Duration::from_millis(50))
            .with_max_backoff(self.attempt)
    }
}

/// Reads the AWS configuration from the environment, as Lambda sets it. Each call gets this budget.
///
/// It does not use `aws-config`, which looks for profiles, roles and metadata services. A function has none of them, and the
/// search costs start time.
///
/// # Errors
/// The region or a part of the credentials is missing, a switch is neither `true` nor `false`, or FIPS is asked for.
pub fn config(budget: Budget, https: &Https) -> Result<SdkConfig, SettingError> {
    let mut credentials = Credentials::builder()
        .access_key_id(required("AWS_ACCESS_KEY_ID")?)
        .secret_access_key(required("AWS_SECRET_ACCESS_KEY")?)
        .provider_name("Lambda");
    credentials.set_session_token(required("AWS_SESSION_TOKEN").ok());
    credentials.set_account_id(required("AWS_ACCOUNT_ID").ok().map(Into::into));
    // A FIPS endpoint is only half of it: the function would have to use a FIPS 140 module too.
    if is_set("AWS_USE_FIPS_ENDPOINT")? {
        let why = "the TLS of this build (ring) is no FIPS 140 module; remove the variable, or build with one that is";
        return Err(SettingError::invalid("AWS_USE_FIPS_ENDPOINT", why));
    }
    let mut config = SdkConfig::builder();
    if let Ok(name) = required("AWS_SDK_UA_APP_ID") {
        let name = AppName::new(name).map_err(|e| SettingError::invalid("AWS_SDK_UA_APP_ID", e))?;
        config.set_app_name(Some(name));
    }
    Ok(config
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(required("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials.build()))
        .use_dual_stack(is_set("AWS_USE_DUALSTACK_ENDPOINT")?)
        .service_config(Environment {
            is_ignored: is_set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?,
        })
        .http_client(https.clone())
        .timeout_config(budget.timeouts())
        .retry_config(budget.retries())
        // The budget's timeouts end a call that stalls.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build())
}

/// Reads a switch: `true` or `false` in any case; off if it is missing.
fn is_set(name: &'static str) -> Result<bool, SettingError> {
    match required(name)
        .unwrap_or_default()
        .to_ascii_lowercase()
        .as_str()
    {
        "true" => Ok(true),
        "false" | "" => Ok(false),
        _ => Err(SettingError::invalid(name, "it is neither true nor false")),
    }
}

/// Reads settings of one service, such as `AWS_ENDPOINT_URL_SNS`, or else of all, such as `AWS_ENDPOINT_URL`.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
#[derive(Debug)]
struct Environment {
    is_ignored: bool,
}

impl LoadServiceConfig for Environment {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        if self.is_ignored {
            return None;
        }
        let service = key.service_id().to_uppercase().replace(' ', "_");
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        set(&format!("{}_{service}", key.env())).or_else(|| set(key.env()))
    }
}
