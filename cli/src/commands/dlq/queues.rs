//! What the commands do with the queues. Behind the trait is SQS, or memory in tests.

use sluice_order::Lane;

use super::{letter::Letter, resend::Resend};
use crate::{deployment::counts::Counts, terminal::failure::Failure};

/// The most messages that SQS hands out or changes in one call.
pub(crate) const AT_ONCE: usize = 10;

/// The lanes' queues and their dead-letter queues.
pub(crate) trait Queues {
    /// Takes at most `most` dead letters, and hides them for [`super::held::HIDDEN_FOR`]. An empty answer says little: SQS
    /// does not look everywhere.
    async fn receive(&self, lane: Lane, most: usize) -> Result<Vec<Letter>, Failure>;

    /// Puts a message into the lane's queue. Returns its id there, which confirms that SQS has it.
    async fn send(&self, lane: Lane, message: &Resend) -> Result<String, NotSent>;

    /// Removes a dead letter.
    async fn delete(&self, lane: Lane, receipt: &str) -> Result<(), Failure>;

    /// Sets how long dead letters stay hidden. Returns for how many of them SQS did not confirm it.
    async fn hide(&self, lane: Lane, receipts: &[String], seconds: u32) -> usize;

    /// How many dead letters the lane has, approximately; those that somebody received are in flight.
    async fn counts(&self, lane: Lane) -> Result<Counts, Failure>;
}

/// Why a message was not sent, or not confirmed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NotSent {
    /// SQS refuses this message, and would refuse it again. With SQS's reason.
    Refused(String),
    /// It would happen to every message.
    Failed(Failure),
}
