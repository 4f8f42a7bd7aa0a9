//! The server of the stack, as its owner sees it, with a limit to what it can write.
//!
//! The limit is a trigger: each insert of an order holds one thing that all inserts need, for a while and to its commit, like a
//! disk that takes one write at a time. What is too much queues in the server, first come first served, until the statement's own
//! time is over. All else is the server's: its connections, its locks, its timeouts. (A quota of processor time would limit it
//! too, but only root can set one, and it would limit reads and logins as much as writes.)

use std::time::Duration;

use mysql_async::prelude::Queryable;
use sluice_mysql::{Conn, MysqlStore};
use sluice_postgres::{Client, Engine, PostgresStore, Settings};
use sluice_testing::wait_for;

/// The functions' user, as `local/stack` names it.
const USER: &str = "sluice";

/// The owner's connection.
pub(crate) struct Server {
    settings: Settings,
    owner: Owner,
}

enum Owner {
    Postgres(Client),
    Mysql(Conn),
}

impl Server {
    /// The server that the environment names.
    ///
    /// # Panics
    ///
    /// If there is none, or it cannot be reached.
    pub(crate) async fn connect() -> Self {
        let url = std::env::var("DATABASE_URL");
        let url = url.expect("the stack has no database: make pace-check STORE=postgres");
        let settings: Settings = url.parse().expect("DATABASE_URL is an address");
        let owner = match settings.engine {
            Engine::Postgres => PostgresStore::client(settings.clone())
                .await
                .map(Owner::Postgres),
            Engine::Mysql => MysqlStore::client(settings.clone()).await.map(Owner::Mysql),
        };
        Self {
            settings,
            owner: owner.expect("the server can be reached"),
        }
    }

    /// Its kind, as the functions' builds and `sluice plan` have it.
    pub(crate) fn store(&self) -> &'static str {
        self.settings.engine.scheme()
    }

    /// How the functions reach it.
    pub(crate) fn for_functions(&self) -> Settings {
        Settings {
            user: USER.to_owned(),
            ..self.settings.clone()
        }
    }

    /// From now on it takes one order at a time, each for so long.
    pub(crate) async fn limit(&mut self, a_write: Duration) {
        self.free().await;
        let seconds = a_write.as_secs_f64();
        match &self.owner {
            Owner::Postgres(_) => {
                self.each_takes(a_write).await;
                self.run(
                    "CREATE TRIGGER disk BEFORE INSERT ON sluice.orders FOR EACH ROW EXECUTE FUNCTION sluice.disk()",
                )
                .await;
            }
            Owner::Mysql(_) => {
                self.run("CREATE TABLE disk (writes BIGINT NOT NULL) ENGINE = InnoDB")
                    .await;
                self.run("INSERT INTO disk VALUES (0)").await;
                self.run("CREATE TABLE disk_speed (seconds DOUBLE NOT NULL) ENGINE = InnoDB")
                    .await;
                self.run(&format!("INSERT INTO disk_speed VALUES ({seconds})"))
                    .await;
                // A disk knows no limit for waits for locks. What the session has set is for locks of people.
                self.run(
                    "CREATE TRIGGER disk BEFORE INSERT ON orders FOR EACH ROW BEGIN \
                     SET SESSION innodb_lock_wait_timeout = 60; \
                     UPDATE disk SET writes = writes + 1; \
                     DO SLEEP((SELECT seconds FROM disk_speed)); END",
                )
                .await;
            }
        }
    }

    /// From now on each order takes so long.
    pub(crate) async fn each_takes(&mut self, a_write: Duration) {
        let seconds = a_write.as_secs_f64();
        let sql = match &self.owner {
            // As for MySQL: no limit for waits for locks.
            Owner::Postgres(_) => format!(
                "CREATE OR REPLACE FUNCTION sluice.disk() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS \
                 $$ BEGIN PERFORM pg_advisory_xact_lock(1); PERFORM pg_sleep({seconds}); RETURN NEW; END $$"
            ),
            Owner::Mysql(_) => format!("UPDATE disk_speed SET seconds = {seconds}"),
        };
        self.run(&sql).await;
    }

    /// From now on it has no limit.
    pub(crate) async fn free(&mut self) {
        let statements: &[&str] = match &self.owner {
            Owner::Postgres(_) => &["DROP FUNCTION IF EXISTS sluice.disk() CASCADE"],
            Owner::Mysql(_) => &[
                "DROP TRIGGER IF EXISTS disk",
                "DROP TABLE IF EXISTS disk, disk_speed",
            ],
        };
        for sql in statements {
            self.run(sql).await;
        }
    }

    /// How many connections it takes at most.
    pub(crate) async fn max_connections(&mut self) -> i64 {
        let texts = self
            .texts("SHOW max_connections", "SELECT @@max_connections")
            .await;
        texts[0].parse().expect("a number")
    }

    /// How many connections the functions' user has now.
    pub(crate) async fn connections(&mut self) -> usize {
        let texts = self
            .texts(
                &format!("SELECT pid::text FROM pg_stat_activity WHERE usename = '{USER}'"),
                &format!("SELECT id FROM information_schema.processlist WHERE user = '{USER}'"),
            )
            .await;
        texts.len()
    }

    /// Waits until the functions' user has none.
    pub(crate) async fn is_left_alone(&mut self) {
        let this = tokio::sync::Mutex::new(self);
        wait_for("the connections to end", async || {
            this.lock().await.connections().await == 0
        })
        .await;
    }

    /// The ids of the stored orders whose customers' names begin with the prefix.
    pub(crate) async fn ids(&mut self, prefix: &str) -> Vec<String> {
        let behind = |schema: &str| {
            format!("SELECT order_id FROM {schema}orders WHERE customer_id LIKE '{prefix}%'")
        };
        self.texts(&behind("sluice."), &behind("")).await
    }

    async fn run(&mut self, sql: &str) {
        match &mut self.owner {
            Owner::Postgres(client) => client.batch_execute(sql).await.expect(sql),
            Owner::Mysql(conn) => conn.query_drop(sql).await.expect(sql),
        }
    }

    /// The first column of a question, which has a text for each server.
    async fn texts(&mut self, postgres: &str, mysql: &str) -> Vec<String> {
        match &mut self.owner {
            Owner::Postgres(client) => {
                let rows = client.query(postgres, &[]).await.expect(postgres);
                rows.iter().map(|row| row.get(0)).collect()
            }
            Owner::Mysql(conn) => conn.query(mysql).await.expect(mysql),
        }
    }
}
