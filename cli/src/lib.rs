#![doc = include_str!("../README.md")]
#![recursion_limit = "256"]
// The types of nested futures are deep.
// They panic if nobody takes what is written: see `terminal::output`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod commands;
pub mod deployment;
pub mod sales;
pub mod terminal;
mod xray;
