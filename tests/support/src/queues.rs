//! The stack's queues: what is put into them, and how deep they are. [`crate::dead_letters`] has
//! what could not be fulfilled.

use aws_sdk_sqs::types::{
    Message, MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
};
use futures::{StreamExt, stream};
use sluice_order::Lane;

use crate::{dead_letters::text, lane, stack::Stack, wait_for};

/// Whose messages they are: fair queues deal them out by this.
const GROUP: &str = "e2e";

/// The most messages of one call.
const A_CALL: usize = 10;

/// Calls under way at once.
const CALLS: usize = 4;

/// How many messages a queue holds.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Depth {
    /// Those that wait for a consumer.
    pub visible: usize,
    /// Those that wait, or that a consumer holds.
    pub all: usize,
}

impl Stack {
    /// Puts a message into the standard lane's queue, as the topic would.
    pub async fn enqueue(&self, body: &str) {
        self.enqueue_all(Lane::Standard, vec![body.to_owned()])
            .await;
    }

    /// Puts messages into a lane's queue, as the topic would.
    pub async fn enqueue_all(&self, lane: Lane, bodies: Vec<String>) {
        let entries: Vec<_> = bodies
            .into_iter()
            .enumerate()
            .map(|(n, body)| {
                SendMessageBatchRequestEntry::builder()
                    .id(n.to_string())
                    .message_body(body)
                    .message_group_id(GROUP)
                    .message_attributes("lane", text(lane.as_str()))
                    .build()
                    .unwrap()
            })
            .collect();
        stream::iter(entries.chunks(A_CALL))
            .for_each_concurrent(CALLS, async |some| {
                let sent = self
                    .sqs
                    .send_message_batch()
                    .queue_url(self.output(lane::queue(lane)))
                    .set_entries(Some(some.to_vec()))
                    .send()
                    .await
                    .expect("the queue takes messages");
                assert!(sent.failed().is_empty(), "{:?}", sent.failed());
            })
            .await;
    }

    /// How many messages a queue holds, in flight or not.
    pub async fn depth(&self, queue: &str) -> usize {
        self.depth_of(queue).await.all
    }

    /// How many messages a lane's queue holds.
    pub async fn depth_in(&self, lane: Lane) -> Depth {
        self.depth_of(lane::queue(lane)).await
    }

    pub(crate) async fn depth_of(&self, queue: &str) -> Depth {
        use QueueAttributeName as Name;
        let answer = self
            .sqs
            .get_queue_attributes()
            .queue_url(self.output(queue))
            .attribute_names(Name::All)
            .send()
            .await
            .expect("the queue tells its depth");
        let attributes = answer.attributes.unwrap_or_default();
        let number = |name| {
            attributes
                .get(&name)
                .and_then(|number| number.parse().ok())
                .unwrap_or(0)
        };
        let visible = number(Name::ApproximateNumberOfMessages);
        Depth {
            visible,
            all: visible
                + number(Name::ApproximateNumberOfMessagesNotVisible)
                + number(Name::ApproximateNumberOfMessagesDelayed),
        }
    }

    /// How many messages the lanes' queues hold.
    pub async fn waiting(&self) -> usize {
        self.depth_in(Lane::Standard).await.all + self.depth_in(Lane::Hot).await.all
    }

    /// Throws away what a lane's queue holds, in flight or not.
    pub async fn purge(&self, lane: Lane) {
        self.sqs
            .purge_queue()
            .queue_url(self.output(lane::queue(lane)))
            .send()
            .await
            .expect("the queue can be purged");
        wait_for("the queue to be empty", async || {
            self.depth_in(lane).await.all == 0
        })
        .await;
    }

    /// How long a lane's queue hides a message that somebody received.
    pub async fn set_visibility_timeout(&self, lane: Lane, seconds: u32) {
        self.sqs
            .set_queue_attributes()
            .queue_url(self.output(lane::queue(lane)))
            .attributes(QueueAttributeName::VisibilityTimeout, seconds.to_string())
            .send()
            .await
            .expect("the queue's timeout can be set");
    }

    /// All that a queue shows, with all attributes; it is hidden from others for half a minute.
    pub async fn receive_all(&self, queue_url: &str) -> Vec<Message> {
        let mut messages = Vec::new();
        // A receive may be short, so it is repeated until it gives nothing.
        loop {
            let received = self
                .sqs
                .receive_message()
                .queue_url(queue_url)
                .max_number_of_messages(10)
                .visibility_timeout(30)
                .message_attribute_names("All")
                .message_system_attribute_names(MessageSystemAttributeName::All)
                .send()
                .await
                .expect("the queue can be read");
            match received.messages {
                Some(some) if !some.is_empty() => messages.extend(some),
                _ => return messages,
            }
        }
    }
}
