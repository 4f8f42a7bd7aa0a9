//! The whole path with real parts: the template as SAM deployed it into the local AWS that
//! `local/with-stack` started, real processes, the real API, topic, queues and table.
//!
//! `make end-to-end` runs these. Every wait is for a condition, and bounded.

mod attacks;
mod faults;
mod flood;
mod kills;
mod lanes;
mod outage;
mod path;
mod traces;
