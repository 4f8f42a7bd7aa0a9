//! A custom resource of CloudFormation: its question, and the answer.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref.html>

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use lambda_runtime::{Context, Error};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::Https;

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
    #[serde(default)]
    resource_properties: Value,
    #[serde(default)]
    old_resource_properties: Value,
}

impl Request {
    /// Whether the resource is to go.
    pub fn is_delete(&self) -> bool {
        self.kind == "Delete"
    }

    /// The id that the resource was given when it was made or changed last; `None` where it is made.
    pub fn physical_id(&self) -> Option<&str> {
        self.physical_resource_id.as_deref()
    }

    /// The resource's properties, as the template has them. Numbers and booleans are text.
    pub fn properties(&self) -> &Value {
        &self.resource_properties
    }

    /// The properties before an update. When CloudFormation takes a deploy back, these are the deploy's.
    pub fn old_properties(&self) -> &Value {
        &self.old_resource_properties
    }

    /// Tells CloudFormation that it is done, or why not, and waits until that is heard. The resource's id becomes `physical_id`;
    /// with another id than before CloudFormation takes the resource for replaced, and deletes the old one later. After a failure
    /// the id stays.
    pub async fn answer(&self, physical_id: &str, failure: Option<&str>, https: &Https) {
        let body = self.answered(physical_id, failure);
        for attempt in 1..=ATTEMPTS {
            let unheard = match put(&self.answer_to, &body, https).await {
                Ok(()) => return,
                Err(unheard) => unheard,
            };
            tracing::error!(attempt, failure = unheard, "CloudFormation was not told");
            https.trust_system();
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// The answer as CloudFormation reads it.
    fn answered(&self, physical_id: &str, failure: Option<&str>) -> String {
        // JSON writes a control character as six, and the answer must stay short.
        let reason = failure.unwrap_or_default().replace(char::is_control, " ");
        let reason = &reason[..reason.floor_char_boundary(REASON)];
        let kept = self.physical_id().filter(|_| failure.is_some());
        json!({
            "Status": if failure.is_some() { "FAILED" } else { "SUCCESS" },
            "Reason": reason,
            "PhysicalResourceId": kept.unwrap_or(physical_id),
            "StackId": self.stack_id,
            "RequestId": self.id,
            "LogicalResourceId": self.logical_resource_id,
        })
        .to_string()
    }
}

/// Runs a function that cannot do what it is asked for: it answers why. CloudFormation would wait for a function that only fails.
///
/// # Errors
/// The Runtime API is out of reach.
pub async fn refuse(crate_name: &'static str, why: &str) -> Result<(), Error> {
    crate::run(crate_name, async || {
        let https = Https::new();
        Ok(async move |event: Value, _: Context| refused(&event, why, &https).await)
    })
    .await
}

/// The answer of such a function, which CloudFormation is told too, if it asked. A delete finds nothing to do.
pub async fn refused(event: &Value, why: &str, https: &Https) -> Value {
    tracing::error!(why, "nothing was done");
    if let Ok(request) = Request::deserialize(event) {
        let failure = (!request.is_delete()).then_some(why);
        let id = request.physical_id().unwrap_or("none");
        request.answer(id, failure, https).await;
    }
    json!({"failed": why})
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
