//! The deployed stack and the command, as the tests of `sluice dlq` use them.

use std::{
    collections::HashMap,
    ops::Deref,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use aws_sdk_sqs::{
    primitives::Blob,
    types::{
        Message, MessageAttributeValue, MessageSystemAttributeName as System,
        MessageSystemAttributeNameForSends, MessageSystemAttributeValue, QueueAttributeName,
    },
};
use serde_json::{Value, json};
use sluice_order::{Lane, OrderAccepted};
use sluice_store::DynamoStore;
use sluice_tests::{orders::Placed, stack::order};
use tokio::time::sleep;

/// How long any wait may last: longer than a killed command's letters stay hidden, and then some.
const PATIENCE: Duration = Duration::from_mins(3);

/// The message attribute that says why.
pub(crate) const LETTER: &str = "sluice.dead_letter";

/// The shared stack, and what is asked of dead letters.
pub(crate) struct Stack(sluice_tests::stack::Stack);

impl Deref for Stack {
    type Target = sluice_tests::stack::Stack;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// A dead letter, as the test's own eyes see it.
#[derive(Debug)]
pub(crate) struct Dead {
    pub(crate) id: String,
    pub(crate) note: Value,
    pub(crate) group: Option<String>,
    pub(crate) attributes: HashMap<String, MessageAttributeValue>,
}

impl Stack {
    /// The stack that the environment names, once it is this test's turn.
    pub(crate) async fn take() -> Self {
        Self(sluice_tests::stack::Stack::take().await)
    }

    /// What accept-order publishes for an order of this customer under this key.
    pub(crate) async fn message(&self, customer: &str, key: &str) -> OrderAccepted {
        let placed = Placed {
            key: key.to_owned(),
            order: order(customer, "s"),
        };
        placed.message(&self.secrets().await)
    }

    /// Puts a message into the lane's dead-letter queue. Returns its message id.
    pub(crate) async fn bury(
        &self,
        lane: Lane,
        body: &str,
        attributes: &[(&str, MessageAttributeValue)],
    ) -> String {
        self.send(&self.dead_letters(lane), body, attributes, None)
            .await
    }

    pub(crate) async fn send(
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
    pub(crate) async fn moved_by_sqs(
        &self,
        body: &str,
        attributes: &[(&str, MessageAttributeValue)],
    ) {
        let dead_letters = self.dead_letters(Lane::Standard);
        let asked = self.sqs.get_queue_attributes().queue_url(&dead_letters);
        let asked = asked.attribute_names(QueueAttributeName::QueueArn);
        let arn = asked.send().await.unwrap().attributes.unwrap_or_default();
        let arn = &arn[&QueueAttributeName::QueueArn];
        let redrive = json!({"deadLetterTargetArn": arn, "maxReceiveCount": 1});
        let made = self.sqs.create_queue().queue_name("dlq-test-source");
        let made = made.attributes(QueueAttributeName::RedrivePolicy, redrive.to_string());
        let queue = made.send().await.unwrap().queue_url.unwrap();
        self.send(&queue, body, attributes, None).await;
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
    pub(crate) async fn dead(&self, about: &str) -> Vec<Dead> {
        self.look(about, false).await
    }

    /// Removes them. Returns how many they were.
    pub(crate) async fn clear(&self, about: &str) -> usize {
        self.look(about, true).await.len()
    }

    /// Waits until there is one dead letter with this text, which was replayed so often.
    pub(crate) async fn wait_for_dead(&self, about: &str, replays: u32) -> Dead {
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
            let queue = &self.dead_letters(lane);
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
    pub(crate) async fn places_of(&self, customer: &str) -> usize {
        let mut there = 0;
        for queue in ["StandardQueueUrl", "StandardDeadLetterQueueUrl"] {
            there += self.depth(queue).await;
        }
        there + self.orders_of(customer).await.len()
    }

    fn dead_letters(&self, lane: Lane) -> String {
        let output = match lane {
            Lane::Standard => "StandardDeadLetterQueueUrl",
            Lane::Hot => "HotDeadLetterQueueUrl",
        };
        self.output(output).to_owned()
    }

    pub(crate) fn store(&self) -> DynamoStore {
        DynamoStore::new(self.dynamodb.clone(), self.output("OrdersTable"))
    }

    /// How often each order of the customer is stored.
    pub(crate) async fn orders_of(&self, customer: &str) -> HashMap<String, usize> {
        let mut orders = HashMap::new();
        for item in self.items_of(customer).await {
            if item["record"].as_s().unwrap() == "order" {
                let id = item["order_id"].as_s().unwrap().clone();
                *orders.entry(id).or_default() += 1;
            }
        }
        orders
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

pub(crate) fn text(value: &str) -> MessageAttributeValue {
    let text = MessageAttributeValue::builder().data_type("String");
    text.string_value(value).build().unwrap()
}

pub(crate) fn binary(value: &[u8]) -> MessageAttributeValue {
    let binary = MessageAttributeValue::builder().data_type("Binary");
    binary.binary_value(Blob::new(value)).build().unwrap()
}

/// Runs `sluice dlq`. Returns its exit code, its output, and what it told beside it.
pub(crate) fn sluice(arguments: &[&str]) -> (Option<i32>, String, String) {
    command(&[&["dlq"], arguments].concat())
}

/// Status and reason of an order, by the API.
pub(crate) fn status(id: &str) -> (String, String) {
    let (_, answer, told) = command(&["status", id, "--json"]);
    let answer: Result<Value, _> = serde_json::from_str(&answer);
    assert!(answer.is_ok(), "{told}");
    let answer = answer.unwrap_or_default();
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"))
}

fn command(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

pub(crate) async fn wait_for(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        sleep(Duration::from_millis(200)).await;
    }
}
