//! A shop moves from its database to the table and back, as docs/DATABASE.md says, while clients order.

use std::process::{Command, Output};

use serde_json::Value;
use sluice_order::Lane;
use sluice_testing::{checker::Accepted, lane, orders::orders, project, stack::Stack, wait_for};

use crate::{sluice, stored};

/// How many orders come in each part of the move.
const ORDERS: u32 = 6;

/// The lanes, as they must be set while orders move.
const NO_LANE_RUNS: &str = "StandardEnabled=false HotEnabled=false";

/// Deploys the functions that store orders here, with these parameters.
fn deploy(store: &str, parameters: &str) -> Output {
    let built = std::env::var("SLUICE_BUILD_DIR").unwrap();
    let own = std::env::var("STORE").unwrap();
    // The functions on DynamoDB are built beside those on the database.
    let built = if store == "dynamodb" {
        built.trim_end_matches(&format!("-{own}")).to_owned()
    } else {
        built
    };
    Command::new(project().join("local/stack"))
        .arg("up")
        .env("SLUICE_BUILD_DIR", built)
        .env("STORE", store)
        .env("PARAMETERS", format!("Store={store} {parameters}"))
        .output()
        .unwrap()
}

fn is_deployed(store: &str) {
    let ran = deploy(store, NO_LANE_RUNS);
    assert!(ran.status.success(), "{ran:?}");
}

/// What SAM said last, which is in columns.
fn log_of_the_deploy() -> String {
    let log = std::env::var("LOCAL_DIR").unwrap() + "/deploy.log";
    let log = std::fs::read_to_string(log).unwrap();
    log.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn lanes(verb: &str) {
    for lane in Lane::ALL {
        let ran = sluice(&[verb, lane.as_str()]).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
    }
}

/// Copies, and sees that both hold the same; how many orders that are.
fn copied(from: &str, to: &str) -> u64 {
    let ran = sluice(&["copy", "--from", from, "--to", to, "--json"]).output();
    let ran = ran.unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let outcome: Value = serde_json::from_slice(&ran.stdout).unwrap();
    outcome["compared"]["orders"]["same"].as_u64().unwrap()
}

async fn placed(stack: &Stack, name: &str) -> Vec<Accepted> {
    stack.place_all(orders(name, 0..ORDERS), 4, |_| ()).await
}

async fn are_stored(stack: &Stack, accepted: &[Accepted]) {
    for each in accepted {
        let seen = stack.wait_for_status(&each.order_id, "IN_FULFILLMENT");
        assert_eq!(seen.await["lines"], each.order["lines"]);
    }
}

/// The lanes pause, orders wait, all is copied, and the functions are deployed for the other store.
async fn moves(
    stack: &Stack,
    name: &str,
    [from, to]: [&str; 2],
    store: &str,
) -> (Vec<Accepted>, u64) {
    lanes("pause");
    let waiting = placed(stack, name).await;
    let same = copied(from, to);
    is_deployed(store);
    assert_eq!(
        stack.depth(lane::queue(Lane::Standard)).await,
        waiting.len(),
        "the deploy resumes no lane"
    );
    lanes("resume");
    are_stored(stack, &waiting).await;
    (waiting, same)
}

#[tokio::test]
async fn a_running_shop_moves_to_the_table_and_back() {
    let stack = Stack::take().await;
    let (own, database) = (
        std::env::var("STORE").unwrap(),
        std::env::var("DATABASE_URL").unwrap(),
    );
    let mut all = placed(&stack, "move-first-").await;
    are_stored(&stack, &all).await;
    wait_for("the queues to drain", async || stack.waiting().await == 0).await;

    // Nobody has paused the lanes.
    let refused = deploy("dynamodb", NO_LANE_RUNS);
    assert!(!refused.status.success(), "{refused:?}");
    assert!(log_of_the_deploy().contains("Pause both lanes (sluice pause standard)"));
    let late = placed(&stack, "move-late-").await;
    are_stored(&stack, &late).await;
    all.extend(late);
    let before = stored().await;

    let (there, same) = moves(&stack, "move-there-", [&database, "table"], "dynamodb").await;
    assert_eq!(Ok(before), i64::try_from(same));
    assert_eq!(stored().await, before, "the database gets no more");
    all.extend(there);
    are_stored(&stack, &all).await;

    let (back, same) = moves(&stack, "move-back-", ["table", &database], &own).await;
    assert_eq!(Ok(before + i64::from(ORDERS)), i64::try_from(same));
    all.extend(back);
    are_stored(&stack, &all).await;
    assert_eq!(
        stored().await,
        before + 2 * i64::from(ORDERS),
        "none is lost or doubled"
    );
}
