//! Lambda's Runtime API for one process.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
    time::timeout,
};

/// The longest that a process may be silent.
const PATIENCE: Duration = Duration::from_secs(70);

/// What the process did.
enum Event {
    /// It asks for an invocation.
    Next,
    /// It answered one, or failed.
    Answer { path: String, body: Bytes },
}

/// An invocation on its way to the process.
struct Invocation {
    event: Bytes,
    trace: String,
}

/// The host.
pub(crate) struct RuntimeApi {
    address: String,
    invocations: mpsc::Sender<Invocation>,
    events: mpsc::Receiver<(Instant, Event)>,
    connections: Arc<AtomicU64>,
}

impl RuntimeApi {
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (invocations, waiting) = mpsc::channel::<Invocation>(1);
        let (tell, events) = mpsc::channel(16);
        let waiting = Arc::new(Mutex::new(waiting));
        let connections = Arc::<AtomicU64>::default();
        let opened = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                opened.fetch_add(1, Relaxed);
                let (tell, waiting) = (tell.clone(), waiting.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let (tell, waiting) = (tell.clone(), waiting.clone());
                    async move { serve(request, &tell, &waiting).await }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(Self {
            address,
            invocations,
            events,
            connections,
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// How many connections the process opened.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Relaxed)
    }

    /// When the process asked for its next invocation.
    pub(crate) async fn asked(&mut self) -> Result<Instant> {
        match self.event().await? {
            (at, Event::Next) => Ok(at),
            (_, Event::Answer { path, body }) => {
                bail!("{path}: {}", String::from_utf8_lossy(&body))
            }
        }
    }

    /// Has the process, which asked, do an invocation. Returns how long that took, and the answer.
    pub(crate) async fn invoke(&mut self, event: &str, trace: String) -> Result<(Duration, Bytes)> {
        let invocation = Invocation {
            event: Bytes::copy_from_slice(event.as_bytes()),
            trace,
        };
        let begun = Instant::now();
        self.invocations.send(invocation).await?;
        match self.event().await? {
            (at, Event::Answer { path, body }) if path.ends_with("/response") => {
                Ok((at - begun, body))
            }
            (_, Event::Answer { path, body }) => {
                bail!("{path}: {}", String::from_utf8_lossy(&body))
            }
            (_, Event::Next) => bail!("it asked again without an answer"),
        }
    }

    async fn event(&mut self) -> Result<(Instant, Event)> {
        let event = timeout(PATIENCE, self.events.recv()).await;
        event
            .context("the function is silent")?
            .context("the host ended")
    }
}

async fn serve(
    request: Request<Incoming>,
    tell: &mpsc::Sender<(Instant, Event)>,
    waiting: &Mutex<mpsc::Receiver<Invocation>>,
) -> Result<Response<Full<Bytes>>> {
    let path = request.uri().path().to_owned();
    if !path.ends_with("/next") {
        let body = request.into_body().collect().await?.to_bytes();
        tell.send((Instant::now(), Event::Answer { path, body }))
            .await?;
        return Ok(Response::builder().status(202).body(Full::default())?);
    }
    tell.send((Instant::now(), Event::Next)).await?;
    let invocation = waiting.lock().await.recv().await.context("no more")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let deadline = now + Duration::from_mins(1);
    Ok(Response::builder()
        .header(
            "lambda-runtime-aws-request-id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        )
        .header(
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        )
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-1:123456789012:function:bench",
        )
        .header("lambda-runtime-trace-id", invocation.trace)
        .header("content-type", "application/json")
        .body(Full::from(invocation.event))?)
}
