//! How many messages a queue holds.

use aws_sdk_sqs::{Client, types::QueueAttributeName};

use crate::{Failure, aws::Aws};

/// All messages of a queue: waiting, received or delayed. SQS counts approximately, and late.
pub(crate) async fn count(aws: &Aws, client: &Client, queue: &str) -> Result<u64, Failure> {
    let counted = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    ];
    let answer = client
        .get_queue_attributes()
        .queue_url(queue)
        .set_attribute_names(Some(counted.to_vec()))
        .send()
        .await
        .map_err(|e| aws.explain("count the messages of the queues", &e))?;
    let attributes = answer.attributes();
    let count = |name| attributes?.get(name)?.parse::<u64>().ok();
    counted
        .iter()
        .map(count)
        .sum::<Option<u64>>()
        .ok_or_else(|| {
            Failure::environment(
                format!("the queue {queue} does not say how many messages it holds"),
                "check the stack's queue outputs",
            )
        })
}
