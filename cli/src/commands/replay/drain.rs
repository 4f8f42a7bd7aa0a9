//! Waits until the buffer is empty.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::{
    deployment::{aws::Aws, counts, stack::LaneQueues},
    terminal::{failure::Failure, progress::Progress},
};

const POLL: Duration = Duration::from_secs(1);

/// The queues count as empty after this many looks in a row: the counts of SQS are approximate and lag.
const EMPTY_LOOKS: u32 = 3;

/// How the wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub(crate) enum Drain {
    Empty,
    /// This many messages were left, and had not become fewer for as long as the patience was.
    GaveUp(u64),
}

/// The queues of all lanes.
pub(crate) struct Buffer<'a> {
    client: aws_sdk_sqs::Client,
    aws: &'a Aws,
    lanes: Vec<LaneQueues>,
}

impl<'a> Buffer<'a> {
    pub(crate) fn new(aws: &'a Aws, lanes: Vec<LaneQueues>) -> Self {
        let client = aws_sdk_sqs::Client::new(&aws.config);
        Self { client, aws, lanes }
    }

    pub(crate) async fn drained(&self, patience: Duration) -> Result<Drain, Failure> {
        let progress = Progress::open("Waiting for the buffer to drain");
        let start = Instant::now();
        let mut wait = Wait::new(patience);
        loop {
            let mut waiting = 0;
            for lane in &self.lanes {
                waiting += self.count(&lane.queue).await?;
            }
            if let Some(end) = wait.look(start.elapsed(), waiting) {
                return Ok(end);
            }
            progress.say(format!("Waiting for the buffer to drain: {waiting} left"));
            sleep(POLL).await;
        }
    }

    /// How many dead letters each lane has.
    pub(crate) async fn dead_letters(&self) -> Result<Vec<(String, u64)>, Failure> {
        let mut counts = Vec::new();
        for lane in &self.lanes {
            counts.push((lane.lane.to_string(), self.count(&lane.dead_letters).await?));
        }
        Ok(counts)
    }

    async fn count(&self, queue: &str) -> Result<u64, Failure> {
        counts::count(self.aws, &self.client, queue).await
    }
}

/// Decides when to stop looking.
struct Wait {
    patience: Duration,
    fewest: u64,
    fewest_at: Duration,
    empty: u32,
}

impl Wait {
    fn new(patience: Duration) -> Self {
        Self {
            patience,
            fewest: u64::MAX,
            fewest_at: Duration::ZERO,
            empty: 0,
        }
    }

    /// Takes a count, `now` after the start.
    fn look(&mut self, now: Duration, waiting: u64) -> Option<Drain> {
        self.empty = if waiting == 0 { self.empty + 1 } else { 0 };
        if self.empty >= EMPTY_LOOKS {
            return Some(Drain::Empty);
        }
        // Progress is fewer than ever before: where others keep posting, the count never settles.
        if waiting < self.fewest {
            (self.fewest, self.fewest_at) = (waiting, now);
        }
        let patience_is_over = now.saturating_sub(self.fewest_at) >= self.patience;
        (waiting > 0 && patience_is_over).then_some(Drain::GaveUp(waiting))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(patience: u64, counts: &[u64]) -> Vec<Option<Drain>> {
        let mut wait = Wait::new(Duration::from_secs(patience));
        (0..)
            .zip(counts)
            .map(|(second, count)| wait.look(Duration::from_secs(second), *count))
            .collect()
    }

    #[test]
    fn empty_is_believed_after_three_looks_in_a_row() {
        assert_eq!(
            looks(9, &[5, 0, 0, 1, 0, 0, 0])
                .iter()
                .position(Option::is_some),
            Some(6)
        );
        assert_eq!(looks(9, &[0, 0, 0])[2], Some(Drain::Empty));
    }

    #[test]
    fn patience_counts_from_the_last_progress() {
        let looks = looks(3, &[9, 9, 8, 9, 8, 8, 7]);
        assert_eq!(looks[4], None);
        assert_eq!(looks[5], Some(Drain::GaveUp(8)));
    }
}
