//! Where a database is, and how it is reached.

use std::{fmt, net::IpAddr, time::Duration};

use tokio::time::timeout;

use crate::{Password, Verdict};

/// The longest that connecting may take by default: names, TCP, TLS, the login and a look at the schema.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest that a call may take by default. A consumer leaves a call no more time than this before its cutoff. The server
/// gives a statement up after 2 s, so this only ends a call whose answer does not come at all.
const CALL_TIMEOUT: Duration = Duration::from_secs(3);

/// Which kind of database it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// PostgreSQL. Its addresses begin with `postgres://`.
    Postgres,
    /// MySQL, or what speaks its protocol. Its addresses begin with `mysql://`.
    Mysql,
}

impl Engine {
    /// The port that its servers listen on where nothing else is said.
    pub const fn port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::Mysql => 3306,
        }
    }

    /// Its name for people, in logs and traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
        }
    }

    /// What its addresses begin with.
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a database is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which kind of database it is.
    pub engine: Engine,
    /// Its host: a name or an address. Its certificate must be for this name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The database's name.
    pub database: String,
    /// The user, or role, that logs in.
    pub user: String,
    /// How the user proves who it is.
    pub password: Password,
    /// Whether and how the connection is encrypted.
    pub tls: Tls,
    /// The longest that connecting may take, all in all.
    pub connect_timeout: Duration,
    /// The longest that a call may take, connecting included. It must be above the time after which the server gives up a
    /// statement: when it fires nobody knows what the server did, and the connection is dropped.
    pub call_timeout: Duration,
}

impl Settings {
    /// Settings with the usual port and timeouts, and without a password.
    pub fn new(
        engine: Engine,
        host: impl Into<String>,
        database: impl Into<String>,
        user: impl Into<String>,
        tls: Tls,
    ) -> Self {
        Self {
            engine,
            host: host.into(),
            port: engine.port(),
            database: database.into(),
            user: user.into(),
            password: Password::none(),
            tls,
            connect_timeout: CONNECT_TIMEOUT,
            call_timeout: CALL_TIMEOUT,
        }
    }

    /// The authorities that the server's certificate is checked with, PEM; `None` if the connection is not to be encrypted.
    ///
    /// # Errors
    /// [`BadSettings::Engine`] for the settings of another kind of database; [`BadSettings::NotEncrypted`].
    pub fn authorities(&self, engine: Engine) -> Result<Option<&[u8]>, BadSettings> {
        if self.engine != engine {
            return Err(BadSettings::Engine(self.engine, engine));
        }
        match &self.tls {
            Tls::Authorities { pem } => Ok(Some(pem)),
            Tls::LoopbackOnly if self.is_loopback() => Ok(None),
            Tls::LoopbackOnly => Err(BadSettings::NotEncrypted),
        }
    }

    /// Opens a connection with the password as it is now, in the time that connecting may take.
    ///
    /// # Errors
    /// There is no password, no connection, or no time left.
    pub async fn open<L, O>(
        &self,
        opening: impl FnOnce(Option<String>) -> O + Send,
    ) -> Result<L, Verdict>
    where
        O: Future<Output = Result<L, Verdict>> + Send,
    {
        let limit = self.connect_timeout;
        let opening = async {
            let password = self.password.ask().await;
            let password = password.map_err(|why| Verdict::gone(format!("no password: {why}")))?;
            opening(password).await
        };
        timeout(limit, opening)
            .await
            .unwrap_or_else(|_| Err(Verdict::gone(format!("no connection within {limit:?}"))))
    }

    /// Whether the host is this machine, as far as its name says.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

/// Whether and how a connection is encrypted.
#[derive(Clone, Debug)]
pub enum Tls {
    /// By TLS, and only to a server whose certificate one of these authorities signed for its name.
    Authorities {
        /// The authorities' certificates, PEM.
        pem: Vec<u8>,
    },
    /// Not at all. This is refused for any host but this machine, because password and orders would be open to others.
    LoopbackOnly,
}

/// Settings that no connection can be made with.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSettings {
    /// No address.
    #[error(
        "it is no address such as postgres://USER:PASSWORD@HOST:PORT/DATABASE or mysql://USER:PASSWORD@HOST:PORT/DATABASE, with one host"
    )]
    Address,
    /// The first kind of database, where the second one is needed.
    #[error("the address is of {0}, and {1} is needed")]
    Engine(Engine, Engine),
    /// Without TLS to another machine.
    #[error(
        "the database is on another machine, and the connection would not be encrypted. Next: give the authorities that signed its certificate"
    )]
    NotEncrypted,
    /// No authority to check the server's certificate with.
    #[error(
        "the authorities hold no certificate that can be read. Next: give them as PEM, each between BEGIN CERTIFICATE and END CERTIFICATE"
    )]
    NoAuthority,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}
