//! Queues in memory, for tests: visibility as in SQS, and failures on demand.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use aws_sdk_sqs::types::MessageAttributeValue;
use serde_json::json;
use sluice_order::{Lane, letter::DEAD_LETTER_ATTRIBUTE};
use tokio::time::Instant;

use super::{
    held::HIDDEN_FOR,
    letter::{
        Letter,
        tests::{letter, text},
    },
    queues::{NotSent, Queues},
    resend::Resend,
};
use crate::{deployment::counts::Counts, terminal::failure::Failure};

/// A send, a delete: in the order in which they were asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Deed {
    Sent(Lane, String),
    Deleted(String),
}

#[derive(Default)]
pub(crate) struct MemoryQueues {
    letters: RefCell<Vec<(Letter, Option<Instant>)>>,
    sent: RefCell<Vec<Resend>>,
    deeds: RefCell<Vec<Deed>>,
    empty_receives: Cell<u32>,
    hides_nothing: Cell<bool>,
    /// Bodies that are refused.
    pub(crate) refuses: RefCell<Vec<String>>,
    /// Bodies that are dead letters again as soon as they are sent.
    pub(crate) poison: RefCell<Vec<String>>,
    /// So many sends are confirmed, then none.
    pub(crate) sends_left: Cell<Option<usize>>,
    pub(crate) deletes_fail: Cell<bool>,
}

impl MemoryQueues {
    pub(crate) fn put(
        &self,
        lane: Lane,
        id: &str,
        body: &str,
        attributes: &[(&str, MessageAttributeValue)],
    ) {
        let mut letter = letter(id, body, attributes, &[]);
        letter.lane = lane;
        self.letters.borrow_mut().push((letter, None));
    }

    pub(crate) fn receive_nothing(&self, times: u32) {
        self.empty_receives.set(times);
    }

    pub(crate) fn never_hide(&self) {
        self.hides_nothing.set(true);
    }

    pub(crate) fn deeds(&self) -> Vec<Deed> {
        self.deeds.borrow().clone()
    }

    pub(crate) fn sent(&self) -> Vec<Resend> {
        self.sent.borrow().clone()
    }

    /// How many letters of the lane the next receive could get.
    pub(crate) fn visible(&self, lane: Lane) -> usize {
        let now = Instant::now();
        let letters = self.letters.borrow();
        let visible = |(letter, until): &&(Letter, Option<Instant>)| {
            letter.lane == lane && until.is_none_or(|until| until <= now)
        };
        letters.iter().filter(visible).count()
    }
}

fn broken() -> Failure {
    Failure::environment("set to fail", "repair it")
}

impl Queues for MemoryQueues {
    async fn receive(&self, lane: Lane, most: usize) -> Result<Vec<Letter>, Failure> {
        if self.empty_receives.get() > 0 {
            self.empty_receives.set(self.empty_receives.get() - 1);
            return Ok(Vec::new());
        }
        let now = Instant::now();
        let mut letters = self.letters.borrow_mut();
        let visible = letters.iter_mut().filter(|(letter, until)| {
            letter.lane == lane && until.is_none_or(|until| until <= now)
        });
        let received = visible.take(most).map(|(letter, until)| {
            if !self.hides_nothing.get() {
                *until = Some(now + Duration::from_secs(HIDDEN_FOR.into()));
            }
            letter.clone()
        });
        Ok(received.collect())
    }

    async fn send(&self, lane: Lane, message: &Resend) -> Result<String, NotSent> {
        if self.refuses.borrow().contains(&message.body) {
            return Err(NotSent::Refused("too bad".to_owned()));
        }
        match self.sends_left.get() {
            Some(0) => return Err(NotSent::Failed(broken())),
            left => self.sends_left.set(left.map(|left| left - 1)),
        }
        let deed = Deed::Sent(lane, message.body.clone());
        self.deeds.borrow_mut().push(deed);
        self.sent.borrow_mut().push(message.clone());
        let id = format!("sent-{}", self.sent.borrow().len());
        if self.poison.borrow().contains(&message.body) {
            let note = json!({"type": "permanent", "reason": "PANIC", "original_message_id": id});
            let note = (DEAD_LETTER_ATTRIBUTE, text(&note.to_string()));
            self.put(lane, &format!("{id}-again"), &message.body, &[note]);
        }
        Ok(id)
    }

    async fn delete(&self, _: Lane, receipt: &str) -> Result<(), Failure> {
        if self.deletes_fail.get() {
            return Err(broken());
        }
        let mut letters = self.letters.borrow_mut();
        let at = letters
            .iter()
            .position(|(letter, _)| letter.receipt == receipt);
        let (letter, _) = letters.remove(at.expect("a letter is deleted once"));
        self.deeds.borrow_mut().push(Deed::Deleted(letter.id));
        Ok(())
    }

    async fn hide(&self, lane: Lane, receipts: &[String], seconds: u32) -> usize {
        let until = Instant::now() + Duration::from_secs(seconds.into());
        for (letter, hidden) in self.letters.borrow_mut().iter_mut() {
            if letter.lane == lane && receipts.contains(&letter.receipt) {
                *hidden = Some(until);
            }
        }
        0
    }

    async fn counts(&self, lane: Lane) -> Result<Counts, Failure> {
        let letters = self.letters.borrow();
        let all = letters.iter().filter(|(letter, _)| letter.lane == lane);
        let all = all.count() as u64;
        let visible = self.visible(lane) as u64;
        Ok(Counts {
            visible,
            in_flight: all - visible,
            delayed: 0,
        })
    }
}
