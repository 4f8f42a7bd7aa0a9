//! What a person types and reads: arguments, files, numbers and times, tables, progress, failures and exit codes; and how a
//! person or a machine ends the command.

pub mod failure;
pub(crate) mod input;
pub mod output;
pub(crate) mod parse;
pub(crate) mod progress;
pub mod settings;
pub(crate) mod stop;
pub(crate) mod units;
