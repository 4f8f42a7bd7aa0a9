//! `POST /orders`: validates an order, names it, publishes it, and answers 202.
//!
//! Promise P1: 202 only after the buffer has confirmed. Nothing here touches storage, so there is
//! nothing that a sale can saturate.

mod handler;
mod publisher;
mod sns;

pub use handler::{AcceptOrder, MAX_REQUEST};
pub use publisher::{MemoryPublisher, Publication, PublishError, Publisher};
pub use sns::{PUBLISH, SnsPublisher};
