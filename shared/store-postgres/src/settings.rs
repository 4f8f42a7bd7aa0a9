//! Where the database is, and how it is reached.

use std::{fmt, net::IpAddr, pin::Pin, str::FromStr, sync::Arc, time::Duration};

use tokio_postgres::{Config, config::Host};

/// The longest that connecting may take by default: names, TCP, TLS, the login and a look at the schema.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest that a call may take by default. A consumer leaves a call no more time than this before its cutoff. The server
/// gives a statement up after 2 s (`migrations/role.sql`), so this only ends a call whose answer does not come at all.
const CALL_TIMEOUT: Duration = Duration::from_secs(3);

/// How a database is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its host: a name or an address. Its certificate must be for this name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The database's name.
    pub database: String,
    /// The role that logs in.
    pub user: String,
    /// How the role proves who it is.
    pub password: Password,
    /// Whether and how the connection is encrypted.
    pub tls: Tls,
    /// The longest that connecting may take, all in all.
    pub connect_timeout: Duration,
    /// The longest that a call may take, connecting included. It must be above the role's `statement_timeout`: when it fires
    /// nobody knows what the server did, and the connection is dropped.
    pub call_timeout: Duration,
}

impl Settings {
    /// Settings with the usual port and timeouts, and without a password.
    pub fn new(
        host: impl Into<String>,
        database: impl Into<String>,
        user: impl Into<String>,
        tls: Tls,
    ) -> Self {
        Self {
            host: host.into(),
            port: 5432,
            database: database.into(),
            user: user.into(),
            password: Password::none(),
            tls,
            connect_timeout: CONNECT_TIMEOUT,
            call_timeout: CALL_TIMEOUT,
        }
    }

    /// Whether the host is this machine, as far as its name says.
    pub(crate) fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

/// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, in the form that `psql` takes too, to a server on this machine: it is not
/// encrypted.
/// <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>
impl FromStr for Settings {
    type Err = BadSettings;

    fn from_str(url: &str) -> Result<Self, BadSettings> {
        // What the parser says may quote the address, and with it the password.
        let config: Config = url.parse().map_err(|_| BadSettings::Address)?;
        let ([Host::Tcp(host)], Some(user)) = (config.get_hosts(), config.get_user()) else {
            return Err(BadSettings::Address);
        };
        let database = config.get_dbname().unwrap_or(user);
        let mut settings = Self::new(host, database, user, Tls::LoopbackOnly);
        if let [port] = config.get_ports() {
            settings.port = *port;
        }
        if let Some(password) = config.get_password() {
            settings.password = Password::fixed(String::from_utf8_lossy(password));
        }
        Ok(settings)
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

type Asked = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;
type Ask = dyn Fn() -> Asked + Send + Sync;

/// How a role proves who it is. It is asked each time a connection is opened, so that a password may be rotated and a token may
/// expire while the process runs.
#[derive(Clone)]
pub struct Password(Option<Arc<Ask>>);

impl Password {
    /// No password: the server trusts the connection.
    pub fn none() -> Self {
        Self(None)
    }

    /// This password.
    pub fn fixed(password: impl Into<String>) -> Self {
        let password = password.into();
        Self::asked(move || {
            let password = password.clone();
            async { Ok(password) }
        })
    }

    /// What this says each time. Its error is logged, so it must not hold a secret; the call that needed the connection is to
    /// be repeated.
    pub fn asked<A, F>(ask: A) -> Self
    where
        A: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<String, String>> + Send + 'static,
    {
        Self(Some(Arc::new(move || Box::pin(ask()))))
    }

    pub(crate) async fn ask(&self) -> Result<Option<String>, String> {
        match &self.0 {
            None => Ok(None),
            Some(ask) => ask().await.map(Some),
        }
    }
}

/// It shows nothing of the password.
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Password(..)"
        } else {
            "Password(none)"
        })
    }
}

/// Settings that no connection can be made with.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSettings {
    /// No address.
    #[error("it is no address such as postgres://USER:PASSWORD@HOST:PORT/DATABASE, with one host")]
    Address,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_everything() {
        let settings: Settings = "postgres://sluice:s%40fe@127.0.0.1:37723/orders"
            .parse()
            .unwrap();
        let Settings {
            host,
            port,
            database,
            user,
            ..
        } = &settings;
        assert_eq!(
            (host.as_str(), *port, database.as_str(), user.as_str()),
            ("127.0.0.1", 37723, "orders", "sluice")
        );
        assert!(!format!("{settings:?}").contains("s@fe"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_its_password() {
        for url in [
            "",
            "mysql://u:secret@h/d",
            "postgres://u:secret@h:port/d",
            "postgres://h1,h2/d",
            "postgres:///d",
        ] {
            let error = url.parse::<Settings>().unwrap_err().to_string();
            assert!(error.contains("it is no address"), "{url}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
