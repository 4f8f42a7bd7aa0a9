#![doc = include_str!("../README.md")]

mod api;
mod arguments;
mod filter;
mod http;
mod listen;
mod log;
mod receiver;
mod refusal;
mod rules;
mod store;
mod summary;
mod tally;
mod udp;

use std::{
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
};

use anyhow::anyhow;

use arguments::Request;
use listen::Sockets;
use receiver::Receiver;

/// Wrong usage, or the environment lacks what is needed. The command `sluice` uses the same code for this.
const ENVIRONMENT: u8 = 2;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let done = match arguments::read(std::env::args().skip(1)) {
        Ok(Request::Help) => print(arguments::HELP),
        Ok(Request::Listen(address)) => receive(address).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ENVIRONMENT.into()
        }
    }
}

/// Receives traces until a signal ends the process.
async fn receive(address: SocketAddr) -> anyhow::Result<()> {
    let end = end()?;
    let sockets = Sockets::open(address).await?;
    let receiver = Arc::new(Receiver::default());
    udp::start(sockets.udp, &receiver)?;
    print(&format!(
        "receiving traces on {}, UDP and TCP",
        sockets.address
    ))?;
    tokio::select! {
        () = http::serve(sockets.tcp, &receiver) => {}
        () = end => {}
    }
    Ok(())
}

/// Completes at Ctrl-C, or at any other signal that asks a process to end.
fn end() -> anyhow::Result<impl Future<Output = ()>> {
    let failure = |error: io::Error| {
        anyhow!("signals cannot be received: {error}. Next: run it on another machine")
    };
    #[cfg(unix)]
    let mut terminate = {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::terminate()).map_err(failure)?
    };
    #[cfg(windows)]
    let mut terminate = tokio::signal::windows::ctrl_close().map_err(failure)?;
    Ok(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Prints a line to standard output, which may be a pipe that somebody reads.
fn print(line: &str) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{line}")
        .map_err(|error| anyhow!("the output cannot be written: {error}. Next: write it elsewhere"))
}
