use serde_json::{Value, json};
use sluice_runtime::custom_resource::refused;
use sluice_testing::stand_in::{Answer as Said, StandIn};

use super::*;

struct Database(Result<i32, String>);

impl Administered for Database {
    async fn migrate(&self) -> Result<i32, String> {
        self.0.clone()
    }

    async fn count(&self) -> Result<u64, String> {
        Ok(7)
    }

    async fn hashes(&self, after: &str, limit: u32) -> Result<Vec<Listed>, String> {
        let behind = (after.parse().unwrap_or(0) + 1..=10_002_u32).take(limit as usize);
        Ok(behind
            .map(|n| Listed {
                order_key: n.to_string(),
                content_hash: format!("hash {n}"),
                accepted_at: 1,
                stored_at: 2,
            })
            .collect())
    }
}

fn event(kind: &str, url: &str) -> Event {
    serde_json::from_value(json!({
        "RequestType": kind, "ResponseURL": url, "StackId": "s", "RequestId": "r",
        "LogicalResourceId": "DatabaseSchema", "ResourceType": "Custom::DatabaseSchema",
        "ResourceProperties": {"ServiceToken": "arn"},
    }))
    .unwrap()
}

async fn told(kind: &str, made: Result<i32, String>) -> Value {
    let s3 = StandIn::answering([Said::new(503, ""), Said::new(200, "")]).await;
    let database = Database(made);
    serve(event(kind, &s3.url()), Ok(&database), &Https::new()).await;
    let calls = s3.calls();
    assert_eq!(calls.len(), 2, "what may work later is tried again");
    assert_eq!(calls[1].header("content-type"), None);
    calls[1].json()
}

#[tokio::test]
async fn cloudformation_hears_how_it_went() {
    let fine = told("Create", Ok(1)).await;
    assert_eq!(
        fine,
        json!({"Status": "SUCCESS", "Reason": "", "PhysicalResourceId": "schema", "StackId": "s",
            "RequestId": "r", "LogicalResourceId": "DatabaseSchema"})
    );
    let failed = told("Update", Err("ö".repeat(3_000))).await;
    assert_eq!(failed["Status"], "FAILED");
    assert_eq!(failed["Reason"], "ö".repeat(500));
}

/// A function that cannot start would leave CloudFormation waiting.
#[tokio::test]
async fn without_a_database_it_is_told_why() {
    let s3 = StandIn::answering([Said::new(200, "")]).await;
    let why = "DATABASE_URL is missing".to_owned();
    for (kind, status) in [("Create", "FAILED"), ("Delete", "SUCCESS")] {
        let none = Err::<&Database, _>(&why);
        serve(event(kind, &s3.url()), none, &Https::new()).await;
        let told = s3.bodies().pop().unwrap();
        assert_eq!(told["Status"], status);
        let reason = if status == "FAILED" { &*why } else { "" };
        assert_eq!(told["Reason"], reason);
    }
}

/// Else a stack that could not be made could not be deleted either.
#[tokio::test]
async fn a_delete_touches_nothing_and_succeeds() {
    let fine = told("Delete", Err("no database".to_owned())).await;
    assert_eq!(fine["Status"], "SUCCESS");
}

#[tokio::test]
async fn a_command_gets_pages_of_hashes() {
    let https = Https::new();
    let ask = async |event: Value| {
        let event = serde_json::from_value(event).unwrap();
        let database = Database(Ok(1));
        serde_json::to_value(serve(event, Ok(&database), &https).await).unwrap()
    };
    assert_eq!(ask(json!({"task": "migrate"})).await, json!({"version": 1}));
    assert_eq!(ask(json!({"task": "count"})).await, json!({"count": 7}));
    let first = ask(json!({"task": "hashes"})).await;
    assert_eq!(first["hashes"]["orders"].as_array().unwrap().len(), 10_000);
    assert_eq!(first["hashes"]["next"], "10000");
    let last = ask(json!({"task": "hashes", "after": "10000"})).await;
    assert_eq!(
        last["hashes"],
        json!({"orders": [
            {"order_key": "10001", "content_hash": "hash 10001", "accepted_at": 1, "stored_at": 2},
            {"order_key": "10002", "content_hash": "hash 10002", "accepted_at": 1, "stored_at": 2},
        ], "next": null})
    );
}

/// A function that was built for another store says so, and stands in no delete's way.
#[tokio::test]
async fn a_function_that_cannot_administer_says_why() {
    for (kind, status) in [("Update", "FAILED"), ("Delete", "SUCCESS")] {
        let s3 = StandIn::answering([Said::new(200, "")]).await;
        let event = json!({
            "RequestType": kind, "ResponseURL": s3.url(), "StackId": "s", "RequestId": "r",
            "LogicalResourceId": "DatabaseSchema", "PhysicalResourceId": "schema",
        });
        let answer = refused(&event, "built for DynamoDB", &Https::new()).await;
        assert_eq!(answer, json!({"failed": "built for DynamoDB"}));
        let told = s3.bodies().pop().unwrap();
        assert_eq!(
            (&told["Status"], &told["PhysicalResourceId"]),
            (&json!(status), &json!("schema"))
        );
    }
    let task = refused(&json!({"task": "migrate"}), "no", &Https::new()).await;
    assert_eq!(task, json!({"failed": "no"}));
}
