#![doc = include_str!("../README.md")]

// Without it the first panic ends the process, and takes the batch with it (promise P5).
#[cfg(not(panic = "unwind"))]
compile_error!("consumers unwind: set panic = \"unwind\" in the profile");

mod backoff;
mod batch;
mod breaker;
mod dead_letter;
pub mod event;
mod gate;
pub mod message;
mod metrics;
mod outcome;
mod pace;
pub mod queue;
mod record;
pub mod sink;
mod sqs;
mod trace;

pub use batch::Consumer;
pub use event::handle;
pub use message::Message;
pub use pace::Pace;
pub use sink::{Envelope, Rejected, Sink, SinkError, Unreadable, Written};
pub use sqs::SqsQueue;
