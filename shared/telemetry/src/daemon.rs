//! The way to X-Ray's daemon.

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, UdpSocket},
};

/// What stands before each document.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>
const HEADER: &[u8] = b"{\"format\": \"json\", \"version\": 1}\n";

/// Sends each document as a datagram of its own.
#[derive(Debug)]
pub(crate) struct Daemon(UdpSocket);

impl Daemon {
    /// The one at this address.
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

    /// Sends it and does not wait: a daemon that is away or slow is nobody's concern.
    pub(crate) fn send(&self, document: &str) {
        let datagram = [HEADER, document.as_bytes()].concat();
        let sent = self.0.send(&datagram);
        // After a daemon was away the socket's next send only tells so.
        if sent.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
            let _ = self.0.send(&datagram);
        }
    }
}
