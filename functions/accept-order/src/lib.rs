#![doc = include_str!("../README.md")]

mod handler;
mod publisher;
mod sns;

pub use handler::{AcceptOrder, MAX_REQUEST};
pub use publisher::{MemoryPublisher, Publication, PublishError, Publisher};
pub use sns::{PUBLISH, SnsPublisher};
