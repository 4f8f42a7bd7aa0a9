//! The letters that a command holds: hidden from other readers while it works, and visible again when it ends.
//!
//! SQS hides a message for a short time only, and the command renews that. So a command that is killed does not hide
//! letters for long, and a slow one does not receive its own letters again.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sluice_order::Lane;
use tokio::time::{sleep, timeout};

use super::{letter::Letter, queues::Queues};
use crate::terminal::output;

/// How long a received letter is hidden, in seconds, unless that is renewed.
pub(crate) const HIDDEN_FOR: u32 = 60;

/// A renewal may fail twice before a letter is visible again.
const RENEW_EVERY: Duration = Duration::from_secs(20);

/// How long releasing may take. Whoever stopped the command waits for it, and SQS may be out of reach.
const RELEASE: Duration = Duration::from_secs(10);

/// The letters held, by their message ids.
#[derive(Default, Debug)]
pub(crate) struct Held(Mutex<HashMap<String, (Lane, String)>>);

impl Held {
    /// Holds a letter from now on. If it is received again, the last receipt counts.
    pub(crate) fn add(&self, letter: &Letter) {
        let held = (letter.lane, letter.receipt.clone());
        self.letters().insert(letter.id.clone(), held);
    }

    /// The receipt of the last receive of a letter that is held.
    pub(crate) fn receipt(&self, letter: &Letter) -> String {
        let letters = self.letters();
        let held = letters.get(&letter.id);
        held.map_or_else(|| letter.receipt.clone(), |(_, receipt)| receipt.clone())
    }

    /// No longer holds a letter, because it is removed.
    pub(crate) fn forget(&self, letter: &Letter) {
        self.letters().remove(&letter.id);
    }

    fn of(&self, lane: Lane) -> Vec<String> {
        let letters = self.letters();
        let of_lane = letters.values().filter(|(of, _)| *of == lane);
        of_lane.map(|(_, receipt)| receipt.clone()).collect()
    }

    fn letters(&self) -> MutexGuard<'_, HashMap<String, (Lane, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does the work while the letters that it holds stay hidden. Afterwards those that it still holds are visible again.
    pub(crate) async fn during<T>(&self, queues: &impl Queues, work: impl Future<Output = T>) -> T {
        let done = tokio::select! {
            done = work => done,
            never = self.renew(queues) => match never {},
        };
        let release = async {
            let mut failed = 0;
            for lane in Lane::ALL {
                failed += self.hide(queues, lane, 0).await;
            }
            failed
        };
        let failed = timeout(RELEASE, release).await;
        let failed = failed.unwrap_or_else(|_| self.letters().len());
        if failed > 0 {
            output::say(format_args!(
                "{failed} of the letters that were looked at could not be released: they are visible again in \
                 {HIDDEN_FOR} s at the latest."
            ));
        }
        done
    }

    async fn renew(&self, queues: &impl Queues) -> Infallible {
        loop {
            sleep(RENEW_EVERY).await;
            for lane in Lane::ALL {
                // This fails for a letter that was just removed, and one whose time is over is received again. Neither
                // does harm.
                self.hide(queues, lane, HIDDEN_FOR).await;
            }
        }
    }

    async fn hide(&self, queues: &impl Queues, lane: Lane, seconds: u32) -> usize {
        let receipts = self.of(lane);
        if receipts.is_empty() {
            return 0;
        }
        queues.hide(lane, &receipts, seconds).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::dlq::memory::MemoryQueues;

    #[tokio::test(start_paused = true)]
    async fn what_is_held_stays_hidden_as_long_as_it_takes_and_no_longer() {
        let queues = MemoryQueues::default();
        let ids = ["a", "b", "c"];
        for id in ids {
            queues.put(Lane::Hot, id, "x", &[]);
        }
        let held = Held::default();
        held.during(&queues, async {
            for letter in queues.receive(Lane::Hot, 10).await.unwrap() {
                held.add(&letter);
            }
            sleep(Duration::from_mins(30)).await;
            assert_eq!(queues.visible(Lane::Hot), 0);
        })
        .await;
        assert_eq!(queues.visible(Lane::Hot), 3);
    }
}
