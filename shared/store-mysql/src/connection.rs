//! How a connection to MySQL is opened.

use std::{fmt, time::Duration};

use mysql_async::{Conn, OptsBuilder, SslOpts};
use sluice_database::{Connect, Engine, Verdict, authorities};
use tokio_rustls::rustls::crypto::ring::default_provider;

use crate::{BadSettings, Settings, classify::classify, link::Link, session};

/// How often an idle connection shows the network that it is alive, so that one whose other end is gone does not stay for ever.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// The largest packet that is sent or taken, in bytes. Said here, because the driver would ask the server for it: a round trip more.
const PACKET: usize = 16 << 20;

/// How many prepared statements a connection keeps on the server: as many as the store has.
const STATEMENTS: usize = 16;

/// How a connection is opened.
pub(crate) struct Connector {
    settings: Settings,
    /// `None` without TLS.
    tls: Option<SslOpts>,
}

impl Connector {
    pub(crate) fn new(settings: Settings) -> Result<Self, BadSettings> {
        let tls = match settings.authorities(Engine::Mysql)? {
            None => None,
            Some(pem) => {
                // The driver reads them when it connects. A mistake is better told now.
                authorities(pem)?;
                // The driver takes what the process has. If there is one already it stays.
                let _ = default_provider().install_default();
                let tls = SslOpts::default()
                    .with_root_certs(vec![pem.to_vec().into()])
                    .with_disable_built_in_roots(true);
                Some(tls)
            }
        };
        Ok(Self { settings, tls })
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    fn options(&self, password: Option<String>) -> OptsBuilder {
        OptsBuilder::default()
            .ip_or_hostname(&self.settings.host)
            .tcp_port(self.settings.port)
            .user(Some(&self.settings.user))
            .pass(password)
            .db_name(Some(&self.settings.database))
            .ssl_opts(self.tls.clone())
            // On this machine the driver would look for the server's socket, and connect a second time.
            .prefer_socket(false)
            .tcp_keepalive(Some(KEEPALIVE))
            .max_allowed_packet(Some(PACKET))
            // Only a pool looks at it; else the driver would ask for it too.
            .wait_timeout(Some(28_800))
            .stmt_cache_size(STATEMENTS)
            // A token from IAM is sent as it is, and only to a server whose certificate was looked at.
            // <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.html>
            .enable_cleartext_plugin(self.tls.is_some())
            .connect_attribute("program_name", "sluice")
    }

    /// Opens a connection, whatever the schema is.
    pub(crate) async fn open(&self) -> Result<Conn, Verdict> {
        let opening = |password| async {
            let strict = self.options(password).init(vec![session::STRICT]);
            Conn::new(strict).await.map_err(|e| classify(&e))
        };
        self.settings.open(opening).await
    }
}

impl Connect for Connector {
    type Link = Link;

    const ENGINE: Engine = Engine::Mysql;

    async fn open_for_orders(&self) -> Result<Link, Verdict> {
        let opening = |password| async {
            let opened = Conn::new(self.options(password)).await;
            let mut conn = opened.map_err(|e| classify(&e))?;
            session::begin(&mut conn).await?;
            Ok(conn)
        };
        self.settings.open(opening).await.map(Link::new)
    }
}

/// Shows neither password nor orders: there are none in it to show.
impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}
