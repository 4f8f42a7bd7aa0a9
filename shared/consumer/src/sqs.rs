//! The lane's queues in SQS.

use aws_sdk_sqs::{
    Client,
    error::{BuildError, ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::{ChangeMessageVisibilityBatchRequestEntry, MessageAttributeValue},
};
use futures::{StreamExt, stream};
use sluice_order::{
    DeadLetter,
    letter::{DEAD_LETTER_ATTRIBUTE, MAX_OTHER_ATTRIBUTES},
};
use sluice_runtime::{Opening, is_open};

use crate::{
    message::{AttributeValue, Message},
    queue::{QueueControl, QueueError, VisibilityChange},
};

/// What one call takes.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html>
const ENTRIES: usize = 10;

/// A batch may have 10,000 records; as many connections as that would need are not to be had.
const CALLS_AT_ONCE: usize = 32;

/// The lane's queue and its dead-letter queue.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    queue_url: String,
    dead_letter_url: String,
}

impl SqsQueue {
    /// The queues at these URLs; timeouts and retries are the client's.
    pub fn new(client: Client, queue_url: String, dead_letter_url: String) -> Self {
        Self {
            client,
            queue_url,
            dead_letter_url,
        }
    }

    /// Opens the connection to SQS; whether there was an answer. For [`Https::open`](sluice_runtime::Https::open).
    pub async fn warm(&self) -> bool {
        let send = self.client.send_message().queue_url(&self.queue_url);
        is_open(&send.customize().interceptor(Opening).send().await)
    }

    async fn change_some(&self, changes: &[VisibilityChange]) -> Result<(), QueueError> {
        let entries = changes
            .iter()
            .enumerate()
            .map(|(at, change)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(at.to_string())
                    .receipt_handle(&change.receipt_handle)
                    .visibility_timeout(i32::try_from(change.seconds).unwrap_or(i32::MAX))
                    .build()
            })
            .collect::<Result<_, _>>()
            .map_err(|e| unbuilt(&e))?;
        let answer = self
            .client
            .change_message_visibility_batch()
            .queue_url(&self.queue_url)
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|e| failed(&e))?;
        match answer.failed() {
            [] => Ok(()),
            [first, ..] => Err(QueueError(format!(
                "{} of {} entries, the first with {}",
                answer.failed().len(),
                changes.len(),
                first.code()
            ))),
        }
    }
}

impl QueueControl for SqsQueue {
    async fn dead_letter(&self, message: &Message, letter: &DeadLetter) -> Result<(), QueueError> {
        let text = serde_json::to_string(letter).map_err(|e| unbuilt(&e))?;
        let letter = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(text)
            .build()
            .map_err(|e| unbuilt(&e))?;
        let mut send = self
            .client
            .send_message()
            .queue_url(&self.dead_letter_url)
            .message_body(&message.body)
            .set_message_group_id(message.group.clone())
            .message_attributes(DEAD_LETTER_ATTRIBUTE, letter);
        for attribute in message
            .attributes
            .iter()
            .filter(|attribute| attribute.name != DEAD_LETTER_ATTRIBUTE)
            .take(MAX_OTHER_ATTRIBUTES)
        {
            let value =
                attribute_value(&attribute.data_type, &attribute.value).map_err(|e| unbuilt(&e))?;
            send = send.message_attributes(&attribute.name, value);
        }
        send.send().await.map(drop).map_err(|e| failed(&e))
    }

    async fn change_visibility(&self, changes: &[VisibilityChange]) -> Result<(), QueueError> {
        let calls: Vec<_> = changes
            .chunks(ENTRIES)
            .map(|some| self.change_some(some))
            .collect();
        let answers: Vec<_> = stream::iter(calls)
            .buffer_unordered(CALLS_AT_ONCE)
            .collect()
            .await;
        answers.into_iter().collect()
    }
}

fn attribute_value(
    data_type: &str,
    value: &AttributeValue,
) -> Result<MessageAttributeValue, BuildError> {
    let builder = MessageAttributeValue::builder().data_type(data_type);
    match value {
        AttributeValue::Text(text) => builder.string_value(text),
        AttributeValue::Binary(bytes) => builder.binary_value(Blob::new(bytes.as_slice())),
    }
    .build()
}

fn failed<E, R>(error: &SdkError<E, R>) -> QueueError
where
    SdkError<E, R>: ProvideErrorMetadata,
{
    QueueError(sluice_aws::failure(error).to_owned())
}

fn unbuilt(error: &impl std::error::Error) -> QueueError {
    QueueError(error.to_string())
}
