//! `sluice dlq replay`: sends letters back to their lane's queue.
//!
//! A letter is removed only after SQS has confirmed the send. If the command ends in between, the message is in both
//! queues: that does no harm, because storage takes an order once.

use std::fmt::Write;

use futures::{StreamExt, stream};
use tokio::time::Interval;

use super::{
    arguments::ReplayLettersArguments,
    collect::chosen,
    held::Held,
    letter::Letter,
    letter_row::line,
    met::{hidden, none_of, stopped},
    queues::{AT_ONCE, NotSent, Queues},
    resend::Resend,
    select::Selection,
    sweep::Sweep,
};
use crate::{
    deployment::rate::at_most,
    terminal::{
        failure::{Exit, Failure},
        output,
        stop::Stop,
    },
};

pub(crate) async fn run<Q: Queues>(
    queues: &Q,
    arguments: &ReplayLettersArguments,
    stop: &Stop,
) -> Result<Exit, Failure> {
    let mut selection = Selection::new(&arguments.ids, arguments.filter.reason);
    let hidden = hidden(queues, &arguments.filter.lanes()).await;
    let report = Replay::new(queues, arguments, stop)
        .run(&mut selection)
        .await;
    if report.chosen == 0 && report.came_back == 0 {
        let none = none_of(report.seen, &selection, hidden);
        output::print(&format!("{none} None was replayed."));
    } else {
        output::print(&report.readable(arguments.dry_run));
    }
    if let Some(failure) = report.trouble {
        return Err(failure);
    }
    if stop.is_requested() {
        let replayed = report.replayed;
        return Err(stopped(&format!("{replayed} letters were replayed")));
    }
    if !arguments.dry_run && report.replayed < report.chosen {
        return Ok(Exit::Wrong);
    }
    selection.all_found(report.seen, hidden)
}

/// What became of the letters.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
struct Report {
    /// Letters met, chosen or not.
    seen: usize,
    chosen: usize,
    replayed: usize,
    refused: usize,
    /// Sent back, but still among the dead letters.
    doubled: usize,
    /// Dead letters again before the run was over.
    came_back: usize,
    /// What ended the run.
    trouble: Option<Failure>,
}

/// What became of one letter.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Fate {
    /// Sent under this id, with this count of replays, and removed.
    Replayed(String, Option<u32>),
    Refused(String),
    NotSent(Failure),
    NotRemoved(String, Failure),
}

struct Replay<'a, Q> {
    queues: &'a Q,
    arguments: &'a ReplayLettersArguments,
    stop: &'a Stop,
    held: Held,
}

impl<'a, Q: Queues> Replay<'a, Q> {
    fn new(queues: &'a Q, arguments: &'a ReplayLettersArguments, stop: &'a Stop) -> Self {
        Self {
            queues,
            arguments,
            stop,
            held: Held::default(),
        }
    }

    async fn run(&self, selection: &mut Selection) -> Report {
        let mut report = Report::default();
        let work = self.replay_all(selection, &mut report);
        if let Err(failure) = self.held.during(self.queues, work).await {
            report.trouble = Some(failure);
        }
        report
    }

    async fn replay_all(
        &self,
        selection: &mut Selection,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let limit = self.arguments.limit.unwrap_or(usize::MAX);
        let lanes = self.arguments.filter.lanes();
        let mut sweep = Sweep::new(self.queues, &lanes, &self.held, self.stop);
        let mut rate = at_most(self.arguments.rate);
        while let Some(letters) = chosen(&mut sweep, selection, limit - report.chosen).await? {
            report.seen = sweep.seen();
            report.chosen += letters.len();
            if self.arguments.dry_run {
                for letter in &letters {
                    output::print(&format!("would replay  {}", line(letter)));
                }
            } else {
                self.replay_some(letters, &mut rate, selection, report)
                    .await?;
            }
        }
        report.seen = sweep.seen();
        report.came_back = selection.came_back();
        Ok(())
    }

