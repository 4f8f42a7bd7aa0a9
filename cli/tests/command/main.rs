//! The command as a person or a script runs it, against a service in this process.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

mod arguments;
mod copy;
mod letters;
mod migrate;
mod outputs;
mod replay;
mod run;
mod service;
mod settings;
mod signals;
