//! How a connection to PostgreSQL is opened, and how it is seen that it stands.

use std::{fmt, time::Duration};

use sluice_database::{Connect, Engine, Verdict};
use tokio::task::AbortHandle;
use tokio_postgres::{
    Client, Config, NoTls,
    config::{SslMode, TargetSessionAttrs},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{BadSettings, Settings, classify::classify, migrate, tls};

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
        let authorities = settings.authorities(Engine::Postgres)?;
        let tls = authorities.map(tls::connector).transpose()?;
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
        let opening = |password| async {
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
        self.settings.open(opening).await
    }
}

impl Connect for Connector {
    type Link = Link;

    const ENGINE: Engine = Engine::Postgres;

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

impl sluice_database::Link for Link {
    fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    async fn stands(&self) -> bool {
        self.client.check_connection().await.is_ok()
    }

    fn abort(&self) {
        self.task.abort();
    }
}
