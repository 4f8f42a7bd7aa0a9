//! When orders may be stored elsewhere, as CloudFormation hears it.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use serde_json::{Value, json};
use sluice_runtime::{Https, Service, aws::Budget, custom_resource::Request};
use sluice_testing::stand_in::{Answer, StandIn};
use smoke_order::{Sources, guard};

/// The states of the event sources, by the lanes' queues; the queue that is missing cannot be asked for.
struct Lanes(&'static [(&'static str, &'static str)]);

impl Sources for Lanes {
    async fn states(&self, queue: &str) -> Result<Vec<String>, String> {
        let of_queue = |(name, state): &(&str, &str)| (*name == queue).then(|| (*state).to_owned());
        let states: Vec<_> = self.0.iter().filter_map(of_queue).collect();
        if states.is_empty() {
            return Err(format!("Lambda cannot be asked for {queue}"));
        }
        Ok(states)
    }
}

const PAUSED: Lanes = Lanes(&[("standard", "Disabled"), ("hot", "Disabled")]);

/// What CloudFormation hears of a stack that stored its orders at `before`.
async fn heard(kind: &str, before: Option<&str>, store: &str, lanes: Lanes) -> Value {
    heard_with(["false"; 2], kind, before, store, lanes).await
}

/// The hot lane is let run before and by the deploy, or is not.
async fn heard_with(
    [was_enabled, enabled]: [&str; 2],
    kind: &str,
    before: Option<&str>,
    store: &str,
    lanes: Lanes,
) -> Value {
    let s3 = StandIn::answering([Answer::new(200, "")]).await;
    let properties = |enabled| {
        json!({
            "ServiceToken": "arn", "Store": store, "OrdersTable": "orders",
            "StandardQueue": "standard", "HotQueue": "hot",
            "StandardEnabled": "false", "HotEnabled": enabled,
        })
    };
    let request: Request = serde_json::from_value(json!({
        "RequestType": kind, "ResponseURL": s3.url(), "StackId": "s", "RequestId": "r",
        "LogicalResourceId": "StoreChange", "PhysicalResourceId": before,
        "ResourceProperties": properties(enabled), "OldResourceProperties": properties(was_enabled),
    }))
    .unwrap();
    guard(request, &lanes, &Https::new()).await;
    s3.bodies().pop().unwrap()
}

fn is_fine(heard: &Value, place: &str) {
    let answer = (&heard["Status"], &heard["PhysicalResourceId"]);
    assert_eq!(answer, (&json!("SUCCESS"), &json!(place)), "{heard}");
}

#[tokio::test]
async fn orders_move_only_while_both_lanes_are_paused() {
    const TABLE: &str = "dynamodb orders";
    let table = Some(TABLE);
    is_fine(&heard("Update", table, "mysql", PAUSED).await, "mysql");
    is_fine(
        &heard("Update", Some("mysql"), "dynamodb", PAUSED).await,
        "dynamodb orders",
    );
    for (lanes, lane, state) in [
        (
            &[("standard", "Enabled"), ("hot", "Disabled")],
            "standard",
            "Enabled",
        ),
        (
            &[("standard", "Disabled"), ("hot", "Disabling")],
            "hot",
            "Disabling",
        ),
    ] {
        let refused = heard("Update", table, "postgres", Lanes(lanes)).await;
        assert_eq!(refused["Status"], "FAILED");
        let why = refused["Reason"].as_str().unwrap();
        assert!(why.contains(&format!("the lane {lane} runs")), "{why}");
        assert!(why.contains(state), "{why}");
        assert_eq!(
            refused["PhysicalResourceId"], TABLE,
            "orders stay where they are"
        );
    }
    let another = heard(
        "Update",
        Some("dynamodb old"),
        "dynamodb",
        Lanes(&[("standard", "Enabled")]),
    );
    assert_eq!(
        another.await["Status"],
        "FAILED",
        "another table is another place"
    );
}

/// CloudFormation asks for the old place when it takes a deploy back; and a deploy may change anything else.
#[tokio::test]
async fn who_stays_needs_no_pause() {
    const RUNNING: Lanes = Lanes(&[("standard", "Enabled"), ("hot", "Enabled")]);
    is_fine(
        &heard("Update", Some("postgres"), "postgres", RUNNING).await,
        "postgres",
    );
    is_fine(
        &heard("Create", None, "postgres", RUNNING).await,
        "postgres",
    );
    is_fine(
        &heard("Delete", Some("postgres"), "dynamodb", RUNNING).await,
        "postgres",
    );
}

/// It would store orders in the new place, and the deploy may yet be taken back.
#[tokio::test]
async fn a_deploy_that_moves_orders_lets_no_lane_run() {
    let (mysql, table) = (Some("mysql"), Some("dynamodb orders"));
    let both = ["true"; 2];
    let refused = heard_with(both, "Update", mysql, "dynamodb", PAUSED).await;
    assert_eq!(refused["Status"], "FAILED");
    let why = refused["Reason"].as_str().unwrap();
    assert!(why.contains("let the lane hot run"), "{why}");
    let stays = heard_with(both, "Update", table, "dynamodb", PAUSED).await;
    is_fine(&stays, "dynamodb orders");
    let is_taken_back = ["false", "true"];
    let back = heard_with(is_taken_back, "Update", mysql, "dynamodb", PAUSED).await;
    is_fine(&back, "dynamodb orders");
}

#[tokio::test]
async fn a_lane_that_cannot_be_asked_for_is_not_taken_for_paused() {
    let unknown = Lanes(&[("standard", "Disabled")]);
    let refused = heard("Update", Some("postgres"), "mysql", unknown).await;
    assert_eq!(refused["Status"], "FAILED");
    assert_eq!(refused["Reason"], "Lambda cannot be asked for hot");
}

#[tokio::test]
async fn lambda_is_asked_what_feeds_from_a_queue() {
    const BUDGET: Budget = Budget {
        attempts: 1,
        attempt: Duration::from_secs(1),
        total: Duration::from_secs(5),
    };
    let listed = r#"{"EventSourceMappings": [{"State": "Enabled"}, {"State": "Disabled"}]}"#;
    let denied = Answer::new(403, "{}").header("x-amzn-errortype", "AccessDeniedException");
    let stand_in = StandIn::answering([Answer::new(200, listed), denied]).await;
    let credentials = Credentials::new("AKID", "secret", None, None, "test");
    let lambda = Service::at(
        "lambda",
        &stand_in.url(),
        "eu-west-1",
        SharedCredentialsProvider::new(credentials),
        BUDGET,
        &Https::new(),
    );
    let queue = "arn:aws:sqs:eu-west-1:1:q";
    assert_eq!(lambda.states(queue).await.unwrap(), ["Enabled", "Disabled"]);
    let call = &stand_in.calls()[0];
    assert_eq!(
        (call.method.as_str(), call.uri.path()),
        ("GET", "/2015-03-31/event-source-mappings/")
    );
    assert_eq!(
        call.uri.query(),
        Some("EventSourceArn=arn%3Aaws%3Asqs%3Aeu-west-1%3A1%3Aq")
    );
    let why = lambda.states(queue).await.unwrap_err();
    assert!(why.contains("403 AccessDeniedException"), "{why}");
}
