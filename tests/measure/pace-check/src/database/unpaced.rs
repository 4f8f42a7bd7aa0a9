//! The same orders without Sluice: a function that writes each order when it comes.
//!
//! It is kind to the server. As in Lambda an order takes an environment that is idle, with its connection, or else a new one,
//! which opens its own. It uses the store that Sluice uses, with its statement and its timeouts, and it never tries again.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::future::join_all;
use sluice_mysql::MysqlStore;
use sluice_order::{Clock, SystemClock, testing::secrets};
use sluice_postgres::{Engine, PostgresStore, Settings};
use sluice_store::{OrderStore, PutOutcome, StoreError, StoredOrder};
use sluice_testing::orders::{Placed, orders};
use tokio::time::sleep_until;

use super::{
    load::{Load, Outcome},
    statements::Statements,
};
use crate::number::count;

/// What can be written is measured with so many writers, each of which waits for its answer, for so long.
const WRITERS: usize = 4;
const MEASURED: Duration = Duration::from_secs(8);

/// The environments of a function, each with a connection of its own.
struct Environments {
    settings: Settings,
    idle: Mutex<Vec<Store>>,
}

enum Store {
    Postgres(PostgresStore),
    Mysql(MysqlStore),
}

impl Store {
    fn new(settings: Settings) -> Self {
        let store = match settings.engine {
            Engine::Postgres => PostgresStore::new(settings).map(Self::Postgres),
            Engine::Mysql => MysqlStore::new(settings).map(Self::Mysql),
        };
        store.expect("the settings are good")
    }

    async fn put(&self, order: &StoredOrder) -> Result<PutOutcome, StoreError> {
        match self {
            Self::Postgres(store) => store.put(order).await,
            Self::Mysql(store) => store.put(order).await,
        }
    }
}

impl Environments {
    fn new(settings: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            idle: Mutex::default(),
        }
    }

    /// Writes an order, and tells whether it is stored.
    async fn write(&self, placed: &Placed) -> bool {
        let order = StoredOrder::new(placed.message(&secrets()), SystemClock.now());
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let store = idle().pop();
        let store = store.unwrap_or_else(|| Store::new(self.settings.clone()));
        let outcome = store.put(&order).await;
        idle().push(store);
        matches!(outcome, Ok(PutOutcome::Stored))
    }
}

/// How many orders the server writes in a second, if some wait all the time.
pub(crate) async fn capacity(statements: &Statements) -> f64 {
    let environments = Environments::new(statements.settings());
    let begun = Instant::now();
    let writers = (0..WRITERS).map(async |writer| {
        let mut stored = 0;
        for placed in orders(&format!("capacity-{writer}-"), 0..1_000) {
            if begun.elapsed() >= MEASURED {
                break;
            }
            stored += usize::from(environments.write(&placed).await);
        }
        stored
    });
    let stored: usize = join_all(writers).await.into_iter().sum();
    let capacity = count(stored) / begun.elapsed().as_secs_f64();
    statements.take();
    capacity
}

/// Writes the orders of a load, each when it comes.
pub(crate) async fn run(statements: &Statements, load: &Load, prefix: &str) -> Outcome {
    let environments = Environments::new(statements.settings());
    let last = u32::try_from(load.times.len()).expect("not that many");
    let placed = orders(prefix, 0..last);
    let begun = Instant::now();
    let writes = load.times.iter().zip(&placed).map(async |(at, placed)| {
        sleep_until((begun + Duration::from_secs_f64(*at)).into()).await;
        environments.write(placed).await
    });
    let stored = join_all(writes).await;
    let stored = stored.into_iter().filter(|stored| *stored).count();
    Outcome::new(load, begun, stored, &statements.take())
}
