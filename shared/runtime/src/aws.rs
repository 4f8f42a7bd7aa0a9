//! How the functions call AWS: every wait is bounded, so that an answer goes out before Lambda's own timeout.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// How long one call may take, and how often it is tried.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Tries in all; 1 for calls whose every attempt counts.
    pub attempts: u32,
    /// The longest that one try takes.
    pub attempt: Duration,
    /// The longest that all of them take, with the pauses between.
    pub total: Duration,
}

impl Budget {
    /// The timeouts of this budget.
    pub fn timeouts(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.attempt.min(Duration::from_secs(1)))
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

/// The configuration from the environment, with this budget for each call.
pub async fn config(budget: Budget) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(budget.timeouts())
        .retry_config(budget.retries())
        .load()
        .await
}

/// What may be logged of a call that failed: the service's code, or how far the call came. What the service says beside it
/// may repeat what was sent.
pub fn failure<E, R>(error: &SdkError<E, R>) -> String
where
    SdkError<E, R>: ProvideErrorMetadata,
{
    match (error.code(), error) {
        (Some(code), _) => code,
        (None, SdkError::TimeoutError(_)) => "timed out",
        (None, SdkError::DispatchFailure(_)) => "no connection",
        (None, SdkError::ConstructionFailure(_)) => "the request could not be built",
        (None, _) => "the answer has no code",
    }
    .to_owned()
}
