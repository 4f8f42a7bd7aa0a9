//! The one connection of a process, opened when it is needed and again when it is gone.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::Mutex, task::AbortHandle, time::timeout};
use tokio_postgres::{
    Client, Config, NoTls,
    config::{SslMode, TargetSessionAttrs},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    BadSettings, Settings, Tls,
    classify::{Verdict, classify},
    migrate, tls,
};

/// A connection that was not used for this long is asked whether it still stands before a statement is sent by it. A function
/// may have been frozen meanwhile, and the server or a gateway may have closed it: a write that meets that would be lost as
/// "unknown" and come again only after a backoff. The question costs a round trip, and only after a pause.
const ASKED_AFTER: Duration = Duration::from_secs(5);

/// How often an idle connection shows the network that it is alive, so that one whose other end is gone does not stay for ever.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// How a connection is opened.
pub(crate) struct Connector {
    settings: Settings,
    /// `None` without TLS.
    tls: Option<MakeRustlsConnect>,
}

/// An open connection. Statements of many calls are sent by it without waiting for each other's answers.
pub(crate) struct Link {
    pub(crate) client: Client,
    task: AbortHandle,
}

impl Connector {
    pub(crate) fn new(settings: Settings) -> Result<Self, BadSettings> {
        let tls = match &settings.tls {
            Tls::Authorities { pem } => Some(tls::connector(pem)?),
            Tls::LoopbackOnly if settings.is_loopback() => None,
            Tls::LoopbackOnly => return Err(BadSettings::NotEncrypted),
        };
        Ok(Self { settings, tls })
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    fn config(&self, password: Option<String>) -> Config {
        let mut config = Config::new();
        config
            .host(&self.settings.host)
            .port(self.settings.port)
            .dbname(&self.settings.database)
            .user(&self.settings.user)
            .application_name("sluice")
            // The name may stand for several servers, and for a reader after a failover.
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            // Half, so that a second address is tried if the first one is silent.
            .connect_timeout(self.settings.connect_timeout / 2)
            .keepalives_idle(KEEPALIVE)
            .ssl_mode(if self.tls.is_some() {
                SslMode::Require
            } else {
                SslMode::Disable
            });
        if let Some(password) = password {
            config.password(password);
        }
        config
    }

    /// Opens a connection, whatever the schema is.
    pub(crate) async fn open(&self) -> Result<Link, Verdict> {
        let opening = async {
            let password = self
                .settings
                .password
                .ask()
                .await
                .map_err(|why| Verdict::gone(format!("no password: {why}")))?;
            let config = self.config(password);
            let failed = |e| classify(&e);
            // The task ends with the connection. What it fails with, the calls hear.
            let (client, task) = if let Some(tls) = &self.tls {
                let (client, connection) = config.connect(tls.clone()).await.map_err(failed)?;
                (client, tokio::spawn(connection))
            } else {
                let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
                (client, tokio::spawn(connection))
            };
            let task = task.abort_handle();
            Ok(Link { client, task })
        };
        let limit = self.settings.connect_timeout;
        timeout(limit, opening)
            .await
            .unwrap_or_else(|_| Err(Verdict::gone(format!("no connection within {limit:?}"))))
    }

    /// Opens a connection to a database that orders may be written to.
    async fn open_for_orders(&self) -> Result<Link, Verdict> {
        let link = self.open().await?;
        migrate::check(&link.client).await?;
        Ok(link)
    }
}

/// Shows neither password nor orders: there are none in it to show.
impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

impl Link {
    /// Closes it at once, whatever is under way. The other calls on it hear that the connection is closed.
    fn abort(&self) {
        self.task.abort();
    }
}

/// The connection, if there is one.
pub(crate) struct Connection {
    connector: Connector,
    state: Mutex<State>,
}

struct State {
    link: Option<Arc<Link>>,
    used: Instant,
    /// When the last try to connect failed, and why.
    failed: Option<(Instant, Verdict)>,
}

impl Connection {
    pub(crate) fn new(connector: Connector) -> Self {
        Self {
            connector,
            state: Mutex::new(State {
                link: None,
                used: Instant::now(),
                failed: None,
            }),
        }
    }

    pub(crate) fn connector(&self) -> &Connector {
        &self.connector
    }

    /// The connection, opened if there is none. Only one call opens it; the others wait for that one, and share its failure:
    /// else each of many would try in turn, for as long as it takes.
    pub(crate) async fn get(&self) -> Result<Arc<Link>, Verdict> {
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
        match self.connector.open_for_orders().await {
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

    /// Drops a connection that is of no use any more. The next call opens another one.
    pub(crate) async fn drop(&self, link: &Arc<Link>) {
        link.abort();
        let mut state = self.state.lock().await;
        if state
            .link
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, link))
        {
            state.link = None;
        }
    }
}

impl State {
    /// The connection, if it stands.
    async fn standing(&mut self) -> Option<Arc<Link>> {
        let link = self.link.take_if(|link| link.client.is_closed());
        drop(link);
        let link = Arc::clone(self.link.as_ref()?);
        if self.used.elapsed() >= ASKED_AFTER {
            let stands = timeout(Duration::from_secs(1), link.client.check_connection()).await;
            if !matches!(stands, Ok(Ok(()))) {
                link.abort();
                self.link = None;
                return None;
            }
        }
        self.used = Instant::now();
        Some(link)
    }
}
