//! The command `sluice`: arguments in, exit code out. The rest is the library.

use std::process::ExitCode;

use clap::Parser;
use sluice::{Arguments, run};

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit().into()
        }
    }
}
