//! What happened in a run, as plain data. The checker judges it, and people read it.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;
use sluice_order::{DeadLetter, Lane};
use tokio::time::Instant;

/// One thing that happened.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "the fields are what their names say")]
pub enum Event {
    /// A client sends an order.
    Sent {
        request: usize,
        customer: String,
        key: Option<String>,
        order: Value,
    },
    /// A customer with a token orders for another, or at a price of his own.
    Stolen { request: usize, thief: String },
    /// A customer with a token looks at an order, and is shown it or not. `is_told` is false where storage did not answer.
    Looked {
        caller: String,
        order_id: String,
        is_told: bool,
        shown: Option<Value>,
    },
    /// The client gets an answer.
    Answered {
        request: usize,
        status: u64,
        order_id: Option<String>,
        retry_after: bool,
    },
    /// The client gets no answer.
    Unanswered { request: usize },
    /// Somebody other than SNS puts this into a queue.
    Injected { body: Arc<str> },
    /// SNS gives up delivering this.
    Undeliverable { body: Arc<str> },
    /// A queue holds a message.
    Queued {
        queue: &'static str,
        message: Arc<str>,
        body: Arc<str>,
        letter: Option<DeadLetter>,
    },
    /// A consumer gets a message.
    Received {
        queue: &'static str,
        message: Arc<str>,
        receives: u32,
    },
    /// A message is deleted.
    Acknowledged {
        queue: &'static str,
        message: Arc<str>,
        body: Arc<str>,
    },
    /// The pace that each lane has to keep: how many invocations it has, and the milliseconds between two writes of one.
    Paced { concurrency: u64, interval: u64 },
    /// A consumer starts a write.
    Writes { lane: Lane },
    /// Storage holds an order under a key that had none, or another in its place.
    Stored { order_id: String, order: Value },
    /// Storage no longer holds an order.
    Removed { order_id: String },
    /// Storage holds a rejection.
    Rejected {
        order_id: String,
        reason: String,
        order: Option<Value>,
    },
    /// An invocation ends without an answer, but its process lives.
    Failed { why: &'static str },
    /// The consumer's answer names a record that was not in its batch.
    NamedUnknown { id: String },
    /// Faults have stopped, and there was time to finish. `left` are the bodies still queued. If `fixed` is true, the cause of
    /// failing orders was fixed too, and the dead letters were replayed.
    AtRest { fixed: bool, left: Vec<Arc<str>> },
    /// Something that only helps the reader.
    Note(String),
}

/// When an event happened, in milliseconds since the run began, and the event.
pub type Entry = (u64, Event);

/// Records what happens.
pub(crate) struct History {
    start: Instant,
    entries: Mutex<Vec<Entry>>,
}

impl History {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            entries: Mutex::default(),
        }
    }

    /// Milliseconds since the run began.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn push(&self, event: Event) {
        let now = self.now();
        self.entries().push((now, event));
    }

    pub(crate) fn note(&self, text: impl Into<String>) {
        self.push(Event::Note(text.into()));
    }

    pub(crate) fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut *self.entries())
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent {
                request,
                customer,
                key,
                order,
            } => {
                let key = key.as_deref().unwrap_or("no key");
                write!(
                    f,
                    "request {request}: {customer} sends {} under {key}",
                    label(order)
                )
            }
            Self::Stolen { request, thief } => {
                write!(f, "request {request} is {thief}'s, who has no right to it")
            }
            Self::Looked {
                caller,
                order_id,
                is_told,
                shown,
            } => {
                let what = match shown {
                    _ if !is_told => "hears nothing of",
                    Some(_) => "sees",
                    None => "does not see",
                };
                write!(f, "{caller} {what} {order_id}")
            }
            Self::Answered {
                request,
                status,
                order_id,
                ..
            } => {
                write!(
                    f,
                    "request {request}: {status} {}",
                    order_id.as_deref().unwrap_or("")
                )
            }
            Self::Unanswered { request } => write!(f, "request {request}: no answer"),
            Self::Injected { body } => write!(f, "somebody injects {}", about(body)),
            Self::Undeliverable { body } => write!(f, "SNS gives up {}", about(body)),
            Self::Queued {
                queue,
                message,
                body,
                letter,
            } => {
                write!(f, "{queue}: holds {message} with {}", about(body))?;
                match letter {
                    Some(letter) => write!(f, ", {:?}, replays {}", letter.reason, letter.replays),
                    None => Ok(()),
                }
            }
            Self::Received {
                queue,
                message,
                receives,
            } => {
                write!(f, "{queue}: gives {message}, receive {receives}")
            }
            Self::Acknowledged { queue, message, .. } => write!(f, "{queue}: deletes {message}"),
            Self::Stored { order_id, order } => {
                write!(f, "storage: holds {} as {order_id}", label(order))
            }
            Self::Paced {
                concurrency,
                interval,
            } => {
                write!(
                    f,
                    "{concurrency} invocations a lane, a write in each {interval} ms"
                )
            }
            Self::Writes { lane } => write!(f, "{lane}: starts a write"),
            Self::Removed { order_id } => write!(f, "storage: lost {order_id}"),
            Self::Rejected {
                order_id, reason, ..
            } => write!(f, "storage: rejects {order_id}, {reason}"),
            Self::Failed { why } => f.write_str(why),
            Self::NamedUnknown { id } => {
                write!(f, "the consumer names {id}, which it was not given")
            }
            Self::AtRest { fixed, left } => {
                let after = if *fixed {
                    "all was fixed and replayed"
                } else {
                    "the faults stopped"
                };
                write!(f, "at rest after {after}; {} messages left", left.len())
            }
            Self::Note(text) => f.write_str(text),
        }
    }
}

/// An order's first product, which tells the orders of a run apart.
pub(crate) fn label(order: &Value) -> &str {
    order["lines"][0]["sku"].as_str().unwrap_or("?")
}

fn about(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(event) => format!(
            "{} of {}",
            label(&event["data"]["order"]),
            event["id"].as_str().unwrap_or("?")
        ),
        Err(_) => format!("{body:?}"),
    }
}

/// A history as lines of text.
pub fn readable(history: &[Entry]) -> String {
    use std::fmt::Write;
    history.iter().fold(String::new(), |mut text, (at, event)| {
        let _ = writeln!(text, "{:>9}.{:03} s  {event}", at / 1_000, at % 1_000);
        text
    })
}
