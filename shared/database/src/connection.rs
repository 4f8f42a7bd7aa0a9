//! The one connection of a process, opened when it is needed and again when it is gone.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::Mutex, time::timeout};

use sluice_telemetry::Statement;
use tracing::Instrument;

use crate::{Engine, Verdict};

/// A connection that was not used for this long is asked whether it still stands before a statement is sent by it. A function
/// may have been frozen meanwhile, and the server or a gateway may have closed it: a write that meets that would be lost as
/// "unknown" and come again only after a backoff. The question costs a round trip, and only after a pause.
const ASKED_AFTER: Duration = Duration::from_secs(5);

/// How a connection is opened.
pub trait Connect: Send + Sync {
    /// What is opened.
    type Link: Link;

    /// Which kind of database it is to.
    const ENGINE: Engine;

    /// Opens a connection to a database that orders may be written to: the schema is new enough, and what was acknowledged
    /// survives a crash of the server.
    fn open_for_orders(&self) -> impl Future<Output = Result<Self::Link, Verdict>> + Send;
}

/// An open connection, which many calls share.
pub trait Link: Send + Sync {
    /// Whether it is known to be closed.
    fn is_closed(&self) -> bool;

    /// Whether the server answers by it. It is asked after a pause.
    fn stands(&self) -> impl Future<Output = bool> + Send;

    /// Closes it at once, whatever is under way. The other calls on it hear that the connection is closed.
    fn abort(&self);
}

/// The connection, if there is one.
pub struct Connection<C: Connect> {
    connector: C,
    state: Mutex<State<C::Link>>,
}

struct State<L> {
    link: Option<Arc<L>>,
    used: Instant,
    /// When the last try to connect failed, and why.
    failed: Option<(Instant, Verdict)>,
}

impl<C: Connect> Connection<C> {
    /// None yet.
    pub fn new(connector: C) -> Self {
        Self {
            connector,
            state: Mutex::new(State {
                link: None,
                used: Instant::now(),
                failed: None,
            }),
        }
    }

    /// How it is opened.
    pub fn connector(&self) -> &C {
        &self.connector
    }

    /// The connection, opened if there is none. Only one call opens it; the others wait for that one, and share its failure:
    /// else each of many would try in turn, for as long as it takes.
    ///
    /// # Errors
    /// It could not be opened.
    pub async fn get(&self) -> Result<Arc<C::Link>, Verdict> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(link) = state.standing().await {
            return Ok(link);
        }
        if let Some((at, why)) = &state.failed
            && *at >= asked
        {
            return Err(why.clone());
        }
        let opening = Statement::begin(C::ENGINE.name(), "connect");
        let opened = self
            .connector
            .open_for_orders()
            .instrument(opening.span().clone())
            .await;
        opening.end(&opened);
        match opened {
            Ok(link) => {
                let link = Arc::new(link);
                state.link = Some(Arc::clone(&link));
                state.used = Instant::now();
                Ok(link)
            }
            Err(why) => {
                state.failed = Some((Instant::now(), why.clone()));
                Err(why)
            }
        }
    }

    /// Drops a connection that is of no use any more. The next call opens another one. It waits for nobody: who opens a
    /// connection at this moment has seen that this one is closed.
    pub fn drop(&self, link: &Arc<C::Link>) {
        link.abort();
        if let Ok(mut state) = self.state.try_lock() {
            let is_current = |current: &Arc<C::Link>| Arc::ptr_eq(current, link);
            state.link.take_if(|current| is_current(current));
        }
    }
}

impl<L: Link> State<L> {
    /// The connection, if it stands.
    async fn standing(&mut self) -> Option<Arc<L>> {
        let link = self.link.take_if(|link| link.is_closed());
        drop(link);
        let link = Arc::clone(self.link.as_ref()?);
        if self.used.elapsed() >= ASKED_AFTER {
            let stands = timeout(Duration::from_secs(1), link.stands()).await;
            if !matches!(stands, Ok(true)) {
                link.abort();
                self.link = None;
                return None;
            }
        }
        self.used = Instant::now();
        Some(link)
    }
}
