//! A model of the SNS topic. It confirms late or not at all, delivers at least once, and gives up messages that it cannot
//! deliver.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use accept_order::{Publication, PublishError, Publisher};
use serde_json::json;
use sluice_consumer::message::{Attribute, AttributeValue, Message};
use sluice_order::Lane as Name;
use tokio::time::sleep;

use crate::{
    history::Event,
    mistake::Mistake,
    queue::Queue,
    run::{Process, Run},
};

/// How long the publisher waits for SNS, all its attempts together.
const TIMEOUT: Duration = Duration::from_secs(7);

/// The queue of a lane, and its dead-letter queue.
#[derive(Clone)]
pub(crate) struct Lane {
    pub(crate) name: Name,
    pub(crate) queue: Arc<Queue>,
    pub(crate) dead: Arc<Queue>,
}

pub(crate) struct Topic {
    run: Arc<Run>,
    lanes: [Lane; 2],
    under_way: AtomicUsize,
    published: Mutex<Vec<String>>,
}

impl Topic {
    pub(crate) fn new(run: &Arc<Run>, lanes: [Lane; 2]) -> Arc<Self> {
        Arc::new(Self {
            run: Arc::clone(run),
            lanes,
            under_way: AtomicUsize::new(0),
            published: Mutex::default(),
        })
    }

    /// Whether messages are still to be delivered.
    pub(crate) fn is_busy(&self) -> bool {
        self.under_way.load(Relaxed) > 0
    }

    /// The bodies of all messages published so far.
    pub(crate) fn published(&self) -> Vec<String> {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes the message and will deliver it, once or more, soon or later.
    fn take(self: &Arc<Self>, publication: &Publication) {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(publication.body.clone());
        let attribute = |name: &str, value: &str| Attribute {
            name: name.to_owned(),
            data_type: "String".to_owned(),
            value: AttributeValue::Text(value.to_owned()),
        };
        let [standard, hot] = &self.lanes;
        let lane = match publication.lane {
            Name::Standard => standard,
            Name::Hot => hot,
        };
        let message = Message {
            body: self.wrapped(&publication.body),
            group: Some(publication.group.clone()),
            attributes: vec![
                attribute("lane", lane.name.as_str()),
                attribute("event_type", "sluice.order.accepted.v1"),
            ],
            ..Message::default()
        };
        let twice = self.run.fault(self.run.scenario.delivered_twice);
        for _ in 0..=usize::from(twice) {
            let (topic, lane, message) = (Arc::clone(self), lane.clone(), message.clone());
            self.under_way.fetch_add(1, Relaxed);
            tokio::spawn(async move {
                topic.deliver(&lane, message).await;
                topic.under_way.fetch_sub(1, Relaxed);
            });
        }
    }

    /// The body as it comes to the queue: as it is, in SNS's envelope, or encoded twice.
    fn wrapped(&self, body: &str) -> String {
        let run = &self.run;
        if !run.fault(run.scenario.wrapped) {
            return body.to_owned();
        }
        run.history.note("SNS: wrapped");
        if run.chance(500) {
            json!({"Type": "Notification", "TopicArn": "orders", "Message": body}).to_string()
        } else {
            json!(body).to_string()
        }
    }

    async fn deliver(&self, lane: &Lane, message: Message) {
        let run = &self.run;
        run.pause_up_to(if run.chance(200) { 30_000 } else { 200 })
            .await;
        if run.fault(run.scenario.undeliverable) {
            run.pause_up_to(60_000).await;
            if !run.makes(Mistake::SubscriptionWithoutRedrive) {
                run.history.push(Event::Undeliverable {
                    body: message.body.as_str().into(),
                });
                lane.dead.send(message);
            }
        } else {
            lane.queue.send(message);
        }
    }
}

/// The topic as a process reaches it.
pub(crate) struct TopicClient {
    pub(crate) process: Arc<Process>,
    pub(crate) topic: Arc<Topic>,
}

impl Publisher for TopicClient {
    async fn publish(&self, publication: &Publication) -> Result<(), PublishError> {
        self.process.step().await;
        let run = &self.topic.run;
        let fails = run.fault(run.scenario.publish_fails);
        let taken = !fails || run.chance(500);
        let throttled = !taken && run.chance(300);
        run.pause_up_to(30).await;
        if taken {
            self.topic.take(publication);
        }
        if fails {
            // At once, after the last try, or too late for the function.
            sleep(TIMEOUT * run.random(|rng| rng.u32(..3))).await;
        }
        self.process.step().await;
        if fails && !run.makes(Mistake::AnswersWithoutConfirmation) {
            let why = "no answer".to_owned();
            return Err(if throttled {
                PublishError::Throttled(why)
            } else {
                PublishError::Unconfirmed(why)
            });
        }
        Ok(())
    }
}
