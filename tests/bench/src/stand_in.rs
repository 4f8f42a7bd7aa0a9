//! SNS and `DynamoDB`, as far as the functions ask them: every answer is the right one, and comes at once.

use std::convert::Infallible;

use anyhow::Result;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

const PUBLISHED: &str = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
<MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult></PublishResponse>";

/// The services at one address.
pub(crate) struct StandIn(String);

impl StandIn {
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                tokio::spawn(
                    http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service_fn(answer)),
                );
            }
        });
        Ok(Self(address))
    }

    pub(crate) fn address(&self) -> &str {
        &self.0
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let is_table = request.headers().contains_key("x-amz-target");
    // To its end, or the connection could not be used again.
    let _ = request.into_body().collect().await;
    let mut answer = Response::new(Full::from(if is_table { "{}" } else { PUBLISHED }));
    if is_table {
        let json = hyper::header::HeaderValue::from_static("application/x-amz-json-1.0");
        answer.headers_mut().insert("content-type", json);
    }
    Ok(answer)
}
