//! What the consumer does to its queue, apart from answering the batch. A seam: SQS, or memory in tests.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sluice_order::DeadLetter;

use crate::message::Message;

/// A message whose next delivery is to be at another time than the queue's visibility timeout says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VisibilityChange {
    /// Names the receive.
    pub receipt_handle: String,
    /// Seconds from now, 0 to 43,200.
    pub seconds: u32,
}

/// The queue did not confirm.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("the queue did not confirm: {0}")]
pub struct QueueError(pub String);

/// Acts on the lane's queue and its dead-letter queue.
pub trait QueueControl: Send + Sync {
    /// Puts a copy of the message, with all its attributes and the letter, into the dead-letter queue.
    fn dead_letter(
        &self,
        message: &Message,
        letter: &DeadLetter,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Sets when messages are visible again. All changes are tried; the error tells of those that failed.
    fn change_visibility(
        &self,
        changes: &[VisibilityChange],
    ) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// A queue that is shared.
impl<Q: QueueControl> QueueControl for &Q {
    async fn dead_letter(&self, message: &Message, letter: &DeadLetter) -> Result<(), QueueError> {
        (**self).dead_letter(message, letter).await
    }

    async fn change_visibility(&self, changes: &[VisibilityChange]) -> Result<(), QueueError> {
        (**self).change_visibility(changes).await
    }
}

/// A queue in memory, for tests: remembers what was asked, or refuses everything.
#[derive(Default, Debug)]
pub struct MemoryQueue {
    dead_letters: Mutex<Vec<(Message, DeadLetter)>>,
    visibility_changes: Mutex<Vec<VisibilityChange>>,
    failing: bool,
}

impl MemoryQueue {
    /// One that confirms nothing.
    pub fn failing() -> Self {
        Self {
            failing: true,
            ..Self::default()
        }
    }

    /// The dead letters so far.
    pub fn dead_letters(&self) -> Vec<(Message, DeadLetter)> {
        locked(&self.dead_letters).clone()
    }

    /// The changes of visibility so far.
    pub fn visibility_changes(&self) -> Vec<VisibilityChange> {
        locked(&self.visibility_changes).clone()
    }

    fn confirm(&self) -> Result<(), QueueError> {
        if self.failing {
            Err(QueueError("set to fail".to_owned()))
        } else {
            Ok(())
        }
    }
}

impl QueueControl for MemoryQueue {
    async fn dead_letter(&self, message: &Message, letter: &DeadLetter) -> Result<(), QueueError> {
        self.confirm()?;
        locked(&self.dead_letters).push((message.clone(), letter.clone()));
        Ok(())
    }

    async fn change_visibility(&self, changes: &[VisibilityChange]) -> Result<(), QueueError> {
        self.confirm()?;
        locked(&self.visibility_changes).extend_from_slice(changes);
        Ok(())
    }
}

fn locked<T>(list: &Mutex<T>) -> MutexGuard<'_, T> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}
