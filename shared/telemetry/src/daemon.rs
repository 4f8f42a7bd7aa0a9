//! The way to X-Ray's daemon.

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, UdpSocket},
};

use opentelemetry_aws::xray_exporter::{SegmentDocument, SegmentDocumentExporter};

/// What stands before each document.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>
const HEADER: &[u8] = b"{\"format\": \"json\", \"version\": 1}\n";

/// Sends each document as a datagram of its own.
///
/// Not the exporter's own client: after a daemon was away, the socket's next send only tells so and sends nothing.
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

    fn send(&self, document: &[u8]) -> io::Result<usize> {
        match self.0.send(document) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => self.0.send(document),
            sent => sent,
        }
    }
}

impl SegmentDocumentExporter for Daemon {
    type Error = io::Error;

    async fn export_segment_documents(&self, batch: Vec<SegmentDocument<'_>>) -> io::Result<()> {
        batch.into_iter().try_for_each(|document| {
            let mut datagram = HEADER.to_vec();
            document.to_writer(&mut datagram);
            self.send(&datagram).map(drop)
        })
    }
}
