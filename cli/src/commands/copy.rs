//! `sluice copy`: copies all orders and rejections from one storage to another, and compares both.

mod compare;

use std::{fmt, str::FromStr, time::Duration};

use clap::Args;
use futures::{StreamExt, stream};
use serde::Serialize;
use sluice_store::{Found, OrderStore, Part, PutOutcome, ReadAll, StoreError};
use tokio::{sync::Mutex, time::sleep};

use self::compare::{Comparison, compare};
use crate::{
    deployment::{
        aws::Aws,
        rate::at_most,
        stack::Stack,
        store::{self, Store},
    },
    terminal::{
        failure::{Exit, Failure},
        output::{self, tame},
        progress::Progress,
        stop::Stop,
    },
};

/// How many writes are under way at a time.
const AT_ONCE: usize = 8;

/// How often a read or a write is tried before the command gives up and says where to go on.
const ATTEMPTS: u32 = 6;

/// Copy all orders and rejections from one storage to another, and compare both
///
/// What is there already is left alone, so the command may run again, while orders are stored or after it was stopped. It ends with
/// a comparison: both must hold the same orders, by key and content, and the same rejections. Exits 1 if they do not.
///
/// A place is `table`, the stack's table in DynamoDB, or the address of a database, as its owner or as the functions' user:
/// postgres://USER:PASSWORD@HOST:PORT/DATABASE, or mysql://…
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct CopyArguments {
    /// Where the orders are
    #[arg(
        long,
        value_name = "PLACE",
        env = "SLUICE_COPY_FROM",
        hide_env_values = true
    )]
    from: Place,
    /// Where they are to be
    #[arg(
        long,
        value_name = "PLACE",
        env = "SLUICE_COPY_TO",
        hide_env_values = true
    )]
    to: Place,
    /// Most records a second that are written
    #[arg(long, value_name = "N", default_value_t = 200.0, value_parser = rate)]
    rate: f64,
    /// Go on behind this place, which a copy that was stopped has printed
    #[arg(long, value_name = "PLACE")]
    after: Option<String>,
    /// Copy nothing, and only compare
    #[arg(long)]
    compare: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

/// Where orders are.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Place {
    Table,
    Database(Address),
}

/// An address. It may hold a password, which is not shown.
#[derive(Clone, PartialEq, Eq)]
struct Address(String);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(an address)")
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "table" {
            return Ok(Self::Table);
        }
        match store::settings(text) {
            Ok(_) => Ok(Self::Database(Address(text.to_owned()))),
            Err(why) => Err(format!("it is not `table`, and {why}")),
        }
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok();
    rate.filter(|rate: &f64| (0.1..=100_000.0).contains(rate))
        .ok_or_else(|| "must be records a second, from 0.1 to 100000".to_owned())
}

/// What was copied.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize)]
struct Copied {
    /// Orders that are new there.
    orders: usize,
    /// Orders that were there already, with the same content.
    there_already: usize,
    /// Orders whose key has other content there, which stands.
    conflicts: usize,
    /// Rejections.
    rejections: usize,
}

#[derive(Serialize, Debug)]
struct Outcome {
    #[serde(skip_serializing_if = "Option::is_none")]
    copied: Option<Copied>,
    compared: Comparison,
}

pub(crate) async fn run(
    stack: &str,
    arguments: &CopyArguments,
    stop: &Stop,
) -> Result<Exit, Failure> {
    if arguments.from == arguments.to {
        return Err(Failure::environment(
            "--from and --to are the same place",
            "name another one",
        ));
    }
    let (from, to) = (open(stack, &arguments.from), open(stack, &arguments.to));
    let (from, to) = (from.await?, to.await?);
    let copied = if arguments.compare {
        None
    } else {
        let after = arguments.after.clone();
        Some(copy(&from, &to, arguments.rate, after, stop).await?)
    };
    let compared = stop.look(comparing(&from, &to)).await?;
    let outcome = Outcome { copied, compared };
    if arguments.json {
        output::print_json(&outcome);
    } else {
        output::print(&outcome.readable());
    }
    let conflicts = copied.is_some_and(|copied| copied.conflicts > 0);
    Ok(if outcome.compared.is_same() && !conflicts {
        Exit::Fine
    } else {
        Exit::Wrong
    })
}

