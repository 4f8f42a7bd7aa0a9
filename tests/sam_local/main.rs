//! The functions as `sam build` built them, run by the real `sam local` in containers.
//!
//! `make sam-local` runs these against a stack of their own. `SLUICE_SAM_LOCAL=containers` makes a machine on which
//! containers do not run a failure, `SLUICE_SAM_LOCAL=emulator` does without them; by default the emulator is the
//! fallback, and the output says so. Every wait is for a condition, and bounded.

mod containers;
mod emulator;
mod engine;
mod every_event;
mod forwarder;
mod glibc;
mod image;
mod machine;
mod process;
mod project;
mod stack;
mod start_api;
