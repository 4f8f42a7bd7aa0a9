//! What happens to databases on a bad day, each to a server whose functions are at work: nothing is lost or doubled, nothing is a
//! dead letter, and it drains.

use mysql_async::prelude::Queryable;
use sluice_mysql::{Conn, MysqlStore};
use sluice_order::Lane;
use sluice_postgres::{Client, Engine, PostgresStore, Settings};
use sluice_testing::{checker::Accepted, lane, orders::orders, stack::Stack, wait_for};
use tokio::time::{Duration, interval};

use crate::stored;

/// How many orders come while it is bad.
const ORDERS: u32 = 30;

/// In place of a statement: the functions' connections are ended.
const CUT: (&str, &str) = ("cut", "cut");

/// The schema's owner.
enum Owner {
    Postgres(Client),
    Mysql(Conn),
}

impl Owner {
    async fn connect() -> Self {
        let settings: Settings = std::env::var("DATABASE_URL").unwrap().parse().unwrap();
        match settings.engine {
            Engine::Postgres => Self::Postgres(PostgresStore::client(settings).await.unwrap()),
            Engine::Mysql => Self::Mysql(MysqlStore::client(settings).await.unwrap()),
        }
    }

    /// Runs one of these, whichever the server understands.
    async fn run(&mut self, (postgres, mysql): (&str, &str)) {
        if (postgres, mysql) == CUT {
            return self.cut().await;
        }
        match self {
            Self::Postgres(client) => client.batch_execute(postgres).await.unwrap(),
            Self::Mysql(conn) => conn.query_drop(mysql).await.unwrap(),
        }
    }

    /// Ends the functions' connections.
    async fn cut(&mut self) {
        match self {
            Self::Postgres(client) => {
                let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sluice'";
                client.batch_execute(cut).await.unwrap();
            }
            Self::Mysql(conn) => {
                let of_functions =
                    "SELECT id FROM information_schema.processlist WHERE user = 'sluice'";
                let ids: Vec<u64> = conn.query(of_functions).await.unwrap();
                for id in ids {
                    // It may have ended meanwhile.
                    let _ = conn.query_drop(format!("KILL CONNECTION {id}")).await;
                }
            }
        }
    }
}

/// Orders come while it is bad; then it is good again. `begin` and `end` are statements of PostgreSQL and of MySQL.
async fn comes_through(name: &str, begin: &[(&str, &str)], end: &[(&str, &str)]) {
    let stack = Stack::take().await;
    let mut owner = Owner::connect().await;
    let before = warmed(&stack, name).await;
    for each in begin {
        owner.run(*each).await;
    }
    let accepted = placed(&stack, name).await;
    wait_for("orders to wait", async || {
        stack.depth(lane::queue(Lane::Standard)).await >= accepted.len() / 2
    })
    .await;
    for each in end {
        owner.run(*each).await;
    }
    all_are_stored_once(&stack, name, before, &accepted).await;
}

/// How many orders are stored, after one that has given the functions their connections.
async fn warmed(stack: &Stack, name: &str) -> i64 {
    let first = stack.place_all(orders(&format!("{name}-warm-"), 0..1), 1, |_| ());
    let first = first.await;
    stack
        .wait_for_status(&first[0].order_id, "IN_FULFILLMENT")
        .await;
    stored().await
}

async fn placed(stack: &Stack, name: &str) -> Vec<Accepted> {
    let orders = orders(&format!("{name}-"), 0..ORDERS);
    stack.place_all(orders, 8, |_| ()).await
}

async fn all_are_stored_once(stack: &Stack, name: &str, before: i64, accepted: &[Accepted]) {
    let all = before + i64::from(ORDERS);
    wait_for("all to be stored", async || stored().await >= all).await;
    wait_for("the queues to drain", async || stack.waiting().await == 0).await;
    assert_eq!(stored().await, all, "{name}: none is doubled");
    for each in accepted {
        let seen = stack
            .wait_for_status(&each.order_id, "IN_FULFILLMENT")
            .await;
        assert_eq!(seen["lines"], each.order["lines"], "{name}");
    }
    let letters = stack.all_dead(&format!("\"{name}-")).await;
    assert!(letters.is_empty(), "{name}: {letters:?}");
}

/// After a failover the connections stay open, to a server that takes no write any more.
#[tokio::test]
async fn a_failover_leaves_a_reader() {
    let on = (
        "ALTER SYSTEM SET default_transaction_read_only = on",
        "SET GLOBAL read_only = 1",
    );
    let off = (
        "ALTER SYSTEM RESET default_transaction_read_only",
        "SET GLOBAL read_only = 0",
    );
    let now = ("SELECT pg_reload_conf()", "SELECT 1");
    comes_through("failover", &[on, now], &[off, now]).await;
}

/// Somebody's report holds the table.
#[tokio::test]
async fn a_lock_is_held() {
    let hold = (
        "BEGIN; LOCK TABLE sluice.orders IN ACCESS EXCLUSIVE MODE",
        "LOCK TABLES orders WRITE",
    );
    comes_through("lock", &[hold], &[("COMMIT", "UNLOCK TABLES")]).await;
}

/// A disk that is too slow for what is asked: each statement is given up by the server.
#[tokio::test]
async fn a_disk_is_slow() {
    let slow = [
        (
            "CREATE FUNCTION sluice.slow() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN PERFORM pg_sleep(3); RETURN NEW; END $$",
            "SELECT 1",
        ),
        (
            "CREATE TRIGGER slow BEFORE INSERT ON sluice.orders FOR EACH ROW EXECUTE FUNCTION sluice.slow()",
            "CREATE TRIGGER slow BEFORE INSERT ON orders FOR EACH ROW DO SLEEP(3)",
        ),
    ];
    let fast = ("DROP FUNCTION sluice.slow() CASCADE", "DROP TRIGGER slow");
    comes_through("slow", &slow, &[fast]).await;
}

/// Others have taken all connections.
#[tokio::test]
async fn no_connection_is_left() {
    let none = (
        "ALTER ROLE sluice CONNECTION LIMIT 0",
        "GRANT USAGE ON *.* TO sluice WITH MAX_CONNECTIONS_PER_HOUR 1",
    );
    let again = (
        "ALTER ROLE sluice CONNECTION LIMIT -1",
        "GRANT USAGE ON *.* TO sluice WITH MAX_CONNECTIONS_PER_HOUR 0",
    );
    comes_through("full", &[none, CUT], &[again]).await;
}

/// Some of the cuts meet a commit whose answer is then lost.
#[tokio::test]
async fn connections_are_cut_again_and_again() {
    let stack = Stack::take().await;
    let mut owner = Owner::connect().await;
    let before = warmed(&stack, "cut").await;
    let placing = placed(&stack, "cut");
    tokio::pin!(placing);
    let mut pace = interval(Duration::from_millis(100));
    let accepted = loop {
        tokio::select! {
            accepted = &mut placing => break accepted,
            _ = pace.tick() => owner.cut().await,
        }
    };
    all_are_stored_once(&stack, "cut", before, &accepted).await;
}
