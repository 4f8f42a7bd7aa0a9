//! What is done to the queues. A seam: SQS, or memory in tests.

use sluice_order::Lane;

use super::{letter::Letter, resend::Resend};
use crate::Failure;

/// The most messages that SQS hands out or changes in one call.
pub(crate) const AT_ONCE: usize = 10;

/// The lanes' queues and their dead-letter queues.
pub(crate) trait Queues {
    /// Takes up to so many dead letters, and hides them for [`super::held::HIDDEN_FOR`]. None says little: SQS
    /// need not look everywhere.
    async fn receive(&self, lane: Lane, most: usize) -> Result<Vec<Letter>, Failure>;

    /// Puts a message into the lane's queue. Its id there says that SQS has it.
    async fn send(&self, lane: Lane, message: &Resend) -> Result<String, NotSent>;

    /// Removes a dead letter.
    async fn delete(&self, lane: Lane, receipt: &str) -> Result<(), Failure>;

    /// Sets for how long dead letters stay hidden. Returns how many it was not confirmed for.
    async fn hide(&self, lane: Lane, receipts: &[String], seconds: u32) -> usize;

    /// How many dead letters the lane has, approximately.
    async fn count(&self, lane: Lane) -> Result<u64, Failure>;
}

/// Why a message was not sent, or not confirmed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NotSent {
    /// SQS refuses this message, and would refuse it again.
    Refused(String),
    /// It would happen to any message.
    Failed(Failure),
}
