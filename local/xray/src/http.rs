//! HTTP around the [`api`], with limits of size, time and number, so that no client can block the others.

use std::{convert::Infallible, sync::Arc, time::Duration};

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    time::{sleep, timeout},
};

use crate::{
    api::{self, Problem},
    log::log,
    receiver::Receiver,
};

/// The longest body of a request, in bytes.
const LONGEST: usize = 8 * 1024 * 1024;

/// The longest time that a connection may last. Each has one request.
const TIME: Duration = Duration::from_secs(20);

/// The most connections at once; others wait.
const CONNECTIONS: usize = 64;

/// Answers requests for ever.
pub(crate) async fn serve(listener: TcpListener, receiver: &Arc<Receiver>) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                log(&format!("a connection was not accepted: {error}"));
                sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let receiver = Arc::clone(receiver);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &receiver));
            let connection = http1::Builder::new()
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service);
            // An error here is the client's: it went away, was too slow, or does not speak HTTP.
            let _ = timeout(TIME, connection).await;
            drop(permit);
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    receiver: &Receiver,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let answer = match Limited::new(body, LONGEST).collect().await {
        Ok(body) => api::answer(
            receiver,
            head.method.as_str(),
            head.uri.path(),
            &body.to_bytes(),
        ),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::too_long(LONGEST)),
        Err(_) => Err(Problem::invalid("the body ended early")),
    };
    let (status, code, body) = match answer {
        Ok(body) => (200, None, body),
        Err(problem) => {
            let body = json!({"Message": problem.message});
            (problem.status, Some(problem.code), body)
        }
    };
    let mut response = Response::new(Full::new(body.to_string().into()));
    // Only statuses that there are.
    *response.status_mut() = status.try_into().unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(code) = code {
        headers.insert("x-amzn-errortype", HeaderValue::from_static(code));
    }
    Ok(response)
}
