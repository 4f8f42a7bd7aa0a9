//! The queues in SQS.

use aws_sdk_sqs::{
    Client,
    error::ProvideErrorMetadata,
    types::{
        ChangeMessageVisibilityBatchRequestEntry, MessageSystemAttributeName,
        MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    },
};
use futures::{StreamExt, stream};
use sluice_order::Lane;

use super::{
    held::HIDDEN_FOR,
    letter::Letter,
    queues::{AT_ONCE, NotSent, Queues},
    resend::Resend,
};
use crate::{
    deployment::{
        aws::Aws,
        counts::{self, Counts},
        stack::LaneQueues,
    },
    terminal::failure::Failure,
};

/// If a receive waits, SQS asks all of its servers; otherwise only some.
const WAIT_SECONDS: i32 = 1;

/// The queues of a stack.
pub(crate) struct Sqs<'a> {
    client: Client,
    aws: &'a Aws,
    lanes: Vec<LaneQueues>,
}

impl<'a> Sqs<'a> {
    pub(crate) fn new(aws: &'a Aws, lanes: Vec<LaneQueues>) -> Self {
        let client = Client::new(&aws.config);
        Self { client, aws, lanes }
    }

    fn of(&self, lane: Lane) -> Result<&LaneQueues, Failure> {
        let found = self.lanes.iter().find(|queues| queues.lane == lane);
        found.ok_or_else(|| {
            Failure::environment(
                format!("the stack has no lane {lane}"),
                "compare the versions of the command and the stack",
            )
        })
    }

    async fn hide_some(&self, lane: Lane, receipts: &[String], seconds: i32) -> Option<usize> {
        let entries = receipts.iter().enumerate().map(|(at, receipt)| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(at.to_string())
                .receipt_handle(receipt)
                .visibility_timeout(seconds)
                .build()
        });
        let answer = self
            .client
            .change_message_visibility_batch()
            .queue_url(&self.of(lane).ok()?.dead_letters)
            .set_entries(Some(entries.collect::<Result<_, _>>().ok()?))
            .send()
            .await
            .ok()?;
        Some(answer.failed().len())
    }
}

impl Queues for Sqs<'_> {
    async fn receive(&self, lane: Lane, most: usize) -> Result<Vec<Letter>, Failure> {
        let most = i32::try_from(most.clamp(1, AT_ONCE)).unwrap_or(1);
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.of(lane)?.dead_letters)
            .max_number_of_messages(most)
            .visibility_timeout(seconds(HIDDEN_FOR))
            .wait_time_seconds(WAIT_SECONDS)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await
            .map_err(|e| self.aws.explain("read the dead letters", &e))?;
        let messages = answer.messages.unwrap_or_default();
        Ok(messages
            .into_iter()
            .map(|message| Letter::new(lane, message))
            .collect())
    }

    async fn send(&self, lane: Lane, message: &Resend) -> Result<String, NotSent> {
        let mut send = self
            .client
            .send_message()
            .queue_url(&self.of(lane).map_err(NotSent::Failed)?.queue)
            .message_body(&message.body)
            .set_message_group_id(message.group.clone());
        for (name, value) in &message.attributes {
            send = send.message_attributes(name, value.clone());
        }
        if let Some(trace) = &message.trace {
            let value = MessageSystemAttributeValue::builder()
                .data_type("String")
                .string_value(trace)
                .build()
                .map_err(|error| NotSent::Refused(error.to_string()))?;
            send = send.message_system_attributes(
                MessageSystemAttributeNameForSends::AwsTraceHeader,
                value,
            );
        }
        let answer = send.send().await.map_err(|error| match refusal(&error) {
            Some(why) => NotSent::Refused(why),
            None => NotSent::Failed(self.aws.explain("send to the lane's queue", &error)),
        })?;
        Ok(answer.message_id.unwrap_or_default())
    }

    async fn delete(&self, lane: Lane, receipt: &str) -> Result<(), Failure> {
        self.client
            .delete_message()
            .queue_url(&self.of(lane)?.dead_letters)
            .receipt_handle(receipt)
            .send()
            .await
            .map(drop)
            .map_err(|e| self.aws.explain("remove a dead letter", &e))
    }

    async fn hide(&self, lane: Lane, receipts: &[String], for_seconds: u32) -> usize {
        let for_seconds = seconds(for_seconds);
        stream::iter(receipts.chunks(AT_ONCE))
            .map(async |some| {
                self.hide_some(lane, some, for_seconds)
                    .await
                    .unwrap_or(some.len())
            })
            .buffer_unordered(8)
            .fold(0, async |sum, failed| sum + failed)
            .await
    }

    async fn counts(&self, lane: Lane) -> Result<Counts, Failure> {
        counts::counts(self.aws, &self.client, &self.of(lane)?.dead_letters).await
    }
}

fn seconds(seconds: u32) -> i32 {
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

/// SQS's reason, if it refuses the message itself.
fn refusal(error: &impl ProvideErrorMetadata) -> Option<String> {
    let code = error.code().filter(|code| is_of_the_message(code))?;
    let message = error.message().unwrap_or("no message");
    Some(format!("{code}: {message}"))
}

/// Whether an error code is about the message itself. Some codes may or may not end in `Exception`.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html>
fn is_of_the_message(code: &str) -> bool {
    [
        "InvalidMessageContents",
        "InvalidParameterValue",
        "InvalidParameterCombination",
        "InvalidAttributeValue",
        "MissingParameter",
    ]
    .contains(&code.trim_end_matches("Exception"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wrong_with_the_message_is_its_own() {
        let own = ["InvalidMessageContents", "InvalidParameterValueException"];
        assert!(own.into_iter().all(is_of_the_message));
        let of_all = [
            "AccessDeniedException",
            "QueueDoesNotExist",
            "RequestThrottled",
            "InvalidClientTokenId",
        ];
        assert!(!of_all.into_iter().any(is_of_the_message));
    }
}
