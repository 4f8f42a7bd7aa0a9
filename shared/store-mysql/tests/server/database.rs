//! A database of a test's own, with the schema, a user of the functions, and an administrator.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use mysql_async::{
    Conn,
    prelude::{FromRow, Queryable},
};
pub(crate) use sluice_mysql::MysqlStore as Store;
use sluice_mysql::{Engine, Settings, Tls, grant, migrate};
use sluice_store::{OrderStore, StoredOrder};
pub(crate) use sluice_testing::mysql::{Mysql as Server, Stop};
use sluice_testing::wait_for;

use crate::stores::assert_stored;

/// The server that most tests share, as long as one of them runs.
static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

/// What stands before a number.
pub(crate) const CODE: &str = "MySQL error";

/// How many round trips a connection is: the greeting is answered, then come the settings together with the questions.
pub(crate) const TO_CONNECT: usize = 2;

/// And the preparation of a statement.
pub(crate) const TO_PREPARE: usize = 1;

/// A user's connection, whose statements take turns.
pub(crate) struct Client(pub(crate) tokio::sync::Mutex<Conn>);

pub(crate) struct Database {
    pub(crate) server: Arc<Server>,
    pub(crate) name: String,
    /// The user who may do all.
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
            Engine::Mysql,
            "127.0.0.1",
            database,
            user,
            Tls::LoopbackOnly,
        )
    }
}

/// A connection of the user who may do all.
pub(crate) async fn admin(server: &Server, database: &str) -> Client {
    Client::of(settings(server, database, "root")).await
}

impl Client {
    pub(crate) async fn of(settings: Settings) -> Self {
        let conn = Store::client(settings).await.unwrap();
        Self(tokio::sync::Mutex::new(conn))
    }

    /// Runs statements.
    pub(crate) async fn run(&self, sql: &str) {
        self.try_run(sql).await.unwrap();
    }

    /// Runs statements. The number of the error of the first that fails.
    pub(crate) async fn try_run(&self, sql: &str) -> Result<(), u16> {
        let mut conn = self.0.lock().await;
        let run = async { conn.query_iter(sql).await?.drop_result().await };
        run.await.map_err(|error: mysql_async::Error| match error {
            mysql_async::Error::Server(error) => error.code,
            other => panic!("{other}"),
        })
    }

    pub(crate) async fn rows<T: FromRow + Send + 'static>(&self, sql: &str) -> Vec<T> {
        self.0.lock().await.query(sql).await.unwrap()
    }
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

    /// One with the schema, and a user of its name that has what the functions need.
    pub(crate) async fn on(server: Arc<Server>, name: &str) -> Self {
        let it = Self::empty(server, name).await;
        it.migrated().await;
        it
    }

    /// One without a schema.
    pub(crate) async fn empty(server: Arc<Server>, name: &str) -> Self {
        let create = format!("CREATE DATABASE {name}");
        admin(&server, "mysql").await.run(&create).await;
        Self::within(server, name).await
    }

    /// The database of this name, which is there.
    pub(crate) async fn within(server: Arc<Server>, name: &str) -> Self {
        let admin = admin(&server, name).await;
        admin.run(&format!("CREATE USER {name}@'%'")).await;
        Self {
            server,
            name: name.to_owned(),
            admin,
        }
    }

    /// Makes the schema, and lets the functions' user use it.
    pub(crate) async fn migrated(&self) {
        let mut conn = self.admin.0.lock().await;
        migrate(&mut conn).await.unwrap();
        grant(&mut conn, &self.name).await.unwrap();
    }

    /// The same one, by another connection of the administrator.
    pub(crate) async fn again(&self) -> Self {
        Self {
            server: self.server.clone(),
            name: self.name.clone(),
            admin: admin(&self.server, &self.name).await,
        }
    }

    /// How the functions' user reaches it.
    pub(crate) fn settings(&self) -> Settings {
        settings(&self.server, &self.name, &self.name)
    }

    /// A store of the functions' user.
    pub(crate) fn store(&self) -> Store {
        Store::new(self.settings()).unwrap()
    }

    /// Runs statements as the administrator.
    pub(crate) async fn run(&self, sql: &str) {
        self.admin.run(sql).await;
    }

    /// A number that the administrator asks for.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        self.admin.rows(sql).await[0]
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.number(&format!("SELECT COUNT(*) FROM {table}")).await
    }

    pub(crate) async fn orders(&self) -> i64 {
        self.count("orders").await
    }

    pub(crate) async fn delete_all(&self) {
        self.run("DELETE FROM orders").await;
    }

    /// This order's row, in a transaction of the administrator that stays open.
    pub(crate) async fn hold(&self, order: &StoredOrder) {
        assert_stored(self.store().put(order).await);
        self.run(
            "CREATE TEMPORARY TABLE held AS SELECT * FROM orders; DELETE FROM orders; \
             BEGIN; INSERT INTO orders SELECT * FROM held",
        )
        .await;
    }

    /// The numbers of the connections of the functions' user.
    pub(crate) async fn connections(&self) -> Vec<u64> {
        let sql = format!(
            "SELECT id FROM information_schema.processlist WHERE user = '{}' ORDER BY id",
            self.name
        );
        self.admin.rows(&sql).await
    }

    /// Waits until so many statements of the functions' user wait for a lock.
    pub(crate) async fn wait_for_locks(&self, waiting: i64) {
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p \
             ON p.id = t.trx_mysql_thread_id WHERE p.user = '{}' AND t.trx_state = 'LOCK WAIT'",
            self.name
        );
        wait_for("statements that wait for a lock", async || {
            self.number(&sql).await == waiting
        })
        .await;
    }

    /// Waits until an insert of the customer `slow` is under way. In a trigger the server calls it after who made that.
    pub(crate) async fn wait_for_a_slow_insert(&self) {
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{}' AND state = 'User sleep'",
            self.name
        );
        wait_for("a slow insert", async || self.number(&sql).await > 0).await;
    }

    /// Kills all connections but the administrator's.
    pub(crate) async fn terminate(&self) {
        let sql = format!(
            "SELECT id FROM information_schema.processlist WHERE db = '{}' AND id <> CONNECTION_ID()",
            self.name
        );
        let connections: Vec<u64> = self.admin.rows(&sql).await;
        assert!(!connections.is_empty(), "nobody was connected");
        for id in connections {
            // One may have ended by itself meanwhile.
            let _ = self.admin.try_run(&format!("KILL CONNECTION {id}")).await;
        }
        wait_for("the end of the connections", async || {
            self.admin.rows::<u64>(&sql).await.is_empty()
        })
        .await;
    }

    /// Makes each insert of an order of the customer `slow` take this long.
    pub(crate) async fn slow_down(&self, seconds: f64) {
        self.run(&format!(
            "CREATE TRIGGER slow BEFORE INSERT ON orders FOR EACH ROW \
             BEGIN IF NEW.customer_id = 'slow' THEN DO SLEEP({seconds}); END IF; END"
        ))
        .await;
    }

    /// Refuses each order with the number that its customer is named by, except those of the customer `good`.
    pub(crate) async fn refuse_by_customer(&self) {
        self.run(
            "CREATE TRIGGER refuse BEFORE INSERT ON orders FOR EACH ROW \
             IF NEW.customer_id <> 'good' THEN BEGIN \
                 DECLARE number INT DEFAULT CAST(NEW.customer_id AS UNSIGNED); \
                 SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = number; \
             END; END IF",
        )
        .await;
    }
}
