//! The way into the buffer. A seam: SNS, or memory in tests and in the simulation.

use std::sync::{Mutex, PoisonError};

use sluice_order::{Lane, OrderId};

/// A message on its way to the topic.
#[derive(Clone, PartialEq, Debug)]
pub struct Publication {
    /// Which order it is; for logs.
    pub order_id: OrderId,
    /// The event.
    pub body: String,
    /// Which lane takes it.
    pub lane: Lane,
    /// Whether the order only tries the path.
    pub is_smoke: bool,
    /// `MessageGroupId`, for fair queues.
    pub group: String,
}

/// The buffer did not confirm. The text is for the log: the service's code, or how far the call came.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum PublishError {
    /// It refused every attempt, because there were too many at once. It took the message with none of them.
    #[error("the topic has no room for more messages at once: {0}")]
    Throttled(String),
    /// The message may be delivered all the same.
    #[error("the topic did not confirm the message: {0}")]
    Unconfirmed(String),
}

/// Puts messages into the buffer.
pub trait Publisher: Send + Sync {
    /// Returns once the buffer holds the message durably.
    fn publish(
        &self,
        publication: &Publication,
    ) -> impl Future<Output = Result<(), PublishError>> + Send;
}

/// A publisher that is shared.
impl<P: Publisher> Publisher for &P {
    async fn publish(&self, publication: &Publication) -> Result<(), PublishError> {
        (**self).publish(publication).await
    }
}

/// A buffer in memory: keeps what it confirmed, or refuses everything.
#[derive(Default, Debug)]
pub struct MemoryPublisher {
    published: Mutex<Vec<Publication>>,
    failing: Option<PublishError>,
}

impl MemoryPublisher {
    /// One that confirms nothing.
    pub fn failing() -> Self {
        Self {
            failing: Some(PublishError::Unconfirmed("set to fail".to_owned())),
            ..Self::default()
        }
    }

    /// One that has no room.
    pub fn full() -> Self {
        Self {
            failing: Some(PublishError::Throttled("set to be full".to_owned())),
            ..Self::default()
        }
    }

    /// What was confirmed so far.
    pub fn published(&self) -> Vec<Publication> {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Publisher for MemoryPublisher {
    async fn publish(&self, publication: &Publication) -> Result<(), PublishError> {
        if let Some(error) = &self.failing {
            return Err(error.clone());
        }
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(publication.clone());
        Ok(())
    }
}
