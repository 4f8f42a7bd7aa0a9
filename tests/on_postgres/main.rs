//! The whole path with orders in PostgreSQL or MySQL: the template as SAM deployed it into a local AWS, real processes, and a real
//! server, which is killed while orders come in.
//!
//! `make end-to-end-postgres` and `make end-to-end-mysql` run these. Every wait is for a condition, and bounded.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

mod faults;
mod moving;

use std::process::{Command, Stdio};

use mysql_async::prelude::Queryable;
use serde_json::{Value, json};
use sluice_mysql::MysqlStore;
use sluice_order::{Lane, Order, smoke};
use sluice_postgres::{Engine, PostgresStore, Settings};
use sluice_testing::{lane, project, stack::Stack, wait_for};

/// How many orders the database holds.
async fn stored() -> i64 {
    let settings: Settings = std::env::var("DATABASE_URL").unwrap().parse().unwrap();
    match settings.engine {
        Engine::Postgres => {
            let client = PostgresStore::client(settings).await.unwrap();
            let count = "SELECT count(*) FROM sluice.orders";
            client.query(count, &[]).await.unwrap()[0].get(0)
        }
        Engine::Mysql => {
            let mut client = MysqlStore::client(settings).await.unwrap();
            let count = client.query_first("SELECT COUNT(*) FROM orders").await;
            count.unwrap().unwrap()
        }
    }
}

/// Kills the server of this stack, or starts it again.
fn database(what: &str) {
    let dir = std::env::var("LOCAL_DIR").unwrap();
    let database = project().join("local/database");
    let status = Command::new(database)
        .args([what, &dir])
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
}

fn sluice(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command
        .args(arguments)
        .current_dir(project())
        .stdin(Stdio::null());
    command
}

/// P2, P3: a retailer's real sales, and a server that dies while they come in. The command reads the database itself.
#[tokio::test]
async fn every_sale_is_stored_once_though_the_server_dies() {
    let stack = Stack::take().await;
    let sales = [
        "replay",
        "data/online-retail-2010-12.csv",
        "--limit",
        "150",
        "--rate",
        "15",
        "--json",
    ];
    let replay = sluice(&sales).stdout(Stdio::piped()).spawn().unwrap();
    wait_for("the first orders to be stored", async || {
        stored().await >= 10
    })
    .await;
    database("kill");
    wait_for("orders to wait in the queue", async || {
        stack.depth(lane::queue(Lane::Standard)).await >= 20
    })
    .await;
    database("start");
    let ran = replay.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert!(ran.status.success(), "{report:#}");
    assert!(report["stored"].as_u64().unwrap() > 100, "{report:#}");
    let again = sluice(&sales).output().unwrap();
    let report: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert!(again.status.success(), "{report:#}");
}

#[tokio::test]
async fn the_api_says_of_an_order_what_the_database_holds() {
    let stack = Stack::take().await;
    let order = Order::sample().customer("on-a-database").json();
    let accepted = stack.post(Some("one"), &order).await;
    let id = accepted.body["order_id"].as_str().unwrap().to_owned();
    let seen = stack.wait_for_status(&id, "IN_FULFILLMENT").await;
    assert_eq!(seen["lines"], order["lines"]);
    let repeated = stack.post(Some("one"), &order).await;
    assert_eq!(repeated.body["order_id"], json!(id));
    let other = Order::sample()
        .customer("on-a-database")
        .sku("other")
        .json();
    let conflict = stack.post(Some("one"), &other).await;
    let conflict = conflict.body["order_id"].as_str().unwrap().to_owned();
    let seen = stack.wait_for_status(&conflict, "REJECTED").await;
    assert_eq!(seen["reason"], "KEY_REUSED");
    let list = stack.get("/orders?customer_id=on-a-database").await;
    assert_eq!(list.body["orders"].as_array().unwrap().len(), 1, "{list:?}");
}

/// P7: the database's call is in the order's trace as well.
#[tokio::test]
async fn an_order_s_trace_shows_the_statement() {
    let stack = Stack::take().await;
    let order = Order::sample().customer("traced").json();
    let accepted = stack.post(Some("traced"), &order).await;
    let id = accepted.body["order_id"].as_str().unwrap();
    stack.wait_for_status(id, "IN_FULFILLMENT").await;
    let settings: Settings = std::env::var("DATABASE_URL").unwrap().parse().unwrap();
    let statement = format!("{} INSERT orders", settings.engine);
    wait_for("the trace to be whole", async || {
        let ran = sluice(&["trace", id]).output().unwrap();
        let said = String::from_utf8(ran.stdout).unwrap();
        ran.status.success() && said.contains(&statement)
    })
    .await;
}

#[tokio::test]
async fn both_lanes_pass_the_smoke_test_and_no_list_shows_it() {
    let stack = Stack::take().await;
    let before = stored().await;
    let ran = sluice(&["smoke"]).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(stored().await, before);
    let list = stack
        .get(&format!("/orders?customer_id={}", smoke::CUSTOMER))
        .await;
    assert_eq!(list.body["orders"], json!([]));
}

/// As from a machine that does not reach the database.
#[tokio::test]
async fn the_stack_s_function_migrates_for_the_command() {
    let _stack = Stack::take().await;
    let mut migrate = sluice(&["migrate"]);
    let ran = migrate.env_remove("DATABASE_URL").output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let said = String::from_utf8(ran.stdout).unwrap();
    assert!(said.ends_with(": the schema has version 1.\n"), "{said}");
}

/// As a running shop moves: what is there already stays, and both hold the same in the end.
#[tokio::test]
async fn a_copy_brings_all_to_the_table_and_says_that_both_are_the_same() {
    let stack = Stack::take().await;
    let order = Order::sample().customer("moving").json();
    let accepted = stack.post(Some("moving"), &order).await;
    let id = accepted.body["order_id"].as_str().unwrap();
    stack.wait_for_status(id, "IN_FULFILLMENT").await;
    let database = std::env::var("DATABASE_URL").unwrap();
    let copy = |from: &str, to: &str| {
        let ran = sluice(&["copy", "--from", from, "--to", to, "--json"]).output();
        let ran = ran.unwrap();
        let outcome: Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert!(ran.status.success(), "{outcome:#}");
        outcome
    };
    let there = copy(&database, "table");
    let all = stored().await;
    assert_eq!(there["compared"]["orders"]["same"], all, "{there:#}");
    let back = copy("table", &database);
    assert_eq!(back["copied"]["there_already"], all, "{back:#}");
    assert_eq!(back["copied"]["orders"], 0, "{back:#}");
}
