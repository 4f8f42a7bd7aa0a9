//! TLS and passwords, as this server is set up for them.

use sluice_mysql::{Engine, Settings};

use crate::database::{Client, Database, Stop, admin};

pub(crate) const ENGINE: Engine = Engine::Mysql;
pub(crate) const OTHER_ENGINE: Engine = Engine::Postgres;
pub(crate) const WRONG_PASSWORD: &str = "MySQL error 1045";

impl Database {
    pub(crate) async fn set_password(&self, password: &str) {
        let name = &self.name;
        self.run(&format!(
            "ALTER USER {name}@'%' IDENTIFIED BY '{password}' REQUIRE SSL"
        ))
        .await;
    }

    /// The same one on a server with this certificate.
    pub(crate) async fn guarded(self, certificate: &str, key: &str) -> Self {
        let server = &self.server;
        let certificate = server.private_file("server.crt", certificate.as_bytes());
        let key = server.private_file("server.key", key.as_bytes());
        server.stop(Stop::Fast);
        server.resume(&[
            &format!("ssl-cert={}", certificate.display()),
            &format!("ssl-key={}", key.display()),
        ]);
        let admin = admin(server, &self.name).await;
        Self { admin, ..self }
    }

    /// Which TLS a connection has.
    pub(crate) async fn tls_version(&self, settings: Settings) -> String {
        let client = Client::of(settings).await;
        let sql = "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'SSL_VERSION'";
        client.rows(sql).await.remove(0)
    }
}
