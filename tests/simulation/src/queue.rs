//! A model of SQS standard queues. They deliver at least once and in no order, with visibility timeouts and receive counts.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use sluice_consumer::{
    message::{Attribute, AttributeValue, Message},
    queue::{QueueControl, QueueError, VisibilityChange},
};
use sluice_order::{DeadLetter, letter::DEAD_LETTER_ATTRIBUTE};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout_at},
};

use crate::{
    history::Event,
    mistake::Mistake,
    run::{Process, Run},
};

/// The template's `maxReceiveCount`.
const MAX_RECEIVES: u32 = 1_000;

pub(crate) struct Queue {
    name: &'static str,
    run: Arc<Run>,
    messages: Mutex<BTreeMap<u64, Held>>,
    sent: AtomicU64,
    changed: Notify,
    dead: Option<Arc<Queue>>,
}

struct Held {
    message: Message,
    visible: Instant,
    receipt: u64,
}

impl Queue {
    pub(crate) fn new(name: &'static str, run: &Arc<Run>, dead: Option<Arc<Self>>) -> Arc<Self> {
        Arc::new(Self {
            name,
            run: Arc::clone(run),
            messages: Mutex::default(),
            sent: AtomicU64::new(0),
            changed: Notify::new(),
            dead,
        })
    }

    /// Takes a message and gives it an id.
    pub(crate) fn send(&self, mut message: Message) {
        let number = self.sent.fetch_add(1, Relaxed) + 1;
        message.id = format!("{} {number}", self.name);
        message.receives = 0;
        self.run.history.push(Event::Queued {
            queue: self.name,
            message: message.id.as_str().into(),
            body: message.body.as_str().into(),
            letter: message.letter(),
        });
        let (visible, receipt) = (Instant::now(), 0);
        self.messages().insert(
            number,
            Held {
                message,
                visible,
                receipt,
            },
        );
        self.changed.notify_waiters();
    }

    /// Receives at most this many visible messages, in any order.
    pub(crate) fn receive(&self, most: usize) -> Vec<Message> {
        let mut given_up = Vec::new();
        let mut received = Vec::new();
        let mut messages = self.messages();
        let now = Instant::now();
        let mut visible: Vec<u64> = messages
            .iter()
            .filter(|(_, held)| held.visible <= now)
            .map(|(n, _)| *n)
            .collect();
        self.run.random(|rng| rng.shuffle(&mut visible));
        let max_receives = if self.run.makes(Mistake::GivesUpAfterThreeReceives) {
            3
        } else {
            MAX_RECEIVES
        };
        for number in visible.into_iter().take(most) {
            let Some(held) = messages.get_mut(&number) else {
                continue;
            };
            if held.message.receives >= max_receives {
                given_up.extend(messages.remove(&number));
                continue;
            }
            held.message.receives += 1;
            held.receipt += 1;
            let visibility = Duration::from_secs(self.run.scenario.visibility);
            held.visible = now
                + if self.run.fault(self.run.scenario.shown_twice) {
                    self.run.up_to(20_000)
                } else {
                    visibility
                };
            let mut message = held.message.clone();
            message.receipt_handle = format!("{number}/{}", held.receipt);
            self.run.history.push(Event::Received {
                queue: self.name,
                message: message.id.as_str().into(),
                receives: message.receives,
            });
            received.push(message);
        }
        drop(messages);
        for held in given_up {
            if let Some(dead) = &self.dead {
                dead.send(held.message);
            }
        }
        received
    }

    /// Waits until something may be visible.
    pub(crate) async fn wait(&self) {
        let changed = self.changed.notified();
        let next = self.messages().values().map(|held| held.visible).min();
        match next {
            Some(next) => drop(timeout_at(next, changed).await),
            None => changed.await,
        }
    }

    /// Deletes the message that this receipt names. With an old receipt it may or may not work.
    pub(crate) fn delete(&self, receipt_handle: &str) {
        let (number, receipt) = numbers(receipt_handle);
        let mut messages = self.messages();
        let Some(held) = messages.get_mut(&number) else {
            return;
        };
        if held.receipt != receipt && self.run.chance(500) {
            return;
        }
        self.run.history.push(Event::Acknowledged {
            queue: self.name,
            message: held.message.id.as_str().into(),
            body: held.message.body.as_str().into(),
        });
        if self.run.fault(self.run.scenario.shown_twice / 2) {
            // A server of the queue missed the deletion.
            held.visible = Instant::now() + self.run.up_to(300_000);
        } else {
            messages.remove(&number);
        }
        self.changed.notify_waiters();
    }

    fn change_visibility(&self, change: &VisibilityChange) -> bool {
        let (number, receipt) = numbers(&change.receipt_handle);
        let mut messages = self.messages();
        let Some(held) = messages
            .get_mut(&number)
            .filter(|held| held.receipt == receipt)
        else {
            return false;
        };
        held.visible = Instant::now() + Duration::from_secs(change.seconds.into());
        self.changed.notify_waiters();
        true
    }

    /// The bodies of all messages that it holds.
    pub(crate) fn bodies(&self) -> Vec<Arc<str>> {
        self.messages()
            .values()
            .map(|held| held.message.body.as_str().into())
            .collect()
    }

    fn messages(&self) -> MutexGuard<'_, BTreeMap<u64, Held>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn numbers(receipt_handle: &str) -> (u64, u64) {
    let (number, receipt) = receipt_handle.split_once('/').unwrap_or_default();
    (number.parse().unwrap_or(0), receipt.parse().unwrap_or(0))
}

/// The message with this dead-letter attribute in place of any other.
pub(crate) fn with_letter(message: &Message, letter: &DeadLetter) -> Message {
    let mut message = message.clone();
    message
        .attributes
        .retain(|attribute| attribute.name != DEAD_LETTER_ATTRIBUTE);
    message.attributes.push(Attribute {
        name: DEAD_LETTER_ATTRIBUTE.to_owned(),
        data_type: "String".to_owned(),
        value: AttributeValue::Text(serde_json::to_string(letter).unwrap_or_default()),
    });
    message
}

/// The lane's queues as a process reaches them.
pub(crate) struct Control {
    pub(crate) process: Arc<Process>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) dead: Arc<Queue>,
}

impl QueueControl for Control {
    async fn dead_letter(&self, message: &Message, letter: &DeadLetter) -> Result<(), QueueError> {
        self.process.step().await;
        let run = &self.queue.run;
        run.pause_up_to(20).await;
        let fails = run.fault(run.scenario.queue_fails);
        if !fails || run.chance(500) {
            self.dead.send(with_letter(message, letter));
        }
        if fails {
            sleep(Duration::from_secs(3)).await;
        }
        self.process.step().await;
        if fails && !run.makes(Mistake::TakesLettersForSent) {
            return Err(QueueError("no answer".to_owned()));
        }
        Ok(())
    }

    async fn change_visibility(&self, changes: &[VisibilityChange]) -> Result<(), QueueError> {
        self.process.step().await;
        let run = &self.queue.run;
        run.pause_up_to(20).await;
        let mut failed = 0;
        for change in changes {
            if run.fault(run.scenario.queue_fails) || !self.queue.change_visibility(change) {
                failed += 1;
            }
        }
        self.process.step().await;
        match failed {
            0 => Ok(()),
            _ => Err(QueueError(format!("{failed} entries"))),
        }
    }
}
