//! Lambda's SQS event, and the answer to it.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use sluice_order::{Clock, Timestamp};

use crate::{
    batch::Consumer,
    message::{Attribute, AttributeValue, Message},
    queue::QueueControl,
    sink::Sink,
};

/// Processes a batch and names the records that must come again. `deadline` is when Lambda ends the
/// invocation, in milliseconds since 1970.
///
/// It has no error to return: a function that fails as a whole makes the poller back off, and every
/// record of the batch come again.
pub async fn handle<S: Sink, Q: QueueControl, C: Clock>(
    consumer: &Consumer<S, Q, C>,
    event: SqsEvent,
    deadline: u64,
) -> SqsBatchResponse {
    let deadline = Timestamp::from_millis(i64::try_from(deadline).unwrap_or(i64::MAX));
    let messages = event.records.into_iter().map(message).collect();
    let failed = consumer.consume(messages, deadline).await;
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed
        .into_iter()
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            // An empty id, which SQS never sends, makes Lambda keep the whole batch: nothing is lost then.
            failure.item_identifier = id;
            failure
        })
        .collect();
    response
}

fn message(record: SqsMessage) -> Message {
    let system = |name: &str| record.attributes.get(name).cloned();
    let receives = system("ApproximateReceiveCount")
        .and_then(|count| count.parse().ok())
        .unwrap_or(1);
    let time = |name: &str| system(name).and_then(|time| time.parse().ok());
    let (sent_ms, first_received_ms) = (
        time("SentTimestamp"),
        time("ApproximateFirstReceiveTimestamp"),
    );
    let (group, trace_header) = (system("MessageGroupId"), system("AWSTraceHeader"));
    let attributes = record
        .message_attributes
        .into_iter()
        .filter_map(|(name, attribute)| {
            let value = match (attribute.string_value, attribute.binary_value) {
                (Some(text), _) => AttributeValue::Text(text),
                (None, Some(bytes)) => AttributeValue::Binary(bytes.0),
                (None, None) => return None,
            };
            Some(Attribute {
                name,
                data_type: attribute.data_type.unwrap_or_else(|| "String".to_owned()),
                value,
            })
        })
        .collect();
    Message {
        id: record.message_id.unwrap_or_default(),
        receipt_handle: record.receipt_handle.unwrap_or_default(),
        body: record.body.unwrap_or_default(),
        receives,
        group,
        trace_header,
        sent_ms,
        first_received_ms,
        attributes,
    }
}
