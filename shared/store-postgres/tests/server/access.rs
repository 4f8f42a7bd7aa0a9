//! TLS and passwords, as this server is set up for them.

use sluice_postgres::{Engine, Settings};

use sluice_testing::server::wire::Proxy;

use crate::{
    database::{Database, Stop, Store, admin},
    stores::access::{authority, by_tls, guarded},
};

pub(crate) const ENGINE: Engine = Engine::Postgres;
pub(crate) const OTHER_ENGINE: Engine = Engine::Mysql;
pub(crate) const WRONG_PASSWORD: &str = "SQLSTATE 28P01";

impl Database {
    pub(crate) async fn set_password(&self, password: &str) {
        let name = &self.name;
        self.run(&format!("ALTER ROLE {name} PASSWORD '{password}'"))
            .await;
    }

    /// The same one on a server that takes TLS only, and passwords from all but the superuser.
    pub(crate) async fn guarded(self, certificate: &str, key: &str) -> Self {
        let server = &self.server;
        server.private_file("server.crt", certificate.as_bytes());
        server.private_file("server.key", key.as_bytes());
        let rules =
            "host all postgres 127.0.0.1/32 trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
        server.private_file("pg_hba.conf", rules.as_bytes());
        server.stop(Stop::Fast);
        server.resume(&["ssl=on"]);
        let admin = admin(server, &self.name).await;
        Self { admin, ..self }
    }

    /// Which TLS a connection has.
    pub(crate) async fn tls_version(&self, settings: Settings) -> String {
        let client = Store::client(settings).await.unwrap();
        let sql = "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let rows = client.query_typed(sql, &[]).await.unwrap();
        rows[0].get(0)
    }
}

/// A request for TLS, the greeting of TLS, the login with its two questions for the password, whether the server takes writes, and
/// the version of the schema. The key exchange that servers before 18 take comes first, or there would be a second greeting.
#[tokio::test]
async fn a_connection_by_tls_is_seven_round_trips() {
    let ours = authority();
    let Some(database) = guarded("greeting", &ours).await else {
        return;
    };
    let proxy = Proxy::before(database.server.port()).await;
    let settings = Settings {
        port: proxy.port(),
        ..by_tls(&database, "localhost", ours.pem())
    };
    Store::new(settings).unwrap().warm().await.unwrap();
    assert_eq!((proxy.connections(), proxy.round_trips()), (1, 7));
}
