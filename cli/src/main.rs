//! The command `sluice`: arguments in, exit code out. The rest is the library.

use std::process::ExitCode;

use sluice::{
    commands::{Arguments, run},
    terminal::settings::leave_out_empty,
};

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    leave_out_empty();
    match run(Arguments::from_command_line()).await {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit().into()
        }
    }
}
