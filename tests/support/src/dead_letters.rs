//! Dead letters: put into their queues, looked at, and removed.

use std::collections::HashMap;

use aws_sdk_sqs::{
    primitives::Blob,
    types::{
        Message, MessageAttributeValue, MessageSystemAttributeName as System,
        MessageSystemAttributeNameForSends, MessageSystemAttributeValue, QueueAttributeName,
    },
};
use serde_json::{Value, json};
use sluice_order::Lane;

use crate::{lane, stack::Stack, wait_for};

/// The message attribute that says why.
pub const LETTER: &str = "sluice.dead_letter";

/// A dead letter, as the test's own eyes see it.
#[derive(Debug)]
pub struct Dead {
    /// Its message id.
    pub id: String,
    /// What the consumer says of it; null where SNS or SQS moved it.
    pub note: Value,
    /// Its message group.
    pub group: Option<String>,
    /// Its message attributes.
    pub attributes: HashMap<String, MessageAttributeValue>,
}

impl Stack {
    /// Puts a message into the lane's dead-letter queue. Returns its message id.
    pub async fn bury(
        &self,
        lane: Lane,
        body: &str,
        attributes: &[(&str, MessageAttributeValue)],
    ) -> String {
        self.send_to(
            self.output(lane::dead_letters(lane)),
            body,
            attributes,
            None,
        )
        .await
    }

    /// Puts a message into a queue, in the group `dlq-group`. Returns its message id.
    pub async fn send_to(
        &self,
        queue: &str,
        body: &str,
        attributes: &[(&str, MessageAttributeValue)],
        trace: Option<&str>,
    ) -> String {
        let mut send = self
            .sqs
            .send_message()
            .queue_url(queue)
            .message_body(body)
            .message_group_id("dlq-group");
        for (name, value) in attributes {
            send = send.message_attributes(*name, value.clone());
        }
        if let Some(trace) = trace {
            let value = MessageSystemAttributeValue::builder()
                .data_type("String")
                .string_value(trace);
            send = send.message_system_attributes(
                MessageSystemAttributeNameForSends::AwsTraceHeader,
                value.build().unwrap(),
            );
        }
        send.send().await.unwrap().message_id.unwrap()
    }

    /// Sends a message to a queue of its own, from which SQS moves it to the standard lane's dead letters.
    pub async fn moved_by_sqs(&self, body: &str, attributes: &[(&str, MessageAttributeValue)]) {
        let dead_letters = self.output(lane::dead_letters(Lane::Standard));
        let asked = self.sqs.get_queue_attributes().queue_url(dead_letters);
        let asked = asked.attribute_names(QueueAttributeName::QueueArn);
        let arn = asked.send().await.unwrap().attributes.unwrap_or_default();
        let arn = &arn[&QueueAttributeName::QueueArn];
        let redrive = json!({"deadLetterTargetArn": arn, "maxReceiveCount": 1});
        let made = self.sqs.create_queue().queue_name("dlq-test-source");
        let made = made.attributes(QueueAttributeName::RedrivePolicy, redrive.to_string());
        let queue = made.send().await.unwrap().queue_url.unwrap();
        self.send_to(&queue, body, attributes, None).await;
        wait_for("SQS to move the message", async || {
            let receive = self.sqs.receive_message().queue_url(&queue);
            receive.visibility_timeout(0).send().await.unwrap();
            !self.dead(body).await.is_empty()
        })
        .await;
        let gone = self.sqs.delete_queue().queue_url(&queue);
        gone.send().await.unwrap();
    }

    /// The visible dead letters of all lanes whose body contains this text. They stay where they are.
    pub async fn dead(&self, about: &str) -> Vec<Dead> {
        self.look(about, false).await
    }

    /// The same, where none may be hidden.
    pub async fn all_dead(&self, about: &str) -> Vec<Dead> {
        for lane in Lane::ALL {
            let depth = self.depth_of(lane::dead_letters(lane)).await;
            assert_eq!(depth.visible, depth.all, "no dead letter is hidden");
        }
        self.dead(about).await
    }

    /// Removes the visible ones. Returns how many they were.
    pub async fn clear(&self, about: &str) -> usize {
        self.look(about, true).await.len()
    }

    /// Waits until there is one dead letter with this text, which was replayed so often.
    pub async fn wait_for_dead(&self, about: &str, replays: u32) -> Dead {
        let found = std::cell::Cell::new(None);
        wait_for(
            &format!("the letter of {about}, replay {replays}"),
            async || {
                let mut letters = self.dead(about).await;
                assert!(letters.len() <= 1, "{letters:?}");
                let letter = letters.pop();
                let is_there = letter
                    .as_ref()
                    .is_some_and(|l| l.note["replays"] == replays);
                found.set(letter);
                is_there
            },
        )
        .await;
        found.take().unwrap()
    }

    async fn look(&self, about: &str, remove: bool) -> Vec<Dead> {
        let mut found = Vec::new();
        for lane in Lane::ALL {
            let queue = self.output(lane::dead_letters(lane));
            for message in self.receive_all(queue).await {
                let is_meant = message.body().unwrap().contains(about);
                let receipt = message.receipt_handle().unwrap();
                if is_meant && remove {
                    let delete = self.sqs.delete_message().queue_url(queue);
                    delete.receipt_handle(receipt).send().await.unwrap();
                } else {
                    let release = self.sqs.change_message_visibility().queue_url(queue);
                    let release = release.receipt_handle(receipt).visibility_timeout(0);
                    release.send().await.unwrap();
                }
                if is_meant {
                    found.push(Dead::of(message));
                }
            }
        }
        found
    }

    /// How many of the customer's orders are stored, and how many messages, of whomever, are in the standard lane's
    /// queues. Where nobody else works, at least the number of places that the customer's orders are in.
    pub async fn places_of(&self, customer: &str) -> usize {
        let mut there = 0;
        for queue in ["StandardQueueUrl", "StandardDeadLetterQueueUrl"] {
            there += self.depth(queue).await;
        }
        there + self.orders_of(customer).await.len()
    }
}

impl Dead {
    fn of(message: Message) -> Self {
        let attributes = message.message_attributes.unwrap_or_default();
        let note = attributes
            .get(LETTER)
            .and_then(|value| value.string_value());
        Self {
            id: message.message_id.unwrap(),
            note: note.map_or(Value::Null, |note| serde_json::from_str(note).unwrap()),
            group: message
                .attributes
                .unwrap_or_default()
                .remove(&System::MessageGroupId),
            attributes,
        }
    }
}

/// A message attribute that is a text.
pub fn text(value: &str) -> MessageAttributeValue {
    let text = MessageAttributeValue::builder().data_type("String");
    text.string_value(value).build().unwrap()
}

/// A message attribute of bytes.
pub fn binary(value: &[u8]) -> MessageAttributeValue {
    let binary = MessageAttributeValue::builder().data_type("Binary");
    binary.binary_value(Blob::new(value)).build().unwrap()
}
