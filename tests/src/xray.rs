//! The local X-Ray, `sluice receive-traces`: what the functions have sent of an order, and what was refused.

use std::{
    env,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

/// How far back traces are looked for, in seconds.
const LONG_AGO: u64 = 2 * 60 * 60;

/// X-Ray's API where the stack's functions send their traces.
pub struct XRay {
    endpoint: String,
    http: reqwest::Client,
}

impl XRay {
    /// The one of the stack, which `local/stack` names.
    pub fn of_stack() -> Self {
        let http = reqwest::Client::builder().no_proxy().build();
        Self {
            endpoint: env::var("AWS_ENDPOINT_URL_XRAY").expect("`local/with-stack` sets it"),
            http: http.expect("a client"),
        }
    }

    /// The documents of all traces that have to do with the order.
    pub async fn documents_of(&self, order_id: &str) -> Vec<Value> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.expect("the clock is right").as_secs();
        let filter = format!(r#"annotation[order_id] = "{order_id}""#);
        let range = json!({
            "StartTime": now - LONG_AGO, "EndTime": now + 1,
            "FilterExpression": filter,
        });
        let found = self.post("TraceSummaries", &range).await;
        let summaries = found["TraceSummaries"].as_array().expect("a list");
        if summaries.is_empty() {
            return Vec::new();
        }
        let ids: Vec<_> = summaries.iter().map(|summary| &summary["Id"]).collect();
        let found = self.post("Traces", &json!({"TraceIds": ids})).await;
        let traces = found["Traces"].as_array().expect("a list");
        let segments = traces
            .iter()
            .filter_map(|trace| trace["Segments"].as_array());
        segments
            .flatten()
            .map(|segment| segment["Document"].as_str().expect("a text"))
            .map(|document| serde_json::from_str(document).expect("JSON"))
            .collect()
    }

    /// How many documents broke which of X-Ray's rules.
    pub async fn refused(&self) -> Value {
        let answer = self.http.get(&self.endpoint).send().await;
        read(answer).await["refused"].take()
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}/{path}", self.endpoint));
        read(request.body(body.to_string()).send().await).await
    }
}

async fn read(answer: reqwest::Result<reqwest::Response>) -> Value {
    let answer = answer.and_then(reqwest::Response::error_for_status);
    let body = answer.expect("an answer").bytes().await;
    serde_json::from_slice(&body.expect("a body")).expect("JSON")
}
