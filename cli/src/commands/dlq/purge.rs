//! `sluice dlq purge`: removes letters for good, and records that.
//!
//! The rejection is recorded before the letter is removed: an order that was accepted never just vanishes.

use sluice_order::{Clock, RejectReason};
use sluice_store::{OrderStore, Rejection, StoreError};

use super::{
    arguments::PurgeArguments,
    collect::collect,
    held::Held,
    letter::Letter,
    letter_row::{line, table},
    met::{hidden, none_of, stopped},
    queues::Queues,
    select::Selection,
    sweep::Sweep,
    why::Why,
};
use crate::terminal::{
    failure::{Exit, Failure},
    output,
    stop::Stop,
};

pub(crate) async fn run<Q: Queues, S: OrderStore>(
    purge: &Purge<'_, Q, S, impl Clock>,
    ask: impl AsyncFnOnce(usize) -> Result<bool, Failure>,
) -> Result<Exit, Failure> {
    let arguments = purge.arguments;
    let hidden = hidden(purge.queues, &arguments.filter.lanes()).await;
    let held = Held::default();
    let mut selection = Selection::new(&arguments.ids, arguments.filter.reason);
    let work = purge.choose_and_remove(&held, &mut selection, ask);
    let done = held.during(purge.queues, work).await?;
    if done.chosen == 0 {
        let none = none_of(done.seen, &selection, hidden);
        output::print(&format!("{none} None was removed."));
    }
    if purge.stop.is_requested() {
        let Done {
            removed, chosen, ..
        } = done;
        return Err(stopped(&format!(
            "{removed} of {chosen} letters were removed"
        )));
    }
    if done.kept > 0 {
        return Ok(Exit::Wrong);
    }
    selection.all_found(done.seen, hidden)
}

/// What it needs.
pub(crate) struct Purge<'a, Q, S, C> {
    pub(crate) queues: &'a Q,
    pub(crate) store: &'a S,
    pub(crate) clock: C,
    pub(crate) arguments: &'a PurgeArguments,
    pub(crate) stop: &'a Stop,
}

/// What became of the letters.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
struct Done {
    seen: usize,
    chosen: usize,
    removed: usize,
    /// Storage refuses to keep their record.
    kept: usize,
}

/// What is on record of a removed letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Recorded {
    /// The rejection, or the order, where it is stored.
    Yes,
    /// The body names no order.
    Nothing,
}

impl<Q: Queues, S: OrderStore, C: Clock> Purge<'_, Q, S, C> {
    async fn choose_and_remove(
        &self,
        held: &Held,
        selection: &mut Selection,
        ask: impl AsyncFnOnce(usize) -> Result<bool, Failure>,
    ) -> Result<Done, Failure> {
        let arguments = self.arguments;
        let mut sweep = Sweep::new(self.queues, &arguments.filter.lanes(), held, self.stop);
        let letters = collect(&mut sweep, selection, arguments.limit).await?;
        let count = letters.len();
        let mut done = Done {
            seen: sweep.seen(),
            chosen: count,
            ..Done::default()
        };
        if count == 0 {
            return Ok(done);
        }
        output::print(&table(&letters, self.clock.now()));
        if arguments.dry_run {
            let seen = done.seen;
            output::print(&format!(
                "{count} of {seen} letters met would be removed; none was."
            ));
            return Ok(done);
        }
        if !arguments.yes {
            // Nobody can mean letters that could not be shown.
            output::all_written()?;
            let is_meant = tokio::select! {
                answer = ask(count) => answer?,
                () = self.stop.requested() => false,
            };
            if self.stop.is_requested() {
                return Ok(done);
            }
            if !is_meant {
                return Err(Failure::wrong(
                    format!("that is not the number, {count}: nothing was removed"),
                    "run it again, if you mean it",
                ));
            }
        }
        for letter in &letters {
            if self.stop.is_requested() {
                break;
            }
            match self.remove(held, letter).await {
                Ok(recorded) => {
                    done.removed += 1;
                    let record = match recorded {
                        Recorded::Yes => "on record as REJECTED, unless it is stored",
                        Recorded::Nothing => "nothing to record",
                    };
                    output::print(&format!("removed  {}  {record}", line(letter)));
                }
                Err(NotRemoved::ThisOne(why)) => {
                    let why = output::tame(&why);
                    output::say(format_args!(
                        "not removed, since it cannot be recorded: {}: {why}",
                        line(letter)
                    ));
                }
                Err(NotRemoved::Any(failure)) => {
                    output::say(format_args!(
                        "{} of {count} letters were removed before this:",
                        done.removed
                    ));
                    return Err(failure);
                }
            }
        }
        output::print(&format!(
            "{} of {count} letters were removed.",
            done.removed
        ));
        done.kept = count - done.removed;
        Ok(done)
    }

    /// Records, then removes.
    async fn remove(&self, held: &Held, letter: &Letter) -> Result<Recorded, NotRemoved> {
        let recorded = self.record(letter).await?;
        self.queues
            .delete(letter.lane, &held.receipt(letter))
            .await
            .map_err(NotRemoved::Any)?;
        held.forget(letter);
        Ok(recorded)
    }

    async fn record(&self, letter: &Letter) -> Result<Recorded, NotRemoved> {
        // An id that the consumer found to be forged may be another order's, except for its seal.
        let is_forged = letter.why() == Why::Rejected(RejectReason::ForgedId);
        let Some(claim) = letter.claim().filter(|_| !is_forged) else {
            if letter.holds_several() {
                let why = "it holds several orders, and each needs a message of its own";
                return Err(NotRemoved::ThisOne(why.to_owned()));
            }
            return Ok(Recorded::Nothing);
        };
        let mut rejection = Rejection {
            order_id: claim.order_id,
            reason: RejectReason::Purged,
            rejected_at: self.clock.now(),
            content: claim.content,
        };
        let mut recorded = self.store.reject(&rejection).await;
        if matches!(recorded, Err(StoreError::Refused { .. })) && rejection.content.is_some() {
            // Content that storage refuses may be the reason why it is a dead letter.
            rejection.content = None;
            recorded = self.store.reject(&rejection).await;
        }
        match recorded {
            Ok(()) => Ok(Recorded::Yes),
            Err(StoreError::Refused { message, .. }) => Err(NotRemoved::ThisOne(message)),
            Err(error @ (StoreError::Unavailable(_) | StoreError::Throttled(_))) => {
                Err(NotRemoved::Any(Failure::environment(
                    format!("the rejection cannot be recorded, so the letter stays: {error}"),
                    "check that dynamodb:GetItem and PutItem on the table work, then run it again",
                )))
            }
        }
    }
}

/// Why a letter is still there.
enum NotRemoved {
    /// Its record is refused.
    ThisOne(String),
    /// It would happen to any letter.
    Any(Failure),
}

#[cfg(test)]
#[path = "purge_tests.rs"]
mod tests;
