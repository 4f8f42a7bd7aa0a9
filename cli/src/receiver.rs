//! `sluice receive-traces`: X-Ray on a laptop, its daemon and the part of its API that `sluice` reads.
//!
//! Documents come as datagrams ([`udp`]) or by the API ([`http`], [`api`]). [`rules`] says whether X-Ray would take one, or
//! the [`refusal`]; [`store`] keeps the last ones, [`filter`] and [`summary`] find them again, [`tally`] counts. [`listen`] gets the port.

mod api;
pub(crate) mod args;
mod filter;
mod http;
mod listen;
mod refusal;
mod rules;
mod store;
mod summary;
mod tally;
mod udp;

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::{Exit, Failure, output};
use args::ReceiveTracesArguments;
use listen::Sockets;
use refusal::Refusal;
use rules::check;
use store::Store;
use tally::Tally;

/// Receives until it is told to end.
pub(crate) async fn run(arguments: &ReceiveTracesArguments) -> Result<Exit, Failure> {
    let end = end()?;
    let sockets = Sockets::open(arguments.listen).await?;
    let receiver = Arc::new(Receiver::default());
    let address = sockets.address;
    udp::start(sockets.udp, &receiver)?;
    output::print(&format!("receiving traces on {address}, UDP and TCP"))?;
    tokio::select! {
        () = http::serve(sockets.tcp, &receiver) => {}
        () = end => {}
    }
    Ok(Exit::Fine)
}

/// Ctrl-C, or what else asks a process to end.
fn end() -> Result<impl Future<Output = ()>, Failure> {
    let failure = |error| {
        Failure::environment(
            format!("signals cannot be received: {error}"),
            "run it elsewhere",
        )
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

/// A line on standard error. If it cannot be written, as on a full disk, receiving goes on.
fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// What came.
#[derive(Debug, Default)]
struct Receiver {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    store: Store,
    tally: Tally,
}

impl Receiver {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks, counts and keeps what a datagram brought.
    fn datagram(&self, bytes: &[u8]) {
        // Who sends datagrams gets no answer; the refusal is counted.
        let _ = self.take(rules::datagram(bytes));
    }

    /// Checks, counts and keeps a document.
    fn document(&self, bytes: &[u8]) -> Result<(), Refusal> {
        self.take(Ok(bytes))
    }

    fn take(&self, document: Result<&[u8], Refusal>) -> Result<(), Refusal> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let checked = document.and_then(|document| check(document, now.unwrap_or(Duration::ZERO)));
        let mut kept = self.kept();
        kept.tally.received();
        match checked {
            Ok(segment) => {
                kept.store.put(segment);
                Ok(())
            }
            Err(refusal) => {
                let told = kept.tally.refused(refusal, Instant::now());
                drop(kept);
                if let Some(line) = told {
                    tell(&line);
                }
                Err(refusal)
            }
        }
    }

    /// How many documents came, were refused and why, and are kept.
    fn counts(&self) -> Value {
        let kept = self.kept();
        let mut counts = json!(kept.tally);
        counts["kept"] = json!(kept.store.documents());
        counts
    }
}
