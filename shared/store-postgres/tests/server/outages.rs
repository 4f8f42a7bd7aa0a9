//! Servers that start, crash, and end connections. After each the next call connects again.

use std::{fs, time::Duration};

use sluice_postgres::{Client, Settings};
use sluice_store::{OrderStore, contract::order};
use sluice_testing::{server::wire::Proxy, wait_for};
use tokio::time::sleep;

use crate::{
    database::{Database, Stop, Store, admin},
    stores::{assert_stored, unavailable},
};

/// What a reader says to a write, and what is said of it when it is connected to.
pub(crate) const READ_ONLY: &str = "SQLSTATE 25006";
pub(crate) const READER: &str = "no connection";

#[tokio::test]
async fn terminated_while_idle() {
    let Some(database) = Database::new("idle").await else {
        return;
    };
    let store = database.store();
    assert_stored(store.put(&order("c", 1, 0, &["a"])).await);
    database.terminate().await;
    let it = order("c", 2, 0, &["a"]);
    // The server says so before it ends a connection, so the call knows without asking.
    assert_stored(store.put(&it).await);
}

/// The table is locked as long as this connection stands, so an insert waits.
async fn locked(database: &Database) -> Client {
    let blocking = admin(&database.server, &database.name).await;
    let lock = "BEGIN; LOCK TABLE sluice.orders IN SHARE MODE";
    blocking.batch_execute(lock).await.unwrap();
    blocking
}

#[tokio::test]
async fn terminated_in_mid_statement() {
    let Some(database) = Database::new("mid_statement").await else {
        return;
    };
    let store = database.store();
    store.warm().await.unwrap();
    let it = order("c", 1, 0, &["a"]);
    let blocking = locked(&database).await;
    let end = async {
        database.wait_for_locks(1).await;
        database.terminate().await;
    };
    let (answer, ()) = tokio::join!(store.put(&it), end);
    assert_eq!(unavailable(answer), "SQLSTATE 57P01");
    blocking.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(database.orders().await, 0);
    assert_stored(store.put(&it).await);
}

/// The server's time is over before the statement arrives, and its message crosses the statement. Its process stands still
/// meanwhile, so that it is so.
#[tokio::test]
async fn idle_for_too_long() {
    let Some(database) = Database::own("bored").await else {
        return;
    };
    database
        .run("ALTER ROLE bored SET idle_session_timeout = '1s'")
        .await;
    let proxy = Proxy::before(database.server.port()).await;
    let settings = Settings {
        port: proxy.port(),
        ..database.settings()
    };
    let store = Store::new(settings).unwrap();
    store.warm().await.unwrap();
    let serving = database.connections().await[0];
    database.server.signal_process(serving, "STOP");
    sleep(Duration::from_millis(1_200)).await;
    let (it, before) = (order("c", 1, 0, &["a"]), proxy.questions());
    let go_on = async {
        wait_for("the statement", async || proxy.questions() > before).await;
        database.server.signal_process(serving, "CONT");
    };
    let (answer, ()) = tokio::join!(store.put(&it), go_on);
    assert_eq!(unavailable(answer), "SQLSTATE 57P05");
    assert_stored(store.put(&it).await);
}

/// One process of the server is killed, so it ends the others too and recovers. It says 57P02, but as a warning.
#[tokio::test]
async fn the_crash_of_another_s_process() {
    let Some(database) = Database::own("crashing").await else {
        return;
    };
    let store = database.store();
    store.warm().await.unwrap();
    let it = order("c", 1, 0, &["a"]);
    let blocking = locked(&database).await;
    let serving = "SELECT pg_backend_pid()::bigint";
    let rows = blocking.query_typed(serving, &[]).await.unwrap();
    let killed: i64 = rows[0].get(0);
    let kill = async {
        database.wait_for_locks(1).await;
        let killed = i32::try_from(killed).unwrap();
        database.server.signal_process(killed, "KILL");
    };
    let (answer, ()) = tokio::join!(store.put(&it), kill);
    assert_eq!(unavailable(answer), "the connection is closed");
    wait_for("the server's recovery", async || {
        store.put(&it).await.is_ok()
    })
    .await;
}

/// A standby that does not serve yet says the same as a server that recovers, and says it as long as the test likes.
#[tokio::test]
async fn a_starting_server() {
    let Some(database) = Database::own("starting").await else {
        return;
    };
    let store = database.store();
    let it = order("c", 1, 0, &["a"]);
    database.server.stop(Stop::Fast);
    let signal = database.server.private_file("standby.signal", b"");
    database.server.begin(&["hot_standby=off"]);
    wait_for("a server that says that it is starting", async || {
        unavailable(store.put(&it).await) == "SQLSTATE 57P03"
    })
    .await;
    database.server.stop(Stop::Fast);
    fs::remove_file(signal).unwrap();
    database.server.resume(&[]);
    assert_stored(store.put(&it).await);
}

impl Database {
    /// Sets whether the server takes no writes, as connections that were open before see it.
    pub(crate) async fn be_read_only(&self, set: &str) {
        let alter = format!("ALTER SYSTEM SET default_transaction_read_only = {set}");
        self.run(&alter).await;
        self.run("SELECT pg_reload_conf()").await;
        wait_for("the new setting", async || {
            let sql = "SELECT current_setting('default_transaction_read_only')";
            let rows = self.admin.query_typed(sql, &[]).await.unwrap();
            rows[0].get::<_, &str>(0) == set
        })
        .await;
    }
}
