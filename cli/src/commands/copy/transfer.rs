//! The copying: part by part, and how to go on where it ends early.

use std::{cell::RefCell, fmt};

use futures::{StreamExt, stream};
use serde::Serialize;
use sluice_order::RejectReason;
use sluice_store::{Found, OrderStore, Part, PutOutcome, ReadAll, ReadError, StoreError};
use tokio::sync::Mutex;

use super::{
    read::{again, read},
    unread,
};
use crate::{
    deployment::rate::at_most,
    terminal::{failure::Failure, progress::Progress, stop::Stop},
};

/// How many writes are under way at a time.
const AT_ONCE: usize = 8;

/// What was copied.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Copied {
    /// Orders that are new there.
    pub(super) orders: usize,
    /// Orders that were there already, with the same content.
    pub(super) there_already: usize,
    /// Orders whose key has other content there, which stands.
    pub(super) conflicts: usize,
    /// Rejections, new or there already.
    pub(super) rejections: usize,
}

impl fmt::Display for Copied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            orders,
            there_already,
            conflicts,
            rejections,
        } = self;
        write!(
            f,
            "{orders} orders and {rejections} rejections, where {there_already} orders were there already and {conflicts} stand there with other content"
        )
    }
}

/// How far a copy is.
#[derive(Debug)]
struct Reached {
    copied: Copied,
    /// All before this mark is copied.
    behind: Option<String>,
}

/// Why a copy ends early.
enum Trouble {
    Read(ReadError),
    Write(StoreError),
    Refused(String, RejectReason),
}

/// Copies all that is behind a mark. What is copied stays copied, however this ends: a signal ends it before the next write.
///
/// # Errors
/// It was stopped, or storage fails. The message has what was copied, and how to go on.
pub(super) async fn copy(
    from: &impl ReadAll,
    to: &impl OrderStore,
    rate: f64,
    after: Option<String>,
    stop: &Stop,
) -> Result<Copied, Failure> {
    let reached = RefCell::new(Reached {
        copied: Copied::default(),
        behind: after,
    });
    let copying = async {
        let copied = copy_parts(from, to, rate, &reached).await;
        copied.map_err(|trouble| reached.borrow().failed(trouble))
    };
    stop.unless(copying, || reached.borrow().stopped()).await?;
    Ok(reached.into_inner().copied)
}

async fn copy_parts(
    from: &impl ReadAll,
    to: &impl OrderStore,
    rate: f64,
    reached: &RefCell<Reached>,
) -> Result<(), Trouble> {
    let progress = Progress::counting("Copying");
    let pace = Mutex::new(at_most(rate));
    loop {
        let behind = reached.borrow().behind.clone();
        let Part { records, next } = read(from, behind.as_deref()).await.map_err(Trouble::Read)?;
        let mut writes = stream::iter(&records)
            .map(async |record| {
                pace.lock().await.tick().await;
                let written = again(async || Ok(write(to, record).await?)).await;
                written.map_err(|why| Trouble::of_write(record, why))
            })
            .buffer_unordered(AT_ONCE);
        while let Some(written) = writes.next().await {
            let written = written?;
            let mut reached = reached.borrow_mut();
            let copied = &mut reached.copied;
            match written {
                Some(PutOutcome::Stored) => copied.orders += 1,
                Some(PutOutcome::Duplicate) => copied.there_already += 1,
                Some(PutOutcome::Conflict) => copied.conflicts += 1,
                None => copied.rejections += 1,
            }
            progress.step();
        }
        if next.is_none() {
            return Ok(());
        }
        reached.borrow_mut().behind = next;
    }
}

/// What became of an order; `None` for a rejection.
async fn write(to: &impl OrderStore, record: &Found) -> Result<Option<PutOutcome>, StoreError> {
    match record {
        Found::Order(order) => to.put(order).await.map(Some),
        Found::Rejection(rejection) => to.record(rejection).await.map(|()| None),
    }
}

impl Trouble {
    fn of_write(record: &Found, why: ReadError) -> Self {
        match why {
            ReadError::Storage(StoreError::Refused { reason, .. }) => {
                let what = match record {
                    Found::Order(_) => "order",
                    Found::Rejection(_) => "rejection of the order",
                };
                let id = record.order_id();
                Self::Refused(format!("{what} {id} with the key {}", id.key()), reason)
            }
            ReadError::Storage(why) => Self::Write(why),
            other => Self::Read(other),
        }
    }
}

impl Reached {
    /// How to go on from here.
    fn go_on(&self) -> String {
        match &self.behind {
            Some(mark) => format!("run the same command with --after '{mark}'"),
            None => "run the same command again".to_owned(),
        }
    }

    fn stopped(&self) -> Failure {
        let what = format!("stopped: not all is copied, but {}", self.copied);
        Failure::wrong(what, self.go_on())
    }

    fn failed(&self, trouble: Trouble) -> Failure {
        let copied = format!("copied until then: {}", self.copied);
        let go_on = self.go_on();
        match trouble {
            Trouble::Read(ReadError::NoPlace) => Failure::environment(
                "--after is no place of this storage",
                "take the mark that a copy with the same --from has printed, or leave it out to begin anew",
            ),
            Trouble::Read(why @ ReadError::Foreign(_)) => Failure::wrong(
                format!("{}; {copied}", unread("--from", &why)),
                format!("remove or mend it, then {go_on}"),
            ),
            Trouble::Read(why) => Failure::environment(
                format!("{}; {copied}", unread("--from", &why)),
                format!("mend this, then {go_on}"),
            ),
            Trouble::Write(why) => Failure::environment(
                format!("--to cannot be written: {why}; {copied}"),
                format!("mend this, then {go_on}"),
            ),
            Trouble::Refused(record, reason) => Failure::wrong(
                format!("--to refuses the {record} for ever ({reason}); {copied}"),
                "remove or mend it in --from: as it is, it stays the end of every copy",
            ),
        }
    }
}
