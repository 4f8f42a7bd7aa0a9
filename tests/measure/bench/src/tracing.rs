//! The ways in which a function is traced, and where its traces go.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use tokio::net::UdpSocket;

/// A way to trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// Not at all: there is no daemon.
    Off,
    /// There is a daemon, and the traces are not sampled.
    Unsampled,
    /// Every trace is.
    Sampled,
    /// As the template ships it: one in twenty is, the first of them.
    Shipped,
}

impl Way {
    /// Those that are told apart to see what tracing costs.
    pub(crate) const APART: [Self; 3] = [Self::Off, Self::Unsampled, Self::Sampled];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Unsampled => "not sampled",
            Self::Sampled => "sampled",
            Self::Shipped => "as shipped",
        }
    }

    /// The trace header of the invocation, or of the order, number `n`.
    pub(crate) fn header(self, n: u64) -> String {
        // X-Ray refuses old traces, and so do the functions.
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs();
        let sampled = match self {
            Self::Off | Self::Unsampled => 0,
            Self::Sampled => 1,
            Self::Shipped => u8::from(n.is_multiple_of(20)),
        };
        format!("Root=1-{now:08x}-bd862e3f{n:016x};Parent=53995c3f42cd8ad8;Sampled={sampled}")
    }
}

/// Takes the documents, as the daemon does.
pub(crate) struct Sink {
    address: String,
    documents: Arc<AtomicUsize>,
}

impl Sink {
    pub(crate) async fn start() -> Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let address = socket.local_addr()?.to_string();
        let documents = Arc::<AtomicUsize>::default();
        let seen = documents.clone();
        tokio::spawn(async move {
            let mut datagram = vec![0; 65_536];
            while socket.recv(&mut datagram).await.is_ok() {
                seen.fetch_add(1, Relaxed);
            }
        });
        Ok(Self { address, documents })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// How many came so far.
    pub(crate) fn documents(&self) -> usize {
        self.documents.load(Relaxed)
    }
}
