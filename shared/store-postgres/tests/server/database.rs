//! A database of a test's own, with the schema, a role of the functions, and an administrator.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use sluice_postgres::{Engine, PostgresStore, Settings, Tls, grant, migrate};
use sluice_testing::{postgres::Postgres, wait_for};
use tokio_postgres::Client;

/// The server that most tests share, as long as one of them runs.
static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());

pub(crate) struct Database {
    pub(crate) server: Arc<Postgres>,
    pub(crate) name: String,
    /// The superuser.
    pub(crate) admin: Client,
}

/// The shared server; `None` if there is none on this machine.
pub(crate) fn shared() -> Option<Arc<Postgres>> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = shared.upgrade() {
        return Some(server);
    }
    let server = Arc::new(Postgres::start(&[])?);
    *shared = Arc::downgrade(&server);
    Some(server)
}

/// How this user reaches a database.
pub(crate) fn settings(server: &Postgres, database: &str, user: &str) -> Settings {
    Settings {
        port: server.port(),
        ..Settings::new(
            Engine::Postgres,
            "127.0.0.1",
            database,
            user,
            Tls::LoopbackOnly,
        )
    }
}

/// A superuser's connection.
pub(crate) async fn admin(server: &Postgres, database: &str) -> Client {
    let settings = settings(server, database, "postgres");
    PostgresStore::client(settings).await.unwrap()
}

impl Database {
    /// One on the shared server.
    pub(crate) async fn new(name: &str) -> Option<Self> {
        Some(Self::on(shared()?, name).await)
    }

    /// One with the schema, and a role of its name that has what the functions need.
    pub(crate) async fn on(server: Arc<Postgres>, name: &str) -> Self {
        let it = Self::empty(server, name).await;
        migrate(&it.admin).await.unwrap();
        grant(&it.admin, name).await.unwrap();
        it
    }

    /// One without a schema.
    pub(crate) async fn empty(server: Arc<Postgres>, name: &str) -> Self {
        let first = admin(&server, "postgres").await;
        first
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await
            .unwrap();
        let create = format!("CREATE ROLE {name} LOGIN");
        first.batch_execute(&create).await.unwrap();
        let admin = admin(&server, name).await;
        Self {
            server,
            name: name.to_owned(),
            admin,
        }
    }

    /// How the functions' role reaches it.
    pub(crate) fn settings(&self) -> Settings {
        settings(&self.server, &self.name, &self.name)
    }

    /// A store of the functions' role.
    pub(crate) fn store(&self) -> PostgresStore {
        PostgresStore::new(self.settings()).unwrap()
    }

    /// Runs statements as the superuser.
    pub(crate) async fn run(&self, sql: &str) {
        self.admin.batch_execute(sql).await.unwrap();
    }

    /// A number that the superuser asks for.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let rows = self.admin.query_typed(sql, &[]).await.unwrap();
        rows[0].get(0)
    }

    pub(crate) async fn orders(&self) -> i64 {
        self.number("SELECT count(*) FROM sluice.orders").await
    }

    /// The numbers of the server's processes that serve the functions' role.
    pub(crate) async fn backends(&self) -> Vec<i32> {
        let sql = format!(
            "SELECT pid FROM pg_stat_activity WHERE usename = '{}' ORDER BY pid",
            self.name
        );
        let rows = self.admin.query_typed(&sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Waits until a statement of the functions' role waits for a lock.
    pub(crate) async fn wait_for_a_lock(&self) {
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND wait_event_type = 'Lock'",
            self.name
        );
        wait_for("a statement that waits", async || {
            self.number(&sql).await > 0
        })
        .await;
    }

    /// Ends the connections of the functions' role.
    pub(crate) async fn terminate(&self) {
        let sql = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{}'",
            self.name
        );
        assert!(self.number(&sql).await > 0, "nobody was connected");
        wait_for("the end of the connections", async || {
            self.backends().await.is_empty()
        })
        .await;
    }

    /// Makes each insert of an order of the customer `slow` take this long.
    pub(crate) async fn slow_down(&self, seconds: f64) {
        self.run(&format!(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN PERFORM pg_sleep({seconds}); RETURN NEW; END $$; \
             CREATE TRIGGER slow BEFORE INSERT ON sluice.orders FOR EACH ROW \
             WHEN (NEW.customer_id = 'slow') EXECUTE FUNCTION slow()"
        ))
        .await;
    }
}
