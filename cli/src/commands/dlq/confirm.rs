//! Asks on the terminal.

use std::{
    io::{IsTerminal, stdin},
    thread,
};

use tokio::sync::oneshot;

use crate::Failure;

/// Whether there is somebody to ask.
///
/// # Errors
/// There is not.
pub(crate) fn somebody_is_there() -> Result<(), Failure> {
    if stdin().is_terminal() {
        return Ok(());
    }
    Err(Failure::environment(
        "a purge asks first, and standard input is no terminal",
        "look at it with --dry-run, then add --yes",
    ))
}

/// Whether the operator types this number.
pub(crate) async fn number(expected: usize) -> Result<bool, Failure> {
    eprint!("Type the number of letters to remove them for good: ");
    let (answer, answered) = oneshot::channel();
    // A thread of its own: one of the runtime's would keep the process from ending while it waits.
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