async fn open(stack: &str, place: &Place) -> Result<Store, Failure> {
    match place {
        Place::Table => {
            let aws = Aws::from_environment().await?;
            let stack = Stack::find(&aws, stack).await?;
            Ok(Store::table(&aws, stack.table()?))
        }
        Place::Database(Address(address)) => {
            let store = store::settings(address).and_then(Store::at);
            store.map_err(|why| Failure::environment(why, "write the address anew"))
        }
    }
}

async fn comparing(from: &Store, to: &Store) -> Result<Comparison, Failure> {
    let _progress = Progress::open("Comparing both");
    compare(from, to).await.map_err(|why| {
        Failure::environment(
            format!("they cannot be compared: {}", tame(&why.to_string())),
            "mend this, then run the command again with --compare",
        )
    })
}

/// Copies part by part. What is copied stays copied, however this ends.
async fn copy(
    from: &impl ReadAll,
    to: &impl OrderStore,
    rate: f64,
    mut after: Option<String>,
    stop: &Stop,
) -> Result<Copied, Failure> {
    let progress = Progress::open("Copying");
    let pace = Mutex::new(at_most(rate));
    let mut copied = Copied::default();
    loop {
        let go_on = after.clone();
        let stopped = |why: String| {
            let next = match &go_on {
                Some(behind) => format!("run the same command again with --after '{behind}'"),
                None => "run the same command again".to_owned(),
            };
            Failure::wrong(why, next)
        };
        if stop.is_requested() {
            return Err(stopped("stopped: not all is copied".to_owned()));
        }
        let Part { records, next } = again(async || from.read_all(after.as_deref()).await)
            .await
            .map_err(|why| stopped(format!("cannot be read: {why}")))?;
        let mut writes = stream::iter(&records)
            .map(async |record| {
                pace.lock().await.tick().await;
                again(async || write(to, record).await).await
            })
            .buffer_unordered(AT_ONCE);
        while let Some(written) = writes.next().await {
            let written = written.map_err(|why| stopped(format!("cannot be written: {why}")))?;
            match written {
                Some(PutOutcome::Stored) => copied.orders += 1,
                Some(PutOutcome::Duplicate) => copied.there_already += 1,
                Some(PutOutcome::Conflict) => copied.conflicts += 1,
                None => copied.rejections += 1,
            }
            progress.step();
        }
        if next.is_none() {
            return Ok(copied);
        }
        after = next;
    }
}

/// What became of an order; `None` for a rejection.
async fn write(to: &impl OrderStore, record: &Found) -> Result<Option<PutOutcome>, StoreError> {
    match record {
        Found::Order(order) => to.put(order).await.map(Some),
        Found::Rejection(rejection) => to.record(rejection).await.map(|()| None),
    }
}

/// Tries it until it is done, or will never be, or was tried often enough.
async fn again<T>(work: impl AsyncFn() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let mut pause = Duration::from_millis(200);
    for _ in 1..ATTEMPTS {
        match work().await {
            Err(StoreError::Unavailable(_) | StoreError::Throttled(_)) => {}
            done => return done,
        }
        sleep(pause).await;
        pause *= 2;
    }
    work().await
}

impl Outcome {
    fn readable(&self) -> String {
        let copied = self.copied.map_or_else(String::new, |copied| {
            let Copied {
                orders,
                there_already,
                conflicts,
                rejections,
            } = copied;
            format!(
                "copied   {orders} orders and {rejections} rejections; {there_already} orders were there already, and {conflicts} stand there with other content\n"
            )
        });
        format!("{copied}{}", self.compared.readable())
    }
}

#[cfg(test)]
#[path = "copy/copy_tests.rs"]
mod tests;
