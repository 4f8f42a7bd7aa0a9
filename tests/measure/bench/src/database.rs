//! A PostgreSQL or a MariaDB of this machine's own, with the schema, and with a user as the functions have one: it logs in with a
//! password, and may use TLS.

use anyhow::{Context, Result};
use mysql_async::{Conn, prelude::Queryable};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sluice_mysql::MysqlStore;
use sluice_postgres::{Client, Engine, Password, PostgresStore, Settings, Tls};
use sluice_testing::{
    mysql::Mysql,
    postgres::{Postgres, Stop},
};

/// The database's name, and the user's.
const NAME: &str = "sluice";

/// The user's password.
const PASSWORD: &str = "only-for-measuring";

/// What the servers have by themselves. Those of the tests have less memory, and do without the disk.
///
/// The server's folder is in memory where there is room, as that of the tests is. So a write to the disk is asked for with each
/// order, as on a real server, and costs nothing. It would cost the same however many orders are stored, it varies more than all
/// the rest, and it takes none of the function's processor time.
const AS_SHIPPED_POSTGRES: [&str; 2] = ["shared_buffers=128MB", "fsync=on"];
const AS_SHIPPED_MYSQL: [&str; 2] = ["innodb-buffer-pool-size=128M", "innodb-log-file-size=96M"];

/// The name that the server's certificate is for.
const HOST: &str = "localhost";

/// A running server. It ends when this is dropped.
pub(crate) struct Database {
    server: Server,
    admin: Admin,
    /// Who signed its certificate, PEM.
    authority: String,
}

enum Server {
    Postgres(Postgres),
    Mysql(Mysql),
}

/// The connection of the user who may do all.
enum Admin {
    Postgres(Client),
    Mysql(Conn),
}

/// A server's certificate.
struct Certificate {
    authority: String,
    pem: String,
    key: String,
}

impl Database {
    /// One with the schema. `None` if there is no such server on this machine, which is then said.
    pub(crate) async fn start(engine: Engine) -> Result<Option<Self>> {
        let certificate = Certificate::new()?;
        let (server, admin) = match engine {
            Engine::Postgres => {
                let Some(server) = Postgres::start(&[]) else {
                    return Ok(None);
                };
                let admin = postgres(&server, &certificate).await?;
                (Server::Postgres(server), Admin::Postgres(admin))
            }
            Engine::Mysql => {
                let Some(server) = Mysql::start(&[]) else {
                    return Ok(None);
                };
                let admin = mysql(&server, &certificate).await?;
                (Server::Mysql(server), Admin::Mysql(admin))
            }
        };
        Ok(Some(Self {
            server,
            admin,
            authority: certificate.authority,
        }))
    }

    /// One of each kind, and what is missing.
    pub(crate) async fn all() -> Result<(Vec<Self>, Vec<String>)> {
        let (mut all, mut missing) = (Vec::new(), Vec::new());
        for engine in [Engine::Postgres, Engine::Mysql] {
            match Self::start(engine).await? {
                Some(database) => all.push(database),
                None => missing.push(format!(
                    "fulfill-orders on {engine}: not measured: no server"
                )),
            }
        }
        Ok((all, missing))
    }

    pub(crate) fn engine(&self) -> Engine {
        match self.server {
            Server::Postgres(_) => Engine::Postgres,
            Server::Mysql(_) => Engine::Mysql,
        }
    }

    /// Where it listens, on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        match &self.server {
            Server::Postgres(server) => server.port(),
            Server::Mysql(server) => server.port(),
        }
    }

    /// The authority that signed its certificate, PEM.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Runs statements.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<()> {
        match &mut self.admin {
            Admin::Postgres(client) => client.batch_execute(sql).await?,
            Admin::Mysql(conn) => conn.query_drop(sql).await?,
        }
        Ok(())
    }

    /// The number that a query has, as text or as a number.
    pub(crate) async fn number(&mut self, sql: &str) -> Result<i64> {
        match &mut self.admin {
            Admin::Postgres(client) => Ok(client.query_typed(sql, &[]).await?[0].try_get(0)?),
            Admin::Mysql(conn) => conn.query_first(sql).await?.context("no row"),
        }
    }
}

/// How the functions' user reaches a server on this machine by this port: without TLS, or if its authority is given, with it.
pub(crate) fn settings(engine: Engine, port: u16, authority: Option<&str>) -> Settings {
    let tls = authority.map_or(Tls::LoopbackOnly, |pem| Tls::Authorities {
        pem: pem.into(),
    });
    Settings {
        port,
        password: Password::fixed(PASSWORD),
        ..Settings::new(engine, HOST, NAME, NAME, tls)
    }
}

/// The same as an address, without TLS.
pub(crate) fn url(engine: Engine, port: u16) -> String {
    format!(
        "{}://{NAME}:{PASSWORD}@127.0.0.1:{port}/{NAME}",
        engine.scheme()
    )
}

fn administrator(engine: Engine, port: u16, user: &str, database: &str) -> Settings {
    Settings {
        port,
        ..Settings::new(engine, HOST, database, user, Tls::LoopbackOnly)
    }
}

async fn postgres(server: &Postgres, certificate: &Certificate) -> Result<Client> {
    let to = |database| administrator(Engine::Postgres, server.port(), "postgres", database);
    let first = PostgresStore::client(to("postgres")).await?;
    let create = format!("CREATE ROLE {NAME} LOGIN PASSWORD '{PASSWORD}'");
    first.batch_execute(&create).await?;
    let create = format!("CREATE DATABASE {NAME}");
    first.batch_execute(&create).await?;
    drop(first);
    server.private_file("server.crt", certificate.pem.as_bytes());
    server.private_file("server.key", certificate.key.as_bytes());
    let rules = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
    server.private_file("pg_hba.conf", rules.as_bytes());
    server.stop(Stop::Fast);
    server.resume(&[&["ssl=on"], &AS_SHIPPED_POSTGRES[..]].concat());
    let admin = PostgresStore::client(to(NAME)).await?;
    sluice_postgres::migrate(&admin).await?;
    sluice_postgres::grant(&admin, NAME).await?;
    Ok(admin)
}

async fn mysql(server: &Mysql, certificate: &Certificate) -> Result<Conn> {
    let to = |database| administrator(Engine::Mysql, server.port(), "root", database);
    let mut first = MysqlStore::client(to("mysql")).await?;
    let create = format!("CREATE USER {NAME}@'%' IDENTIFIED BY '{PASSWORD}'");
    first.query_drop(create).await?;
    first.query_drop(format!("CREATE DATABASE {NAME}")).await?;
    first.disconnect().await?;
    let file = server.private_file("server.crt", certificate.pem.as_bytes());
    let key = server.private_file("server.key", certificate.key.as_bytes());
    let certificate = format!("ssl-cert={}", file.display());
    let key = format!("ssl-key={}", key.display());
    server.stop(Stop::Fast);
    server.resume(&[&[certificate.as_str(), key.as_str()], &AS_SHIPPED_MYSQL[..]].concat());
    let mut admin = MysqlStore::client(to(NAME)).await?;
    sluice_mysql::migrate(&mut admin).await?;
    sluice_mysql::grant(&mut admin, NAME).await?;
    Ok(admin)
}

impl Certificate {
    fn new() -> Result<Self> {
        let mut params = CertificateParams::new([])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new([HOST.to_owned()])?.signed_by(&key, &authority)?;
        Ok(Self {
            authority: authority.pem(),
            pem: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}
