//! AWS, or any other HTTP service, played on this machine: it answers as a test says, and keeps what it was asked.

mod answer;
mod call;
#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use http_body_util::BodyExt;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::timeout,
};

pub use answer::Answer;
pub use call::Call;

use crate::wait::PATIENCE;
use answer::Closed;

/// So many calls are kept, the first ones; those that follow are only counted.
const KEPT: usize = 10_000;

/// A service at an address of its own. It ends when this is dropped.
pub struct StandIn {
    address: SocketAddr,
    served: Arc<Served>,
    listening: JoinHandle<()>,
}

struct Served {
    answer: Box<dyn Fn(&Call) -> Answer + Send + Sync>,
    connections: AtomicU64,
    /// How many calls came.
    count: watch::Sender<usize>,
    calls: Mutex<Vec<Arc<Call>>>,
}

impl StandIn {
    /// One that answers each call with what this makes of it.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start(answer: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let served = Arc::new(Served {
            answer: Box::new(answer),
            connections: AtomicU64::default(),
            count: watch::Sender::default(),
            calls: Mutex::default(),
        });
        let listening = tokio::spawn(listen(listener, Arc::clone(&served)));
        Self {
            address,
            served,
            listening,
        }
    }

    /// One that answers the first call with the first of these, and so on, and each call after that with the last.
    ///
    /// # Panics
    /// If there are no answers, or no port is free.
    pub async fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers: Vec<_> = answers.into_iter().collect();
        assert!(!answers.is_empty(), "no answers");
        Self::start(move |call| answers[call.number.min(answers.len() - 1)].clone()).await
    }

    /// One that answers each call with what `answer` makes of its body, as JSON. Where that is nothing it refuses the call as AWS
    /// does, with words that quote it.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn of_json(answer: impl Fn(&Value) -> Option<Value> + Send + Sync + 'static) -> Self {
        Self::start(move |call| match answer(&call.json()) {
            Some(body) => Answer::json(200, &body),
            None => Answer::json(
                400,
                &json!({"__type": "InvalidParameterValue", "message": "Value poison is invalid"}),
            ),
        })
        .await
    }

    /// The bodies of the calls so far, as JSON.
    pub fn bodies(&self) -> Vec<Value> {
        self.calls().iter().map(|call| call.json()).collect()
    }

    /// Host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections were opened to it.
    pub fn connections(&self) -> u64 {
        self.served.connections.load(Relaxed)
    }

    /// The calls so far, in the order in which they came; of very many the first ones.
    pub fn calls(&self) -> Vec<Arc<Call>> {
        self.served.calls().clone()
    }

    /// Waits until it was called so often.
    ///
    /// # Panics
    /// If that takes too long.
    pub async fn called(&self, times: usize) {
        let mut count = self.served.count.subscribe();
        let called = timeout(PATIENCE, count.wait_for(|count| *count >= times)).await;
        assert!(called.is_ok(), "waited {PATIENCE:?} for {times} calls");
    }

    /// Serves a connection that somebody else took, such as one in TLS, until it ends.
    pub async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        serve(stream, Arc::clone(&self.served)).await;
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Takes connections, which end with this.
async fn listen(listener: TcpListener, served: Arc<Served>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                let _ = stream.set_nodelay(true);
                connections.spawn(serve(stream, Arc::clone(&served)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, served: Arc<Served>) {
    served.connections.fetch_add(1, Relaxed);
    let of_this = AtomicUsize::default();
    let service = service_fn(|request: Request<Incoming>| {
        let number_in_connection = of_this.fetch_add(1, Relaxed);
        let served = Arc::clone(&served);
        async move {
            let (head, body) = request.into_parts();
            // To its end, or the connection could not be used again.
            let body = body.collect().await.map_err(|_| Closed)?.to_bytes();
            let call = served.keep(Call {
                method: head.method,
                uri: head.uri,
                headers: head.headers,
                body,
                number: 0,
                number_in_connection,
            });
            (served.answer)(&call).send().await
        }
    });
    // How a connection ends is the client's concern.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl Served {
    fn calls(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Call>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers a call, and keeps it.
    fn keep(&self, mut call: Call) -> Arc<Call> {
        let mut calls = self.calls();
        call.number = *self.count.borrow();
        let call = Arc::new(call);
        if calls.len() < KEPT {
            calls.push(Arc::clone(&call));
        }
        self.count.send_modify(|count| *count += 1);
        call
    }
}
