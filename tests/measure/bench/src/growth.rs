//! What a call of the stores in databases costs while more and more orders are stored.
//!
//! A real server is filled by its own SQL to each size, and then asked by the store as a function asks it: by one connection, one
//! call at a time. Other programs may make the machine slower meanwhile. So inserts take turns with a question that finds
//! nothing in an empty table, and an insert is judged by how many of these it takes.

mod fill;
mod report;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use sluice_mysql::MysqlStore;
use sluice_order::{CustomerId, ListQuery, Order, OrderAccepted, OrderKey, Secrets, Timestamp};
use sluice_postgres::{Engine, PostgresStore};
use sluice_store::{Found, OrderStore, PutOutcome, StoredOrder};

use crate::{
    database::{Database, settings},
    events::{LINES, SECRETS, order},
    figures::{float, quantile},
    speed::say,
};
use report::{Row, judge, table};

/// How many orders are stored before the calls that are measured. A million are more than the servers keep in memory.
const SIZES: [u64; 4] = [0, 10_000, 100_000, 1_000_000];

/// Calls of each kind at each size.
const CALLS: usize = 1_000;

/// Inserts before those that are measured: the first ones connect, prepare, and fill caches.
const WARM: usize = 100;

/// Orders of one customer among those that are asked for, and so on its page.
const OF_ONE: usize = 10;

/// Measures both stores, and fails if an insert costs too much more where many orders are stored.
pub(crate) async fn run() -> Result<()> {
    let mut rows = Vec::new();
    for engine in [Engine::Postgres, Engine::Mysql] {
        let Some(mut database) = Database::start(engine).await? else {
            continue;
        };
        let to = settings(engine, database.port(), None);
        rows.extend(match engine {
            Engine::Postgres => grow(&mut database, &PostgresStore::new(to)?).await?,
            Engine::Mysql => grow(&mut database, &MysqlStore::new(to)?).await?,
        });
    }
    ensure!(
        !rows.is_empty(),
        "there is no database server on this machine"
    );
    println!(
        "{CALLS} calls of each kind at each size.\n\n{}",
        table(&rows)
    );
    judge(&rows)
}

async fn grow(database: &mut Database, store: &impl OrderStore) -> Result<Vec<Row>> {
    // These are asked for at each size. They were the first, so the others came to lie among them.
    let mut known = Vec::new();
    let mut rows = Vec::new();
    for size in SIZES {
        say(&format!("{}: filling to {size} orders", database.engine()));
        let begun = Instant::now();
        fill::to(database, size).await?;
        let took = begun.elapsed().as_secs();
        say(&format!("{}: calls, after {took} s", database.engine()));
        let (new, row) = measure(database, store, size, &known).await?;
        if known.is_empty() {
            known = new;
        }
        rows.push(row);
    }
    Ok(rows)
}

/// The calls at one size. Where no order is known yet, those are asked for that were just stored.
async fn measure(
    database: &mut Database,
    store: &impl OrderStore,
    size: u64,
    known: &[StoredOrder],
) -> Result<(Vec<StoredOrder>, Row)> {
    let stored = |outcome| ensured(outcome, PutOutcome::Stored);
    for order in orders(WARM)? {
        stored(store.put(&order).await?)?;
    }
    let new = orders(CALLS)?;
    let written = fill::written(database).await?;
    let (mut inserts, mut nothings) = (Vec::new(), Vec::new());
    for order in &new {
        let begun = Instant::now();
        stored(store.put(order).await?)?;
        inserts.push(begun.elapsed());
        let begun = Instant::now();
        ensure!(!store.has_smoke(&order.order_id).await?, "a smoke order");
        nothings.push(begun.elapsed());
    }
    let written = fill::written(database).await? - written;
    let known = if known.is_empty() { &new } else { known };
    let (mut again, mut finds, mut lists) = (Vec::new(), Vec::new(), Vec::new());
    for order in known {
        let begun = Instant::now();
        ensured(store.put(order).await?, PutOutcome::Duplicate)?;
        again.push(begun.elapsed());
        let begun = Instant::now();
        let found = store.find(&order.order_id).await?;
        finds.push(begun.elapsed());
        ensure!(matches!(found, Some(Found::Order(_))), "an order is lost");
        let all = all(order.order.customer_id());
        let begun = Instant::now();
        let page = store.list(&all).await?;
        lists.push(begun.elapsed());
        ensure!(page.orders.len() == OF_ONE, "a page is not whole");
    }
    let row = Row {
        engine: database.engine(),
        size,
        insert: both(&mut inserts),
        duplicate: both(&mut again),
        find: both(&mut finds),
        list: both(&mut lists),
        nothing: quantile(&mut nothings, 0.5),
        written: float(u64::try_from(written)?) / float(CALLS),
    };
    Ok((new, row))
}

fn ensured(outcome: PutOutcome, expected: PutOutcome) -> Result<()> {
    ensure!(outcome == expected, "{outcome:?}, where it is {expected:?}");
    Ok(())
}

/// The median, and what one of a hundred exceeds.
fn both(times: &mut [Duration]) -> (Duration, Duration) {
    (quantile(times, 0.5), quantile(times, 0.99))
}

/// New orders under random keys, as real ones have them, of customers with [`OF_ONE`] each. They lie apart from each other in
/// each index but that by time.
fn orders(count: usize) -> Result<Vec<StoredOrder>> {
    let secrets = Secrets::from_json(SECRETS)?;
    let mut customer = String::new();
    let orders = (0..count).map(|n| {
        let key = OrderKey::random()?;
        if n % OF_ONE == 0 {
            customer = format!("c-{key}");
        }
        let order = Order::from_json(order(&customer, LINES));
        let order = order.ok().context("the order breaks a rule")?;
        let at = Timestamp::from_millis(fill::LATEST_MS + i64::try_from(n)?);
        let accepted = OrderAccepted::new(order, key, at, None, &secrets);
        Ok(StoredOrder::new(accepted, at))
    });
    orders.collect()
}

/// The first page of a customer's orders.
fn all(customer: &CustomerId) -> ListQuery {
    ListQuery {
        customer_id: customer.clone(),
        from: Timestamp::MIN,
        to: Timestamp::MAX,
        sku: None,
        newest_first: true,
        limit: 20,
        after: None,
    }
}
