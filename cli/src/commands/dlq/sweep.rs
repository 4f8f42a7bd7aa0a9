//! Goes through the dead letters, as far as SQS allows it.

use std::collections::{HashSet, VecDeque};

use sluice_order::Lane;

use super::{
    held::Held,
    letter::Letter,
    queues::{AT_ONCE, Queues},
};
use crate::terminal::{failure::Failure, stop::Stop};

/// A queue counts as empty after this many receives in a row that gave nothing new: a single one says little.
const EMPTY_RECEIVES: u32 = 3;

/// One pass through the dead letters of some lanes. Shows every letter once.
pub(crate) struct Sweep<'a, Q> {
    queues: &'a Q,
    held: &'a Held,
    stop: &'a Stop,
    /// The lanes that may have more letters, taken in turn, and how many receives in a row gave nothing new.
    lanes: VecDeque<(Lane, u32)>,
    seen: HashSet<String>,
}

impl<'a, Q: Queues> Sweep<'a, Q> {
    pub(crate) fn new(queues: &'a Q, lanes: &[Lane], held: &'a Held, stop: &'a Stop) -> Self {
        Self {
            queues,
            held,
            stop,
            lanes: lanes.iter().map(|lane| (*lane, 0)).collect(),
            seen: HashSet::new(),
        }
    }

    /// Some more letters, which are held from now on. An empty list: there are no more, or the command has to stop.
    pub(crate) async fn next(&mut self, most: usize) -> Result<Vec<Letter>, Failure> {
        while let Some((lane, empty)) = self.lanes.pop_front() {
            if self.stop.is_requested() {
                break;
            }
            let mut letters = self.queues.receive(lane, most.min(AT_ONCE)).await?;
            for letter in &letters {
                self.held.add(letter);
            }
            letters.retain(|letter| self.seen.insert(letter.id.clone()));
            let empty = if letters.is_empty() { empty + 1 } else { 0 };
            if empty < EMPTY_RECEIVES {
                self.lanes.push_back((lane, empty));
            }
            if !letters.is_empty() {
                return Ok(letters);
            }
        }
        Ok(Vec::new())
    }

    /// How many letters it met.
    pub(crate) fn seen(&self) -> usize {
        self.seen.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::dlq::memory::MemoryQueues;

    async fn ids(queues: &MemoryQueues, most: usize, stop: &Stop) -> Vec<String> {
        let held = Held::default();
        let mut sweep = Sweep::new(queues, &Lane::ALL, &held, stop);
        let mut ids = Vec::new();
        loop {
            let letters = sweep.next(most).await.unwrap();
            if letters.is_empty() {
                assert_eq!(sweep.seen(), ids.len());
                return ids;
            }
            ids.extend(letters.into_iter().map(|letter| letter.id));
        }
    }

    #[tokio::test]
    async fn lanes_are_taken_in_turn_and_an_empty_receive_is_not_believed() {
        let queues = MemoryQueues::default();
        for (lane, id) in [
            (Lane::Standard, "s1"),
            (Lane::Standard, "s2"),
            (Lane::Hot, "h1"),
        ] {
            queues.put(lane, id, "x", &[]);
        }
        let (_, stop) = Stop::with_sender();
        queues.receive_nothing(2);
        assert_eq!(ids(&queues, 1, &stop).await, ["s1", "h1", "s2"]);
    }

    #[tokio::test]
    async fn a_letter_that_comes_again_is_not_shown_again() {
        let queues = MemoryQueues::default();
        queues.put(Lane::Standard, "a", "x", &[]);
        queues.never_hide();
        let (_, stop) = Stop::with_sender();
        assert_eq!(ids(&queues, 10, &stop).await, ["a"]);
    }

    #[tokio::test]
    async fn it_ends_when_the_command_is_to_stop() {
        let queues = MemoryQueues::default();
        queues.put(Lane::Standard, "a", "x", &[]);
        let (sender, stop) = Stop::with_sender();
        sender.send_replace(true);
        assert!(ids(&queues, 10, &stop).await.is_empty());
    }
}
