//! A model of storage: conditional writes on keys, and calls that fail, are slow, or take effect without an answer. It is a table
//! of `DynamoDB` or a relational database, which fails in ways of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::resume_unwind,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sluice_order::{Lane, ListQuery, OrderId, OrderKey, RejectReason};
use sluice_store::{Found, OrderStore, Page, PutOutcome, Rejection, StoreError, StoredOrder};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    history::Event,
    mark::Mark,
    mistake::Mistake,
    run::{Process, Run},
};

/// How long the consumer waits for an answer: what its `main` sets.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Why storage refuses an order whose rejection cannot be recorded either.
const DOOMED: RejectReason = RejectReason::TooLarge;

/// Storage's message if there are too many requests.
const THROTTLED: &str = "throttled";

/// How long a database waits for a lock before it gives a write up (`lock_timeout`).
const LOCK: Duration = Duration::from_secs(1);

/// The table.
pub(crate) struct Table {
    run: Arc<Run>,
    orders: BTreeMap<OrderKey, StoredOrder>,
    /// Keys that a rejection occupies, by mistake.
    taken: BTreeSet<OrderKey>,
}

/// The table as a process reaches it.
pub(crate) struct Store {
    pub(crate) run: Arc<Run>,
    pub(crate) process: Arc<Process>,
    pub(crate) table: Arc<Mutex<Table>>,
    pub(crate) lane: Lane,
    /// Tells all that is under way when the connection to a database ends.
    pub(crate) connection: watch::Sender<()>,
}

/// Whether a call changes what is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
}

enum Fate {
    Refused,
    /// Nothing was done, and the caller hears why.
    Undone {
        why: &'static str,
        after: Duration,
    },
    /// The connection ends before the call, or after it.
    Cut {
        is_done: bool,
    },
    Lost,
    Done {
        after: Duration,
        answered: bool,
    },
}

impl Table {
    pub(crate) fn new(run: &Arc<Run>) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            run: Arc::clone(run),
            orders: BTreeMap::new(),
            taken: BTreeSet::new(),
        }))
    }

    fn look(&self, order: &StoredOrder) -> Option<PutOutcome> {
        let stored = self.orders.get(&order.order_id.key());
        match stored {
            _ if self.taken.contains(&order.order_id.key()) => Some(PutOutcome::Duplicate),
            None => None,
            Some(stored) if stored.content == order.content => Some(PutOutcome::Duplicate),
            Some(_) => Some(PutOutcome::Conflict),
        }
    }

    fn write(&mut self, order: &StoredOrder) -> PutOutcome {
        self.orders.insert(order.order_id.key(), order.clone());
        self.run.history.push(Event::Stored {
            order_id: order.order_id.to_string(),
            order: serde_json::to_value(&order.order).unwrap_or_default(),
        });
        PutOutcome::Stored
    }

    fn put(&mut self, order: &StoredOrder) -> PutOutcome {
        if self.run.makes(Mistake::WritesWithoutCondition) {
            return self.write(order);
        }
        self.look(order).unwrap_or_else(|| self.write(order))
    }

    /// Whether it was written: it is not where another has its key.
    fn insert(&mut self, order: &StoredOrder) -> bool {
        self.put(order) == PutOutcome::Stored
    }

    fn holds(&self, rejection: &Rejection) -> bool {
        self.orders
            .get(&rejection.order_id.key())
            .is_some_and(|stored| match &rejection.content {
                Some((_, content, _)) => &stored.content == content,
                None => rejection.order_id.is_for(&stored.content),
            })
    }

    fn write_rejection(&mut self, rejection: &Rejection) {
        let key = rejection.order_id.key();
        if self.run.makes(Mistake::DropsConflicts) && rejection.reason == RejectReason::KeyReused {
            return;
        }
        if self.run.makes(Mistake::RejectionTakesTheKey) {
            self.taken.insert(key);
        }
        if self.run.makes(Mistake::RejectionReplacesTheOrder)
            && let Some(order) = self.orders.remove(&key)
        {
            self.run.history.push(Event::Removed {
                order_id: order.order_id.to_string(),
            });
        }
        self.run.history.push(Event::Rejected {
            order_id: rejection.order_id.to_string(),
            reason: rejection.reason.to_string(),
            order: rejection
                .content
                .as_ref()
                .and_then(|(_, _, order)| serde_json::to_value(order).ok()),
        });
    }
}

