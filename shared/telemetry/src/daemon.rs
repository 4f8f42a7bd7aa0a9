//! Sends documents to X-Ray's daemon.

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, UdpSocket},
};

/// What the daemon expects before each document.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>
const HEADER: &[u8] = b"{\"format\": \"json\", \"version\": 1}\n";

/// Sends each document as a datagram of its own.
#[derive(Debug)]
pub(crate) struct Daemon(UdpSocket);

impl Daemon {
    /// Opens a socket to the daemon at this address.
    pub(crate) fn at(address: SocketAddr) -> io::Result<Self> {
        let any = if address.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        let socket = UdpSocket::bind(any)?;
        socket.set_nonblocking(true)?;
        socket.connect(address)?;
        Ok(Self(socket))
    }

    /// Sends a document without waiting. If the daemon is away or slow, the document is lost.
    pub(crate) fn send(&self, document: &str) {
        let datagram = [HEADER, document.as_bytes()].concat();
        let sent = self.0.send(&datagram);
        // After the daemon was away, the socket's next send only reports that. So send again.
        if sent.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
            let _ = self.0.send(&datagram);
        }
    }
}
