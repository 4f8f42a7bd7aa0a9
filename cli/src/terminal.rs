//! What a person types and reads: arguments, numbers and times, tables, progress, failures and exit codes.

pub mod failure;
pub(crate) mod input;
pub(crate) mod output;
pub(crate) mod parse;
pub(crate) mod progress;
pub mod settings;
pub(crate) mod units;
