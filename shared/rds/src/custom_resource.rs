//! CloudFormation's question and the answer.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref.html>

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde::Deserialize;
use serde_json::json;
use sluice_runtime::Https;
use tokio::time::{sleep, timeout};

use crate::Answer;

/// The most bytes of a reason, so that the answer stays below CloudFormation's 4,096.
const REASON: usize = 1_000;

/// How often it is tried to answer. Without an answer CloudFormation waits until its own time is over.
const ATTEMPTS: u32 = 5;

/// What CloudFormation asks.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    #[serde(rename = "RequestType")]
    kind: String,
    #[serde(rename = "ResponseURL")]
    answer_to: String,
    #[serde(rename = "RequestId")]
    id: String,
    stack_id: String,
    logical_resource_id: String,
    physical_resource_id: Option<String>,
}

impl Request {
    pub(crate) fn is_delete(&self) -> bool {
        self.kind == "Delete"
    }

    /// The answer as CloudFormation reads it.
    fn answered(&self, answer: &Answer) -> String {
        let (status, reason) = match answer {
            Answer::Failed(why) => ("FAILED", why.as_str()),
            _ => ("SUCCESS", ""),
        };
        // It never changes: with another id CloudFormation would take the old one for replaced, and delete it.
        let id = self.physical_resource_id.as_deref().unwrap_or("schema");
        let reason = &reason[..reason.floor_char_boundary(REASON)];
        json!({
            "Status": status,
            "Reason": reason,
            "PhysicalResourceId": id,
            "StackId": self.stack_id,
            "RequestId": self.id,
            "LogicalResourceId": self.logical_resource_id,
        })
        .to_string()
    }
}

/// Tells CloudFormation, which waits for it.
pub(crate) async fn answer(request: &Request, answer: &Answer, https: &Https) {
    let body = request.answered(answer);
    for attempt in 1..=ATTEMPTS {
        let failure = match put(&request.answer_to, &body, https).await {
            Ok(()) => return,
            Err(failure) => failure,
        };
        tracing::error!(attempt, failure, "CloudFormation was not told");
        https.trust_system();
        sleep(Duration::from_secs(1)).await;
    }
}

/// The address is signed for a request without a type.
async fn put(url: &str, body: &str, https: &Https) -> Result<(), String> {
    let mut put = HttpRequest::new(SdkBody::from(body));
    let built = put.set_method("PUT").and(put.set_uri(url));
    built.map_err(|_| "the address is none")?;
    let length = body.len().to_string();
    put.headers_mut().insert("content-length", length);
    let sent = timeout(Duration::from_secs(10), https.send(put)).await;
    match sent.map_err(|_| "no answer")??.status {
        200..=299 => Ok(()),
        status => Err(format!("S3 answered {status}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use sluice_testing::stand_in::{Answer as Said, StandIn};

    use super::*;
    use crate::{Administered, Event, serve};

    struct Database(Result<i32, String>);

    impl Administered for Database {
        async fn migrate(&self) -> Result<i32, String> {
            self.0.clone()
        }

        async fn count(&self) -> Result<u64, String> {
            Ok(7)
        }

        async fn hashes(&self, after: &str, limit: u32) -> Result<Vec<(String, String)>, String> {
            let behind = (after.parse().unwrap_or(0) + 1..=10_002_u32).take(limit as usize);
            Ok(behind
                .map(|n| (n.to_string(), format!("hash {n}")))
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
            json!({"orders": [["10001", "hash 10001"], ["10002", "hash 10002"]], "next": null})
        );
    }
}
