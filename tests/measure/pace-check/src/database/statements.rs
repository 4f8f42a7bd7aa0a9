//! What a database is asked to write, and how long it takes for it: a proxy before the server that reads along.
//!
//! Both ways of writing go through it, so both are measured alike: from the moment at which a statement is there to its answer.

mod mysql;
mod postgres;

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sluice_postgres::{Engine, Settings};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// One try to write an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Write {
    /// When the statement was there.
    pub(crate) begun: Instant,
    /// How long it took to its answer, or to the end of its connection.
    pub(crate) took: Duration,
    /// Whether the answer was an error, or never came.
    pub(crate) failed: bool,
}

/// The proxy. It takes no new connection after it was dropped.
pub(crate) struct Statements {
    settings: Settings,
    writes: Arc<Mutex<Vec<Write>>>,
    listening: JoinHandle<()>,
}

/// One connection, as it is read along.
trait Talk: Send {
    /// The client has sent this.
    fn asked(&mut self, bytes: &[u8], now: Instant);

    /// The server has sent this. What was answered by it is told.
    fn answered(&mut self, bytes: &[u8], now: Instant) -> Vec<Write>;

    /// The connection has ended. What was not answered is told.
    fn ended(&mut self, now: Instant) -> Vec<Write>;
}

impl Statements {
    /// A proxy before the server that these settings name, on a free port. Whoever comes by it comes as their user.
    pub(crate) async fn before(settings: &Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port can be had");
        let port = listener.local_addr().expect("it has an address").port();
        let writes = Arc::<Mutex<Vec<Write>>>::default();
        let (server, engine, seen) = (settings.port, settings.engine, Arc::clone(&writes));
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, server, engine, Arc::clone(&seen)));
            }
        });
        let settings = Settings {
            port,
            ..settings.clone()
        };
        Self {
            settings,
            writes,
            listening,
        }
    }

    /// How a client comes by it.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The same as a text.
    pub(crate) fn url(&self) -> String {
        let Settings {
            engine,
            user,
            host,
            port,
            database,
            ..
        } = &self.settings;
        format!("{}://{user}@{host}:{port}/{database}", engine.scheme())
    }

    /// The tries that were answered since this was last asked.
    pub(crate) fn take(&self) -> Vec<Write> {
        mem::take(&mut lock(&self.writes))
    }
}

impl Drop for Statements {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Passes both directions until one of them ends.
async fn serve(client: TcpStream, port: u16, engine: Engine, seen: Arc<Mutex<Vec<Write>>>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let talk: Mutex<Box<dyn Talk>> = Mutex::new(match engine {
        Engine::Postgres => Box::<postgres::Postgres>::default(),
        Engine::Mysql => Box::<mysql::Mysql>::default(),
    });
    let (client_in, client_out) = client.into_split();
    let (server_in, server_out) = server.into_split();
    tokio::select! {
        () = pass(client_in, server_out, |bytes| lock(&talk).asked(bytes, Instant::now())) => {}
        () = pass(server_in, client_out, |bytes| {
            let answered = lock(&talk).answered(bytes, Instant::now());
            lock(&seen).extend(answered);
        }) => {}
    }
    let unanswered = lock(&talk).ended(Instant::now());
    lock(&seen).extend(unanswered);
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut look: impl FnMut(&[u8]),
) {
    let mut piece = vec![0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        look(&piece[..length]);
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a whole message from the front, if there is one: `head` bytes and what they say of the length.
fn whole(bytes: &mut Vec<u8>, head: usize, length: impl Fn(&[u8]) -> usize) -> Option<Vec<u8>> {
    let length = length(bytes.get(..head)?);
    (bytes.len() >= length).then(|| bytes.drain(..length).collect())
}

/// Whether a message has this text.
fn has(message: &[u8], text: &str) -> bool {
    message
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}
