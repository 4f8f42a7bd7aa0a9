//! The whole path with real parts: the template as SAM deployed it into the local AWS that
//! `local/with-stack` started, real processes, the real API, topic, queues and table, and the command as a user runs it.
//!
//! `make end-to-end` runs these. Every wait is for a condition, and bounded.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what goes wrong here fails the test"
)]

mod attacks;
mod command;
mod command_dlq;
mod command_lanes;
mod command_replay;
mod command_traces;
mod faults;
mod flood;
mod hot_lane;
mod kills;
mod order_traces;
mod path;
mod rotation;
mod smoke;
mod storage_outage;
