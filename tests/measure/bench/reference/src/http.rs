//! HTTP/1.1 over one kept connection, as far as the hosts of the bench speak it: each answer says its length.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use anyhow::{Context, Result, ensure};

/// A connection.
pub struct Connection {
    stream: TcpStream,
    host: String,
    /// What was read; the last answer stays until the next one.
    buffer: Vec<u8>,
}

/// An answer.
pub struct Answer<'a> {
    /// Its status code.
    pub status: u16,
    head: &'a str,
    /// Its body.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// The value of a header, whose name is given in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }
}

impl Connection {
    /// To `host:port`, or to the host of an `http` address.
    ///
    /// # Errors
    /// Nobody listens there.
    pub fn to(address: &str) -> Result<Self> {
        let host = address.strip_prefix("http://").unwrap_or(address);
        let stream = TcpStream::connect(host).with_context(|| host.to_owned())?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            host: host.to_owned(),
            buffer: Vec::with_capacity(16 * 1024),
        })
    }

    /// The host, as a request names it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// One request and its answer. `headers` are whole lines, each with its end; the host and the length are added.
    ///
    /// # Errors
    /// The connection ends, or the answer is none.
    pub fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> Result<Answer<'_>> {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n{headers}\r\n",
            self.host,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.stream.write_all(&request)?;
        self.buffer.clear();
        let head_end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more()?;
        };
        let length = header(str::from_utf8(&self.buffer[..head_end])?, "content-length");
        let length: usize = length.context("the answer has no length")?.parse()?;
        while self.buffer.len() < head_end + length {
            self.read_more()?;
        }
        let (head, body) = self.buffer.split_at(head_end);
        let head = str::from_utf8(head)?;
        let status = head.get(9..12).context("the answer has no status")?;
        Ok(Answer {
            status: status.parse()?,
            head,
            body,
        })
    }

    fn read_more(&mut self) -> Result<()> {
        let mut chunk = [0; 16 * 1024];
        let read = self.stream.read(&mut chunk)?;
        ensure!(read > 0, "{} closed the connection", self.host);
        self.buffer.extend_from_slice(&chunk[..read]);
        Ok(())
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").find_map(|line| {
        let (here, value) = line.split_once(':')?;
        here.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