    /// Sends these letters back, not faster than the rate. A letter that was begun is finished, whatever happens to others.
    async fn replay_some(
        &self,
        letters: Vec<Letter>,
        rate: &mut Interval,
        selection: &mut Selection,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let (halt, halted) = Stop::with_sender();
        let due = stream::unfold((letters.into_iter(), rate), |(mut letters, rate)| async {
            let letter = letters.next()?;
            let goes_on = self.is_due(rate, &halted).await;
            goes_on.then_some((letter, (letters, rate)))
        });
        let fates = due
            .map(async |letter| {
                let fate = self.replay_one(&letter).await;
                (letter, fate)
            })
            .buffer_unordered(AT_ONCE);
        tokio::pin!(fates);
        let mut end = Ok(());
        while let Some((letter, fate)) = fates.next().await {
            if let Fate::Replayed(id, _) | Fate::NotRemoved(id, _) = &fate {
                selection.was_sent(id.clone());
            }
            if let Err(failure) = report.add(&letter, fate) {
                halt.send_replace(true);
                end = Err(failure);
            }
        }
        end
    }

    /// Waits until the next letter is due. False if the run is to end before it.
    async fn is_due(&self, rate: &mut Interval, halted: &Stop) -> bool {
        tokio::select! {
            _ = rate.tick() => {}
            () = self.stop.requested() => {}
            () = halted.requested() => {}
        }
        !self.stop.is_requested() && !halted.is_requested()
    }

    async fn replay_one(&self, letter: &Letter) -> Fate {
        let message = Resend::of(letter);
        let id = match self.queues.send(letter.lane, &message).await {
            Ok(id) => id,
            Err(NotSent::Refused(why)) => return Fate::Refused(why),
            Err(NotSent::Failed(failure)) => return Fate::NotSent(failure),
        };
        let receipt = self.held.receipt(letter);
        match self.queues.delete(letter.lane, &receipt).await {
            Ok(()) => {
                self.held.forget(letter);
                Fate::Replayed(id, message.replays)
            }
            Err(failure) => Fate::NotRemoved(id, failure),
        }
    }
}

impl Report {
    /// Counts and prints what became of a letter.
    ///
    /// # Errors
    /// It failed for a reason that would stop every other letter too.
    fn add(&mut self, letter: &Letter, fate: Fate) -> Result<(), Failure> {
        let letter = line(letter);
        match fate {
            Fate::Replayed(_, replays) => {
                self.replayed += 1;
                let count = replays.map_or_else(
                    || "not counted: ten attributes of others".to_owned(),
                    |n| format!("replay {n}"),
                );
                output::print(&format!("replayed  {letter}  {count}"));
                Ok(())
            }
            Fate::Refused(why) => {
                self.refused += 1;
                let why = output::tame(&why);
                output::say(format_args!(
                    "not replayed, SQS refuses it: {letter}: {why}"
                ));
                Ok(())
            }
            Fate::NotSent(failure) => {
                output::say(format_args!(
                    "not confirmed, so it stays a dead letter: {letter}"
                ));
                Err(failure)
            }
            Fate::NotRemoved(_, failure) => {
                self.doubled += 1;
                output::say(format_args!(
                    "replayed, but not removed: it is still a dead letter, and may be replayed again without harm: {letter}"
                ));
                Err(failure)
            }
        }
    }

    fn readable(&self, dry_run: bool) -> String {
        let Self {
            seen,
            chosen,
            replayed,
            refused,
            doubled,
            came_back,
            ..
        } = self;
        if dry_run {
            return format!("{chosen} of {seen} letters met would be replayed; none was.");
        }
        let mut text = format!("{replayed} of {seen} letters met were replayed.");
        // Writing to a string cannot fail.
        if *refused > 0 {
            let _ = write!(text, " SQS refused {refused}.");
        }
        if *doubled > 0 {
            let _ = write!(
                text,
                " {doubled} more were sent but not removed: replaying them again does no harm."
            );
        }
        if *came_back > 0 {
            let _ = write!(
                text,
                " {came_back} came back already: fix the cause before the next replay."
            );
        }
        text
    }
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