impl Store {
    /// One call of storage. It may fail before its effect or after it, and it may take effect after the caller has ended.
    async fn call<T: Send + 'static>(
        &self,
        kind: Kind,
        effect: impl FnOnce(&mut Table) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        self.process.step().await;
        let mut connection = self.connection.subscribe();
        let answer = tokio::select! {
            biased;
            answer = self.answer(kind, effect) => answer,
            _ = connection.changed() => Err("the connection ended, and it may be done"),
        };
        self.process.step().await;
        answer.map_err(|why| {
            self.run.history.note(format!("storage: {why}"));
            if self.run.makes(Mistake::TakesAnOutageForPoison) {
                let (reason, message) = (RejectReason::RefusedByStorage, why.to_owned());
                StoreError::Refused { reason, message }
            } else if why == THROTTLED {
                StoreError::Throttled(why.to_owned())
            } else {
                StoreError::Unavailable(why.to_owned())
            }
        })
    }

    async fn answer<T: Send + 'static>(
        &self,
        kind: Kind,
        effect: impl FnOnce(&mut Table) -> T + Send + 'static,
    ) -> Result<T, &'static str> {
        let (after, answered) = match self.fate(kind) {
            Fate::Refused => {
                self.run.pause_up_to(20).await;
                return Err(THROTTLED);
            }
            Fate::Undone { why, after } => {
                sleep(after).await;
                return Err(why);
            }
            Fate::Cut { is_done } => {
                if is_done {
                    effect(&mut locked(&self.table));
                }
                self.connection.send_replace(());
                return Err("the connection ended, and it may be done");
            }
            Fate::Lost => {
                sleep(TIMEOUT).await;
                return Err("no answer");
            }
            Fate::Done { after, answered } => (after, answered),
        };
        let table = Arc::clone(&self.table);
        let done = tokio::spawn(async move {
            sleep(after).await;
            effect(&mut locked(&table))
        });
        match timeout(TIMEOUT, done).await {
            Ok(Ok(value)) if answered => Ok(value),
            _ => Err("no answer, and it may be done"),
        }
    }

    fn fate(&self, kind: Kind) -> Fate {
        let (run, scenario) = (&self.run, &self.run.scenario);
        let is_in = |time: Option<(u64, u64)>| {
            time.is_some_and(|(from, to)| (from..to).contains(&run.seconds()))
        };
        if is_in(scenario.outage) {
            return if run.chance(500) {
                Fate::Refused
            } else {
                Fate::Lost
            };
        }
        if kind == Kind::Write && is_in(scenario.read_only) {
            let (why, after) = ("a reader takes no write", Duration::ZERO);
            return Fate::Undone { why, after };
        }
        if kind == Kind::Write && is_in(scenario.locked) {
            let (why, after) = ("a lock was not free in time", LOCK);
            return Fate::Undone { why, after };
        }
        if scenario.database && run.fault(scenario.connection_cut) {
            let is_done = run.chance(500);
            return Fate::Cut { is_done };
        }
        if run.fault(scenario.throttled) {
            Fate::Refused
        } else if run.fault(scenario.calls_lost) {
            Fate::Lost
        } else if run.fault(scenario.answers_lost) {
            // Mostly soon; sometimes long after the caller has stopped waiting.
            let after = run.up_to(if run.chance(300) { 60_000 } else { 50 });
            Fate::Done {
                after,
                answered: false,
            }
        } else {
            let after = run.up_to(if run.fault(scenario.slow) { 6_000 } else { 20 });
            Fate::Done {
                after,
                answered: true,
            }
        }
    }

    /// An insert, and a look where it found an order.
    async fn put_by_statements(&self, order: StoredOrder) -> Result<PutOutcome, StoreError> {
        let wanted = order.clone();
        if self
            .call(Kind::Write, move |table| table.insert(&order))
            .await?
        {
            return Ok(PutOutcome::Stored);
        }
        if self.run.makes(Mistake::TakesWhatIsThereForTheSame) {
            return Ok(PutOutcome::Duplicate);
        }
        let there = self
            .call(Kind::Read, move |table| table.look(&wanted))
            .await?;
        there.ok_or_else(|| StoreError::Unavailable("the stored order was not shown".to_owned()))
    }

    /// What marked orders do to those that process them.
    async fn suffer(&self, order: &StoredOrder) -> Result<(), StoreError> {
        let sku = order
            .order
            .skus()
            .first()
            .map_or("", |sku| sku.as_str())
            .to_owned();
        match Mark::of_sku(&sku) {
            _ if self.run.is_fixed() => Ok(()),
            Some(Mark::Panics) if !self.run.makes(Mistake::PanicAborts) => {
                // Unlike `panic!` it prints nothing.
                resume_unwind(Box::new("a panic on purpose"))
            }
            Some(Mark::Panics | Mark::Kills) => {
                self.process.end();
                self.process.step().await;
                Ok(())
            }
            Some(Mark::Ignored) => Err(StoreError::Unavailable("ignored on purpose".to_owned())),
            Some(mark @ (Mark::Refused | Mark::Doomed)) => Err(StoreError::Refused {
                reason: if mark == Mark::Doomed {
                    DOOMED
                } else {
                    RejectReason::RefusedByStorage
                },
                message: "refused on purpose".to_owned(),
            }),
            Some(Mark::Unfit) | None => Ok(()),
        }
    }
}

