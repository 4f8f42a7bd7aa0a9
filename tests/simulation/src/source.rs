//! A model of Lambda's event source for SQS. It polls a lane's queue, invokes the function, and deletes the messages that the
//! answer does not name.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage, SqsMessageAttribute};
use fulfill_orders::OrderSink;
use futures::FutureExt;
use serde_json::Value;
use sluice_consumer::{
    Consumer, Pace,
    message::{AttributeValue, Message},
};
use tokio::{sync::watch, time::sleep};

use crate::{
    history::Event,
    mark::Mark,
    mistake::Mistake,
    queue::Control,
    run::{EPOCH, Process, Run, SkewedClock},
    storage::{Store, Table},
    topic::Lane,
};

/// The function's timeout: what the template sets.
const TIMEOUT: Duration = Duration::from_mins(1);

/// The event source of a lane, with the instances of its function.
pub(crate) struct Source {
    run: Arc<Run>,
    lane: Lane,
    table: Arc<Mutex<Table>>,
    idle: Mutex<Vec<Instance>>,
}

struct Instance {
    process: Arc<Process>,
    consumer: Consumer<OrderSink<Store>, Control, SkewedClock>,
}

enum End {
    Answered(SqsBatchResponse),
    Failed(&'static str),
    Died,
}

impl Source {
    pub(crate) fn new(run: &Arc<Run>, lane: Lane, table: &Arc<Mutex<Table>>) -> Arc<Self> {
        Arc::new(Self {
            run: Arc::clone(run),
            lane,
            table: Arc::clone(table),
            idle: Mutex::default(),
        })
    }

    /// Runs one of its pollers. Never returns.
    pub(crate) async fn poll(self: Arc<Self>) {
        loop {
            let batch = self.lane.queue.receive(self.run.scenario.batch_size);
            if batch.is_empty() {
                self.lane.queue.wait().await;
                continue;
            }
            if self.run.makes(Mistake::AcknowledgesFirst) {
                for message in &batch {
                    self.lane.queue.delete(&message.receipt_handle);
                }
            }
            self.run.pause_up_to(100).await;
            match self.invoke(&batch).await {
                End::Answered(answer) => self.acknowledge(&batch, &answer),
                end => {
                    if let End::Failed(why) = end {
                        self.run.history.push(Event::Failed { why });
                    }
                    let lane = self.lane.name;
                    self.run
                        .history
                        .note(format!("{lane}: no answer, the batch comes again"));
                    // The poller backs off from a function that fails.
                    self.run.pause_up_to(2_000).await;
                }
            }
        }
    }

    async fn invoke(&self, batch: &[Message]) -> End {
        let event = self.event(batch);
        let mistaken = |mistake, whole: &dyn Fn(&Message) -> bool| {
            self.run.makes(mistake) && batch.iter().any(whole)
        };
        if mistaken(Mistake::DecodesTheBatchFirst, &|message| !is_json(message))
            || mistaken(Mistake::OnePanicFailsAll, &|message| self.panics(message))
        {
            return End::Failed("the function fails");
        }
        let instance = self.instance();
        instance.process.may_end_within(4 + 6 * batch.len() as u64);
        let deadline = EPOCH.unsigned_abs() + self.run.history.now() + TIMEOUT.as_secs() * 1_000;
        let work = AssertUnwindSafe(sluice_consumer::handle(&instance.consumer, event, deadline))
            .catch_unwind();
        let end = tokio::select! {
            biased;
            () = instance.process.died() => End::Died,
            answer = work => answer.map_or(End::Failed("the function panics"), End::Answered),
            () = sleep(TIMEOUT) => End::Failed("the function's time is over"),
        };
        if matches!(end, End::Answered(_)) {
            self.idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(instance);
        }
        end
    }

    fn event(&self, batch: &[Message]) -> SqsEvent {
        let mut event = SqsEvent::default();
        event.records = batch
            .iter()
            .filter(|message| !self.run.makes(Mistake::DropsWhatItCannotParse) || is_json(message))
            .map(record)
            .collect();
        event
    }

