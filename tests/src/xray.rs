//! The X-Ray daemon, as the functions see it: takes documents by UDP and keeps them.

use std::{env, io, time::Duration};

use serde_json::Value;
use tokio::{net::UdpSocket, time::timeout};

/// What stands before each document.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>
const HEADER: &str = r#"{"format": "json", "version": 1}"#;

/// How long a document may be.
const LONGEST: usize = 64 * 1024;

/// A daemon that keeps what it is sent.
pub struct Daemon {
    socket: UdpSocket,
    documents: Vec<Value>,
}

impl Daemon {
    /// The one that the functions of the stack send to: whoever started the stack chose its address.
    ///
    /// # Errors
    ///
    /// If somebody else has it.
    pub async fn of_stack() -> io::Result<Self> {
        let address = env::var("AWS_XRAY_DAEMON_ADDRESS").expect("`make end-to-end` sets it");
        Ok(Self {
            socket: UdpSocket::bind(address).await?,
            documents: Vec::new(),
        })
    }

    /// All documents so far, and those that come within a moment.
    pub async fn documents(&mut self) -> &[Value] {
        let mut packet = vec![0; LONGEST];
        while let Ok(length) =
            timeout(Duration::from_millis(100), self.socket.recv(&mut packet)).await
        {
            let length = length.expect("the socket works");
            let text = std::str::from_utf8(&packet[..length]).expect("it is text");
            let (header, document) = text.split_once('\n').expect("a header and a document");
            assert_eq!(header, HEADER);
            self.documents
                .push(serde_json::from_str(document).expect("a document is JSON"));
        }
        &self.documents
    }
}
