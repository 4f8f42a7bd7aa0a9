//! How many messages a queue holds.

use aws_sdk_sqs::{Client, types::QueueAttributeName};
use serde::Serialize;

use crate::{deployment::aws::Aws, terminal::failure::Failure};

/// How many messages a queue holds. The counts of SQS are approximate and lag.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Counts {
    /// Waiting to be received.
    pub(crate) visible: u64,
    /// Received and not yet deleted, or hidden for a while.
    pub(crate) in_flight: u64,
    /// Delayed: not to be received yet.
    pub(crate) delayed: u64,
}

impl Counts {
    /// All messages of the queue.
    pub(crate) fn all(self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

/// How many messages a queue holds, by state.
pub(crate) async fn counts(aws: &Aws, client: &Client, queue: &str) -> Result<Counts, Failure> {
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
    let count = |name| {
        let count = attributes.and_then(|counts| counts.get(name)?.parse().ok());
        count.ok_or_else(|| {
            Failure::environment(
                format!("SQS does not say how many messages the queue {queue} holds"),
                "check the stack's queue outputs",
            )
        })
    };
    let [visible, in_flight, delayed] = &counted;
    Ok(Counts {
        visible: count(visible)?,
        in_flight: count(in_flight)?,
        delayed: count(delayed)?,
    })
}

/// All messages of a queue: waiting, received or delayed.
pub(crate) async fn count(aws: &Aws, client: &Client, queue: &str) -> Result<u64, Failure> {
    Ok(counts(aws, client, queue).await?.all())
}
