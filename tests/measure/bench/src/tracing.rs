//! Which invocations are traced, and where the traces go.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use tokio::net::UdpSocket;

/// Which traces are sampled.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sampling {
    /// None.
    Off,
    /// As the template ships it: one in twenty, the first of them.
    AsShipped,
}

impl Sampling {
    /// The trace header of the invocation, or of the order, number `n`.
    pub(crate) fn header(self, n: u64) -> String {
        // X-Ray refuses old traces, and so do the functions.
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs();
        let sampled = match self {
            Self::Off => 0,
            Self::AsShipped => u8::from(n.is_multiple_of(20)),
        };
        format!("Root=1-{now:08x}-bd862e3f{n:016x};Parent=53995c3f42cd8ad8;Sampled={sampled}")
    }
}

/// Takes the documents, as X-Ray's daemon does.
pub(crate) struct Daemon {
    address: String,
}

impl Daemon {
    pub(crate) async fn start() -> Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let address = socket.local_addr()?.to_string();
        tokio::spawn(async move {
            let mut datagram = vec![0; 65_536];
            while socket.recv(&mut datagram).await.is_ok() {}
        });
        Ok(Self { address })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}
