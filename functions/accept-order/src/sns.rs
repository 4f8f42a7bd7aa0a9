//! Publishing to SNS.

use std::time::Duration;

use aws_sdk_sns::{Client, error::BuildError, types::MessageAttributeValue};
use sluice_order::message::EVENT_TYPE;
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
        let event_type = attribute(EVENT_TYPE).map_err(|e| unbuilt(&e))?;
        self.client
            .publish()
            .topic_arn(&self.topic_arn)
            .message(&publication.body)
            .message_attributes("lane", lane)
            .message_attributes("event_type", event_type)
            .message_group_id(&publication.group)
            .send()
            .await
            .map(drop)
            .map_err(|error| PublishError(sluice_aws::failure(&error).to_owned()))
    }
}

fn attribute(value: &str) -> Result<MessageAttributeValue, BuildError> {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value)
        .build()
}

fn unbuilt(error: &BuildError) -> PublishError {
    PublishError(error.to_string())
}
