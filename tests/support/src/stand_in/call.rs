//! What a stand-in was asked.

use std::fmt;

use hyper::{HeaderMap, Method, Uri, body::Bytes};
use serde_json::Value;

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its method.
    pub method: Method,
    /// What is asked for, as it was sent: mostly a path.
    pub uri: Uri,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// How many calls came before it.
    pub number: usize,
    /// How many of those came over the same connection.
    pub number_in_connection: usize,
}

impl Call {
    /// `PutItem` of `x-amz-target: DynamoDB_20120810.PutItem`; empty where there is no such header.
    pub fn operation(&self) -> &str {
        let target = self.header("x-amz-target").unwrap_or_default();
        target.rsplit('.').next().unwrap_or_default()
    }

    /// A header that was sent once. `None` if it was not sent, or is no text.
    ///
    /// # Panics
    /// If it was sent more than once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).into_iter();
        let value = values.next();
        assert_eq!(values.next(), None, "{name} was sent more than once");
        value?.to_str().ok()
    }

    /// The body, read as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The call as it was sent.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {} HTTP/1.1", self.method, self.uri)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        write!(f, "\n{}", String::from_utf8_lossy(&self.body))
    }
}
