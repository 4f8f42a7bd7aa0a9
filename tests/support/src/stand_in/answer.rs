//! How a stand-in answers.

use std::{error::Error, fmt, future, time::Duration};

use futures::{StreamExt, stream};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Response, StatusCode,
    body::{Bytes, Frame},
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;
use tokio::time::sleep;

/// Between the part of a body that is sent and the end of its connection, so that the part arrives.
const CUT: Duration = Duration::from_millis(20);

/// An answer, or what comes in its place.
#[derive(Clone, Debug)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    after: Duration,
    end: End,
}

/// How much of an answer is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Whole,
    CutOff,
    Lost,
    Never,
}

/// Why a client gets no answer, or half of one.
#[derive(Debug)]
pub(super) struct Closed;

impl Answer {
    /// A status and a body.
    ///
    /// # Panics
    /// If there is no such status.
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::from_u16(status).expect("a status"),
            headers: HeaderMap::new(),
            body: body.into(),
            after: Duration::ZERO,
            end: End::Whole,
        }
    }

    /// A status and JSON, as `DynamoDB` and SQS answer.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string()).header("content-type", "application/x-amz-json-1.0")
    }

    /// The connection closes without an answer.
    pub fn lost() -> Self {
        Self::new(200, "").ending(End::Lost)
    }

    /// No answer comes, and the connection stays open.
    pub fn never() -> Self {
        Self::new(200, "").ending(End::Never)
    }

    /// With a header.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header's name");
        let value: HeaderValue = value.parse().expect("a header's value");
        self.headers.append(name, value);
        self
    }

    /// So late.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.after = delay;
        self
    }

    /// Announced as one byte longer than it is: the connection closes before its end.
    #[must_use]
    pub fn cut_off(self) -> Self {
        let length = self.body.len() + 1;
        self.header("content-length", &length.to_string())
            .ending(End::CutOff)
    }

    fn ending(self, end: End) -> Self {
        Self { end, ..self }
    }

    pub(super) async fn send(self) -> Result<Response<UnsyncBoxBody<Bytes, Closed>>, Closed> {
        if !self.after.is_zero() {
            sleep(self.after).await;
        }
        let body = match self.end {
            End::Never => return future::pending().await,
            End::Lost => return Err(Closed),
            End::Whole => Full::new(self.body)
                .map_err(|never| match never {})
                .boxed_unsync(),
            End::CutOff => {
                let part = stream::iter([Ok(Frame::data(self.body))]);
                let cut = stream::once(async {
                    sleep(CUT).await;
                    Err(Closed)
                });
                StreamBody::new(part.chain(cut)).boxed_unsync()
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        Ok(response)
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection closes")
    }
}

impl Error for Closed {}
