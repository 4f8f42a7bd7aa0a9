//! Asks on the terminal.

use std::{
    io::{IsTerminal, stdin},
    thread,
};

use tokio::sync::oneshot;

use crate::terminal::{failure::Failure, output};

/// Checks that there is somebody to ask.
///
/// # Errors
/// Standard input is no terminal.
pub(crate) fn somebody_is_there() -> Result<(), Failure> {
    if stdin().is_terminal() {
        return Ok(());
    }
    Err(Failure::environment(
        "a purge asks before it removes letters, and standard input is no terminal",
        "look at it with --dry-run, then add --yes",
    ))
}

/// Asks the operator to type this number. False if something else is typed.
pub(crate) async fn number(expected: usize) -> Result<bool, Failure> {
    output::ask("Type the number of letters to remove them for good: ");
    let (answer, answered) = oneshot::channel();
    // A thread of its own, because one of the runtime would keep the process from ending while it waits.
    thread::spawn(move || {
        let mut line = String::new();
        let read = stdin().read_line(&mut line).map(|_| line);
        // Nobody listens where the command was stopped meanwhile.
        let _ = answer.send(read);
    });
    match answered.await {
        Ok(Ok(line)) => Ok(line.trim() == expected.to_string()),
        _ => Err(Failure::environment(
            "the answer cannot be read",
            "run it on a terminal, or add --yes",
        )),
    }
}
