//! The consumer of a lane: writes buffered orders into fulfillment storage.
//!
//! A batch ([`consumer`]) is parsed, written and answered for record by record (`record`): what goes wrong with
//! one is never another's. A record is acknowledged only after its order is stored, was stored before, is
//! a recorded conflict, or lies in the dead-letter queue with its reason. All else is reported as
//! failed, so SQS delivers it again. While storage is out of reach the batch is held ([`breaker`]).

// Without it the first panic ends the process, and takes the batch with it (promise P5).
#[cfg(not(panic = "unwind"))]
compile_error!("consumers unwind: set panic = \"unwind\" in the profile");

pub mod backoff;
pub mod breaker;
pub mod consumer;
mod counted;
pub mod event;
pub mod message;
pub mod pace;
pub mod queue;
mod record;
mod sqs;
mod traced;
pub mod xray;

pub use consumer::Consumer;
pub use event::handle;
pub use pace::Pace;
pub use sqs::SqsQueue;