impl OrderStore for Store {
    async fn put(&self, order: &StoredOrder) -> Result<PutOutcome, StoreError> {
        self.suffer(order).await?;
        self.run.history.push(Event::Writes { lane: self.lane });
        let order = order.clone();
        if self.run.makes(Mistake::LooksThenWrites) {
            let wanted = order.clone();
            return match self
                .call(Kind::Read, move |table| table.look(&wanted))
                .await?
            {
                Some(outcome) => Ok(outcome),
                None => {
                    self.call(Kind::Write, move |table| table.write(&order))
                        .await
                }
            };
        }
        let answer = if self.run.scenario.database {
            self.put_by_statements(order).await
        } else {
            self.call(Kind::Write, move |table| table.put(&order)).await
        };
        match answer {
            Err(StoreError::Unavailable(_)) if self.run.makes(Mistake::TakesSilenceForSuccess) => {
                Ok(PutOutcome::Stored)
            }
            answer => answer,
        }
    }

    async fn is_stored(&self, rejection: &Rejection) -> Result<bool, StoreError> {
        let rejection = rejection.clone();
        let is_stored = self
            .call(Kind::Read, move |table| table.holds(&rejection))
            .await?;
        Ok(is_stored && !self.run.makes(Mistake::RejectionReplacesTheOrder))
    }

    async fn record(&self, rejection: &Rejection) -> Result<(), StoreError> {
        if rejection.reason == DOOMED && !self.run.is_fixed() {
            resume_unwind(Box::new("a panic on purpose"));
        }
        self.run.history.push(Event::Writes { lane: self.lane });
        let rejection = rejection.clone();
        self.call(Kind::Write, move |table| table.write_rejection(&rejection))
            .await
    }

    async fn find(&self, id: &OrderId) -> Result<Option<Found>, StoreError> {
        let id = *id;
        self.call(Kind::Read, move |table| {
            let stored = table.orders.get(&id.key());
            let stored = stored.filter(|stored| id.is_for(&stored.content));
            stored.map(|stored| Found::Order(Box::new(stored.clone())))
        })
        .await
    }

    async fn has_smoke(&self, _: &OrderId) -> Result<bool, StoreError> {
        Err(StoreError::Unavailable(
            "nobody asks for this in the simulation".to_owned(),
        ))
    }

    async fn list(&self, _: &ListQuery) -> Result<Page, StoreError> {
        Err(StoreError::Unavailable(
            "nobody asks for this in the simulation".to_owned(),
        ))
    }
}

fn locked(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
