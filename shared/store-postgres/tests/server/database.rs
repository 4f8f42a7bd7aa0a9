//! A database of a test's own, with the schema, a role of the functions, and an administrator.

use std::sync::{Arc, Mutex, PoisonError, Weak};

pub(crate) use sluice_postgres::PostgresStore as Store;
use sluice_postgres::{Engine, Settings, Tls, grant, migrate};
use sluice_store::{OrderStore, StoredOrder};
pub(crate) use sluice_testing::postgres::{Postgres as Server, Stop};
use sluice_testing::wait_for;
use tokio_postgres::Client;

use crate::stores::assert_stored;

/// The server that most tests share, as long as one of them runs.
static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

/// What stands before a code.
pub(crate) const CODE: &str = "SQLSTATE";

/// How many round trips a connection is: the greeting, whether the server takes writes, and whether orders may be written.
pub(crate) const TO_CONNECT: usize = 3;

/// And the preparation of a statement: none is prepared.
pub(crate) const TO_PREPARE: usize = 0;

pub(crate) struct Database {
    pub(crate) server: Arc<Server>,
    pub(crate) name: String,
    /// The superuser.
    pub(crate) admin: Client,
}

/// The shared server; `None` if there is none on this machine.
pub(crate) fn shared() -> Option<Arc<Server>> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = shared.upgrade() {
        return Some(server);
    }
    let server = Arc::new(Server::start(&[])?);
    *shared = Arc::downgrade(&server);
    Some(server)
}

/// How this user reaches a database.
pub(crate) fn settings(server: &Server, database: &str, user: &str) -> Settings {
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
pub(crate) async fn admin(server: &Server, database: &str) -> Client {
    let settings = settings(server, database, "postgres");
    Store::client(settings).await.unwrap()
}

impl Database {
    /// One on the shared server.
    pub(crate) async fn new(name: &str) -> Option<Self> {
        Some(Self::on(shared()?, name).await)
    }

    /// One on a server of its own.
    pub(crate) async fn own(name: &str) -> Option<Self> {
        Self::own_with(name, &[]).await
    }

    /// One on a server of its own, with these settings.
    pub(crate) async fn own_with(name: &str, settings: &[&str]) -> Option<Self> {
        let server = Server::start(settings)?;
        Some(Self::on(Arc::new(server), name).await)
    }

    /// One with the schema, and a role of its name that has what the functions need.
    pub(crate) async fn on(server: Arc<Server>, name: &str) -> Self {
        let it = Self::empty(server, name).await;
        migrate(&it.admin).await.unwrap();
        grant(&it.admin, name).await.unwrap();
        it
    }

    /// One without a schema.
    pub(crate) async fn empty(server: Arc<Server>, name: &str) -> Self {
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

    /// The same one, by another connection of the superuser.
    pub(crate) async fn again(&self) -> Self {
        Self {
            server: self.server.clone(),
            name: self.name.clone(),
            admin: admin(&self.server, &self.name).await,
        }
    }

    /// How the functions' role reaches it.
    pub(crate) fn settings(&self) -> Settings {
        settings(&self.server, &self.name, &self.name)
    }

    /// A store of the functions' role.
    pub(crate) fn store(&self) -> Store {
        Store::new(self.settings()).unwrap()
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

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM sluice.{table}");
        self.number(&sql).await
    }

    pub(crate) async fn orders(&self) -> i64 {
        self.count("orders").await
    }

    pub(crate) async fn delete_all(&self) {
        self.run("DELETE FROM sluice.orders").await;
    }

    /// This order's row, in a transaction of the superuser that stays open.
    pub(crate) async fn hold(&self, order: &StoredOrder) {
        assert_stored(self.store().put(order).await);
        // Apart, because statements that are sent as one text are one transaction, from the first one on.
        for sql in [
            "CREATE TEMP TABLE held AS SELECT * FROM sluice.orders",
            "DELETE FROM sluice.orders",
            "BEGIN",
            "INSERT INTO sluice.orders SELECT * FROM held",
        ] {
            self.run(sql).await;
        }
    }

    /// The numbers of the server's processes that serve the functions' role.
    pub(crate) async fn connections(&self) -> Vec<i32> {
        let sql = format!(
            "SELECT pid FROM pg_stat_activity WHERE usename = '{}' ORDER BY pid",
            self.name
        );
        let rows = self.admin.query_typed(&sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Waits until so many statements of the functions' role wait for a lock.
    pub(crate) async fn wait_for_locks(&self, waiting: i64) {
        self.wait_for_statements("wait_event_type = 'Lock'", waiting)
            .await;
    }

    /// Waits until an insert of the customer `slow` is under way.
    pub(crate) async fn wait_for_a_slow_insert(&self) {
        self.wait_for_statements("wait_event = 'PgSleep'", 1).await;
    }

    async fn wait_for_statements(&self, which: &str, count: i64) {
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND {which}",
            self.name
        );
        wait_for(which, async || self.number(&sql).await == count).await;
    }

    /// Ends the connections of the functions' role.
    pub(crate) async fn terminate(&self) {
        let sql = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{}'",
            self.name
        );
        assert!(self.number(&sql).await > 0, "nobody was connected");
        wait_for("the end of the connections", async || {
            self.connections().await.is_empty()
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

    /// Refuses each order with the code that its customer is named by, except those of the customer `good`.
    pub(crate) async fn refuse_by_customer(&self) {
        self.run(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'played' USING ERRCODE = NEW.customer_id; END $$; \
             CREATE TRIGGER refuse BEFORE INSERT ON sluice.orders FOR EACH ROW \
             WHEN (NEW.customer_id <> 'good') EXECUTE FUNCTION refuse()",
        )
        .await;
    }
}
