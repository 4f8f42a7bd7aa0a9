//! What Lambda and CodeDeploy are sent, and what becomes of their answers.

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use serde_json::json;
use sluice_runtime::{Https, Service, aws::Budget};
use sluice_testing::stand_in::{Answer, StandIn};
use smoke_order::{Call, Function, Functions, LambdaFunctions, tell_codedeploy};

const BUDGET: Budget = Budget {
    attempts: 2,
    attempt: Duration::from_secs(1),
    total: Duration::from_secs(5),
};

fn service(name: &'static str, at: &StandIn) -> Service {
    let credentials = Credentials::new("AKID", "secret", Some("token".to_owned()), None, "test");
    let provider = SharedCredentialsProvider::new(credentials);
    Service::at(
        name,
        &at.url(),
        "eu-west-1",
        provider,
        BUDGET,
        &Https::new(),
    )
}

async fn invoked(answers: impl IntoIterator<Item = Answer>) -> (StandIn, Result<u16, String>) {
    let lambda = StandIn::answering(answers).await;
    let names = ["accept", "read"].map(str::to_owned);
    let [accept, read] = names;
    let functions = LambdaFunctions::new(service("lambda", &lambda), accept, read);
    let event = json!({"smoke": true});
    let answer = functions.call(Function::ReadOrders, &event).await;
    (lambda, answer.map(|answer| answer.status))
}

#[tokio::test]
async fn a_function_is_invoked_with_the_event_signed() {
    let answered = Answer::new(200, r#"{"statusCode": 202, "body": "{}"}"#);
    let (lambda, status) = invoked([answered]).await;
    assert_eq!(status, Ok(202));
    let call = &lambda.calls()[0];
    assert_eq!(call.uri.path(), "/2015-03-31/functions/read/invocations");
    assert_eq!(call.json(), json!({"smoke": true}));
    let signature = call.header("authorization").unwrap();
    assert!(
        signature.contains("/eu-west-1/lambda/aws4_request"),
        "{signature}"
    );
    assert_eq!(call.header("x-amz-security-token"), Some("token"));
}

#[tokio::test]
async fn what_lambda_says_has_its_meaning() {
    let refused = Answer::new(403, "{}").header("x-amzn-errortype", "AccessDeniedException");
    let failed = Answer::new(200, r#"{"errorMessage": "no"}"#);
    for (answer, meaning) in [
        (Answer::new(429, ""), Ok(429)),
        (refused, Err("403 AccessDeniedException")),
        (
            failed.header("x-amz-function-error", "Unhandled"),
            Err("failed, and its log"),
        ),
        (Answer::new(200, "null"), Err("gave no answer for the API")),
        (Answer::lost(), Err("no connection")),
    ] {
        let (_, status) = invoked([answer]).await;
        match (status, meaning) {
            (Ok(status), Ok(meant)) => assert_eq!(status, meant),
            (Err(said), Err(meant)) => assert!(said.contains(meant), "{said}: {meant}"),
            other => assert_eq!(other.0.is_ok(), other.1.is_ok(), "{other:?}"),
        }
    }
}

/// A smoke order that is posted twice is the same one.
#[tokio::test]
async fn what_may_work_later_is_tried_again() {
    for first in [Answer::new(503, ""), Answer::lost(), Answer::never()] {
        let answered = Answer::new(200, r#"{"statusCode": 200}"#);
        let (lambda, status) = invoked([first, answered]).await;
        assert_eq!(status, Ok(200));
        assert_eq!(lambda.calls().len(), 2);
    }
}

#[tokio::test]
async fn codedeploy_hears_whether_the_version_passed() {
    let hears = StandIn::answering([Answer::new(200, "{}")]).await;
    let codedeploy = service("codedeploy", &hears);
    let call = Call {
        deployment: Some("d-1".to_owned()),
        execution: Some("e-1".to_owned()),
        wait_seconds: None,
    };
    for (passed, status) in [(true, "Succeeded"), (false, "Failed")] {
        tell_codedeploy(&codedeploy, &call, passed).await.unwrap();
        let calls = hears.calls();
        let told = calls.last().unwrap();
        assert_eq!(
            told.json(),
            json!({"deploymentId": "d-1", "lifecycleEventHookExecutionId": "e-1", "status": status})
        );
        assert_eq!(told.operation(), "PutLifecycleEventHookExecutionStatus");
        assert_eq!(
            told.header("content-type"),
            Some("application/x-amz-json-1.1")
        );
    }
    // By hand, nobody waits to hear.
    tell_codedeploy(&codedeploy, &Call::default(), true)
        .await
        .unwrap();
    assert_eq!(hears.calls().len(), 2);
}

/// Without its answer CodeDeploy waits for an hour.
#[tokio::test]
async fn what_codedeploy_throttles_is_said_again() {
    let busy = Answer::new(400, r#"{"__type": "ThrottlingException"}"#);
    let hears = StandIn::answering([busy, Answer::new(200, "{}")]).await;
    let call = Call {
        deployment: Some("d-1".to_owned()),
        execution: Some("e-1".to_owned()),
        wait_seconds: None,
    };
    let told = tell_codedeploy(&service("codedeploy", &hears), &call, true).await;
    assert_eq!(told, Ok(()));
    assert_eq!(hears.calls().len(), 2);
}

#[tokio::test]
async fn what_codedeploy_refuses_is_said() {
    let refuses = StandIn::answering([Answer::new(400, r#"{"__type": "InvalidX"}"#)]).await;
    let call = Call {
        deployment: Some("d-1".to_owned()),
        execution: Some("e-1".to_owned()),
        wait_seconds: None,
    };
    let told = tell_codedeploy(&service("codedeploy", &refuses), &call, true).await;
    assert_eq!(told, Err(r#"400 {"__type": "InvalidX"}"#.to_owned()));
}
