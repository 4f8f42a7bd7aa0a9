//! Publishing to SNS.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use aws_sdk_sns::{
    Client,
    config::{
        ConfigBag, Intercept, RuntimeComponents, interceptors::FinalizerInterceptorContextRef,
    },
    error::{BoxError, BuildError, ProvideErrorMetadata},
    operation::publish,
    types::MessageAttributeValue,
};
use sluice_order::{message::EVENT_TYPE, smoke};
use sluice_runtime::{Opening, aws::Budget, is_open};

use crate::{Publication, PublishError, Publisher};

/// A publish may be repeated, since the consumers deduplicate; but the client must have its answer before the
/// function's timeout of 10 s.
pub const PUBLISH: Budget = Budget {
    attempts: 3,
    attempt: Duration::from_millis(2_500),
    total: Duration::from_secs(7),
};

/// The topic of accepted orders.
#[derive(Clone, Debug)]
pub struct SnsPublisher {
    client: Client,
    topic_arn: String,
}

impl SnsPublisher {
    /// The topic with this ARN; timeouts and retries are the client's.
    pub fn new(client: Client, topic_arn: String) -> Self {
        Self { client, topic_arn }
    }

    /// Opens the connection to SNS; whether there was an answer. For [`Https::open`](sluice_runtime::Https::open).
    pub async fn warm(&self) -> bool {
        let publish = self.client.publish().customize();
        is_open(&publish.interceptor(Opening).send().await)
    }
}

impl Publisher for SnsPublisher {
    async fn publish(&self, publication: &Publication) -> Result<(), PublishError> {
        let lane = attribute(publication.lane.as_str()).map_err(|e| unbuilt(&e))?;
        let event_type = if publication.is_smoke {
            smoke::EVENT_TYPE
        } else {
            EVENT_TYPE
        };
        let event_type = attribute(event_type).map_err(|e| unbuilt(&e))?;
        let attempts = Attempts::default();
        self.client
            .publish()
            .topic_arn(&self.topic_arn)
            .message(&publication.body)
            .message_attributes("lane", lane)
            .message_attributes("event_type", event_type)
            .message_group_id(&publication.group)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await
            .map(drop)
            .map_err(|error| {
                let why = sluice_aws::failure(&error).to_owned();
                if attempts.were_all_throttled() {
                    PublishError::Throttled(why)
                } else {
                    PublishError::Unconfirmed(why)
                }
            })
    }
}

/// What became of the attempts of one publish, as an interceptor. The SDK's error tells of the last one only: an attempt that
/// SNS throttled was not taken, but one before it that timed out may have been.
#[derive(Clone, Default, Debug)]
struct Attempts(Arc<Outcomes>);

#[derive(Default, Debug)]
struct Outcomes {
    is_one_throttled: AtomicBool,
    is_one_unknown: AtomicBool,
}

impl Attempts {
    fn were_all_throttled(&self) -> bool {
        self.0.is_one_throttled.load(Relaxed) && !self.0.is_one_unknown.load(Relaxed)
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "sluice::Attempts"
    }

    // The SDK comes here after every attempt, also after one that a timeout ended.
    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let outcome = if is_throttled(context) {
            &self.0.is_one_throttled
        } else {
            &self.0.is_one_unknown
        };
        outcome.store(true, Relaxed);
        Ok(())
    }
}

/// Whether SNS refused the attempt because there are too many. It has several codes for that, and HTTP's status 429.
/// <https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html>,
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors>
fn is_throttled(context: &FinalizerInterceptorContextRef<'_>) -> bool {
    let Some(Err(error)) = context.output_or_error() else {
        return false;
    };
    let refusal = error.as_operation_error();
    let refusal = refusal.and_then(|error| error.downcast_ref::<publish::PublishError>());
    // Without a refusal that could be read, the status may be of an attempt whose answer was cut off.
    refusal.is_some_and(|refusal| {
        let code = refusal.code().unwrap_or_default();
        let status = context.response().map(|answer| answer.status().as_u16());
        status == Some(429)
            || code.contains("Throttl")
            || matches!(code, "RequestLimitExceeded" | "TooManyRequestsException")
    })
}

fn attribute(value: &str) -> Result<MessageAttributeValue, BuildError> {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value)
        .build()
}

fn unbuilt(error: &BuildError) -> PublishError {
    PublishError::Unconfirmed(error.to_string())
}
