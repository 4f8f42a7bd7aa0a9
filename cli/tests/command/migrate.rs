//! `sluice migrate`: what is migrated, and by whom.

use serde_json::json;
use sluice_testing::{postgres::Postgres, stand_in::Answer};

use crate::{run::run, service::Service};

#[tokio::test]
async fn a_stack_without_a_database_needs_no_migration() {
    let service = Service::start().await;
    let ran = service.run(&["migrate"]).await;
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.err
            .contains("\"sluice\" stores orders in DynamoDB, which has no schema to migrate"),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains("deploy"), "{}", ran.err);
}

#[tokio::test]
async fn the_function_that_migrated_is_named() {
    let service = Service::start().await;
    service.state().has_database = true;
    service.state().function_answers = Some(Answer::json(200, &json!({"version": 7})));
    // An empty variable is none.
    let mut command = service.command(&["migrate"]);
    command.env("DATABASE_URL", "");
    let ran = run(command).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(
        ran.out,
        "By the function the-admin: the schema has version 7.\n"
    );
    service.state().function_answers = Some(Answer::json(200, &json!({"failed": "no room"})));
    let ran = service.run(&["migrate"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.err.contains("the function the-admin says: no room"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn the_database_that_was_migrated_is_named() {
    let Some(server) = Postgres::start(&[]) else {
        return;
    };
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres", server.port());
    let service = Service::start().await;
    service.state().has_database = true;
    let mut command = service.command(&["migrate"]);
    command.env("DATABASE_URL", &url);
    let ran = run(command).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.out.starts_with("127.0.0.1/postgres has version "),
        "{}",
        ran.out
    );
    assert_eq!(service.state().asked, Vec::<String>::new());
}

#[tokio::test]
async fn a_database_that_is_out_of_reach_is_named() {
    let service = Service::start().await;
    let url = "mysql://u:geheim@127.0.0.1:1/shop";
    let ran = service.run(&["migrate", "--database-url", url]).await;
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.err.contains("no connection to 127.0.0.1/shop"),
        "{}",
        ran.err
    );
    assert_eq!(ran.err.matches("Next").count(), 1, "{}", ran.err);
}
