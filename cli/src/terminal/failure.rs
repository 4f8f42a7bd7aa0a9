//! How the command ends: its exit code, and its failures.
//!
//! Every failure is one line that says what is wrong and what to do next.

use std::{error::Error, fmt, process::ExitCode};

/// The exit code, which scripts rely on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// All is well.
    Fine = 0,
    /// Something is missing or wrong, or was refused.
    Wrong = 1,
    /// Wrong usage, or the environment lacks what the command needs.
    Environment = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why the command stops.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}. Next: {next}")]
pub struct Failure {
    exit: Exit,
    what: String,
    next: String,
}

impl Failure {
    /// The service's answer is wrong or a refusal: exit code 1.
    pub(crate) fn wrong(what: impl fmt::Display, next: impl fmt::Display) -> Self {
        Self::new(Exit::Wrong, what, next)
    }

    /// The command could not do its work because of its usage or environment: exit code 2.
    pub(crate) fn environment(what: impl fmt::Display, next: impl fmt::Display) -> Self {
        Self::new(Exit::Environment, what, next)
    }

    fn new(exit: Exit, what: impl fmt::Display, next: impl fmt::Display) -> Self {
        Self {
            exit,
            what: what.to_string(),
            next: next.to_string(),
        }
    }

    /// The command itself has a mistake: it panicked.
    pub fn own_mistake() -> Self {
        Self::environment(
            "the command failed by a mistake of its own",
            "report it, with the lines above",
        )
    }

    /// The operating system gives no threads.
    pub fn no_runtime(error: &std::io::Error) -> Self {
        Self::environment(
            format!("the command cannot start: {error}"),
            "see what limits processes and open files here (ulimit -a)",
        )
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

/// The first line of the innermost cause of an error. The outer ones only say which call it was.
pub(crate) fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let text = cause.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}