    /// An instance that waits for work, or a new one. A deploy replaces all instances.
    fn instance(&self) -> Instance {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if self.run.scenario.rotation.is_some() {
            idle.clear();
        }
        idle.pop().unwrap_or_else(|| {
            let process = Process::new(&self.run);
            let store = Store {
                run: Arc::clone(&self.run),
                process: Arc::clone(&process),
                table: Arc::clone(&self.table),
                lane: self.lane.name,
                connection: watch::Sender::new(()),
            };
            let control = Control {
                process: Arc::clone(&process),
                queue: Arc::clone(&self.lane.queue),
                dead: Arc::clone(&self.lane.dead),
            };
            let run = Arc::clone(&self.run);
            let interval = if self.run.makes(Mistake::LimitsConcurrencyOnly) {
                0
            } else {
                self.run.scenario.interval
            };
            let consumer = fulfill_orders::consumer(
                store,
                control,
                self.run.clock(),
                self.run.secrets(false),
                self.lane.name,
                Pace::every(Duration::from_millis(interval)),
            )
            .with_random(move || run.random(|rng| rng.u32(..)));
            Instance { process, consumer }
        })
    }

    /// Does what Lambda does with the answer: it deletes every message that the answer does not name. If the answer names a
    /// message that is not in the batch, it deletes none.
    fn acknowledge(&self, batch: &[Message], answer: &SqsBatchResponse) {
        let mut named: Vec<&str> = answer
            .batch_item_failures
            .iter()
            .map(|failure| failure.item_identifier.as_str())
            .collect();
        let receipts: Vec<&str> = batch
            .iter()
            .map(|message| message.receipt_handle.as_str())
            .collect();
        if self.run.makes(Mistake::AlwaysSaysWell) {
            named.clear();
        } else if self.run.makes(Mistake::NamesUnknownRecords) && !named.is_empty() {
            named = receipts;
        } else if self.run.makes(Mistake::IgnoresJoinErrors) {
            named.retain(|id| {
                !batch
                    .iter()
                    .any(|message| message.id == *id && self.panics(message))
            });
        }
        if let Some(unknown) = named
            .iter()
            .find(|id| batch.iter().all(|message| message.id != **id))
        {
            return self.run.history.push(Event::NamedUnknown {
                id: (*unknown).to_owned(),
            });
        }
        for message in batch
            .iter()
            .filter(|message| !named.contains(&message.id.as_str()))
        {
            if self.run.fault(self.run.scenario.acknowledgements_lost) {
                self.run
                    .history
                    .note(format!("the acknowledgement of {} is lost", message.id));
            } else {
                self.lane.queue.delete(&message.receipt_handle);
            }
        }
    }

    fn panics(&self, message: &Message) -> bool {
        let event: Value = serde_json::from_str(&message.body).unwrap_or_default();
        !self.run.is_fixed() && Mark::of(&event["data"]["order"]) == Some(Mark::Panics)
    }
}

fn record(message: &Message) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = Some(message.id.clone());
    record.receipt_handle = Some(message.receipt_handle.clone());
    record.body = Some(message.body.clone());
    record.attributes.insert(
        "ApproximateReceiveCount".to_owned(),
        message.receives.to_string(),
    );
    if let Some(group) = &message.group {
        record
            .attributes
            .insert("MessageGroupId".to_owned(), group.clone());
    }
    for attribute in &message.attributes {
        let mut value = SqsMessageAttribute::default();
        value.data_type = Some(attribute.data_type.clone());
        if let AttributeValue::Text(text) = &attribute.value {
            value.string_value = Some(text.clone());
        }
        record
            .message_attributes
            .insert(attribute.name.clone(), value);
    }
    record
}

fn is_json(message: &Message) -> bool {
    serde_json::from_str::<Value>(&message.body).is_ok()
}
