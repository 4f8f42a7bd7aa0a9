//! The command `sluice`: arguments in, exit code out. The rest is the library.
#![recursion_limit = "256"] // The types of nested futures are deep.
#![warn(clippy::print_stdout, clippy::print_stderr)]

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use sluice::{
    commands::{Arguments, run},
    terminal::{
        failure::{Exit, Failure},
        output::{all_written, say, tame},
        settings::leave_out_empty,
    },
};
use tokio::runtime::Builder;

fn main() -> ExitCode {
    leave_out_empty();
    let arguments = Arguments::from_command_line();
    // A mistake in the command has an exit code as any failure has.
    let done = catch_unwind(AssertUnwindSafe(|| in_runtime(arguments)));
    let done = done.unwrap_or_else(|_| Err(Failure::own_mistake()));
    let exit = done.unwrap_or_else(|failure| told(&failure));
    let written = all_written().map_or_else(|failure| told(&failure), |()| exit);
    if exit == Exit::Fine { written } else { exit }.into()
}

fn in_runtime(arguments: Arguments) -> Result<Exit, Failure> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::no_runtime(&error))?;
    let done = runtime.block_on(run(arguments));
    // A thread that still reads standard input would never end.
    runtime.shutdown_background();
    done
}

/// Says what failed. Texts of others may be in it.
fn told(failure: &Failure) -> Exit {
    say(format_args!("error: {}", tame(&failure.to_string())));
    failure.exit()
}
