//! A proxy between the consumers and storage, which does to requests what networks and overloaded services do.
//!
//! It forwards to the local AWS, and harms what its faults tell it to, each with a chance of its own. They can
//! be changed while it runs. A request that has reached it is its own: if the client goes away meanwhile, what
//! was on its way still arrives, as it may in the real world.

mod fault;
mod seen;
#[cfg(test)]
mod tests;

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fastrand::Rng;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, TRANSFER_ENCODING},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::sleep,
};

pub use fault::Fault;
pub use seen::Seen;

type Answer = Response<Full<Bytes>>;

/// How long the upstream may take.
const UPSTREAM: Duration = Duration::from_secs(20);

/// Faults with their chances, of which a request meets at most one.
type Faults = Vec<(f64, Fault)>;

/// A running proxy. It ends when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

struct Shared {
    upstream: String,
    http: reqwest::Client,
    faults: watch::Sender<Faults>,
    random: Mutex<Rng>,
    seen: Mutex<Seen>,
}

/// Why a client gets no answer: its connection is reset.
#[derive(Debug)]
struct Reset;

impl Proxy {
    /// A proxy before this address, on a free port. It passes everything until told otherwise; from then on
    /// the seed decides which requests meet a fault.
    ///
    /// # Errors
    ///
    /// If no port can be had.
    pub async fn start(upstream: &str, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(UPSTREAM)
            .build()
            .map_err(io::Error::other)?;
        let shared = Arc::new(Shared {
            upstream: upstream.trim_end_matches('/').to_owned(),
            http,
            faults: watch::Sender::new(Faults::new()),
            random: Mutex::new(Rng::with_seed(seed)),
            seen: Mutex::default(),
        });
        let listening = tokio::spawn(listen(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            listening,
        })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Faults for the requests that come from now on. Those that are held go on.
    ///
    /// # Panics
    ///
    /// If the chances are more than one together.
    pub fn set(&self, faults: impl Into<Faults>) {
        let faults = faults.into();
        let sum: f64 = faults.iter().map(|(chance, _)| chance).sum();
        assert!(sum < 1.000_001, "chances of {sum}");
        self.shared.faults.send_replace(faults);
    }

    /// The same fault for each request that comes from now on.
    pub fn always(&self, fault: Fault) {
        self.set([(1.0, fault)]);
    }

    /// No faults from now on.
    pub fn pass(&self) {
        self.set([]);
    }

    /// What it has seen so far.
    pub fn seen(&self) -> Seen {
        self.shared.seen(|seen| seen.clone())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Takes connections, which end with this.
async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Whenever this side closes, the client sees a reset.
    if stream.set_zero_linger().is_err() || stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(|request| answer(Arc::clone(&shared), request));
    // What becomes of a connection is the client's concern.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Answer, Reset> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Reset)?.to_bytes();
    let operation = operation(&head.headers);
    let mut faults = shared.faults.subscribe();
    let fault = shared.draw(&faults.borrow_and_update());
    shared.seen(|seen| seen.arrived(&operation, fault));
    // Dropped together with this future, when the client goes away.
    let _waiting = Waiting(Arc::clone(&shared));
    let forward = {
        let shared = Arc::clone(&shared);
        async move || shared.forward(&head, body).await
    };
    // On its own, so that it arrives even then.
    tokio::spawn(suffer(fault, faults, forward))
        .await
        .unwrap_or(Err(Reset))
}

/// What the fault makes of a request.
async fn suffer(
    fault: Option<Fault>,
    mut faults: watch::Receiver<Faults>,
    forward: impl AsyncFnOnce() -> Result<Answer, Reset>,
) -> Result<Answer, Reset> {
    let Some(fault) = fault else {
        return forward().await;
    };
    match fault {
        Fault::Error => Ok(fault::error()),
        Fault::Throttle => Ok(fault::throttle()),
        Fault::Delay(time) => {
            sleep(time).await;
            forward().await
        }
        Fault::Reset => Err(Reset),
        Fault::LoseAnswer => {
            forward().await?;
            Err(Reset)
        }
        Fault::HoldRequest => {
            faults.changed().await.map_err(|_| Reset)?;
            forward().await
        }
        Fault::HoldAnswer => {
            let answer = forward().await;
            faults.changed().await.map_err(|_| Reset)?;
            answer
        }
    }
}

/// `PutItem` of `DynamoDB_20120810.PutItem`.
fn operation(headers: &HeaderMap) -> String {
    let target = headers.get("x-amz-target").and_then(|t| t.to_str().ok());
    let operation = target.and_then(|t| t.rsplit('.').next());
    operation.unwrap_or_default().to_owned()
}

impl Shared {
    fn seen<T>(&self, with: impl FnOnce(&mut Seen) -> T) -> T {
        with(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn draw(&self, faults: &Faults) -> Option<Fault> {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        fault::draw(faults, random.f64())
    }

    async fn forward(
        &self,
        head: &hyper::http::request::Parts,
        body: Bytes,
    ) -> Result<Answer, Reset> {
        let url = format!("{}{}", self.upstream, head.uri);
        let response = self
            .http
            .request(head.method.clone(), url)
            .headers(end_to_end(&head.headers))
            .body(body)
            .send()
            .await
            .map_err(|_| Reset)?;
        let (status, headers) = (response.status(), end_to_end(response.headers()));
        let mut answer = Response::new(Full::new(response.bytes().await.map_err(|_| Reset)?));
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

/// The headers without those that belong to one connection.
fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for own in [CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING] {
        headers.remove(own);
    }
    headers
}

/// A client that waits for its answer.
struct Waiting(Arc<Shared>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.seen(|seen| seen.waiting -= 1);
    }
}

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("reset")
    }
}

impl std::error::Error for Reset {}
