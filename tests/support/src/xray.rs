//! The local X-Ray, `receive-traces` of local/xray: what the functions have sent of an order, and what was refused.

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

    /// The traces in which the order is, the oldest first.
    pub async fn traces_of(&self, order_id: &str) -> Vec<OrderTrace> {
        let mut traces: Vec<OrderTrace> = Vec::new();
        let mut documents = self.documents_of(order_id).await;
        documents.retain(|document| document["annotations"]["order_id"] == order_id);
        documents.sort_by(|a, b| start(a).total_cmp(&start(b)));
        for document in documents {
            let id = document["trace_id"].as_str().expect("a text").to_owned();
            let at = traces.iter().position(|trace| trace.id == id);
            let at = at.unwrap_or_else(|| {
                traces.push(OrderTrace::new(id));
                traces.len() - 1
            });
            if document["name"] == "accept-order" {
                traces[at].accepted.push(document);
            } else {
                traces[at].fulfilled.push(document);
            }
        }
        traces
    }

    /// The documents of all traces that have to do with the order.
    async fn documents_of(&self, order_id: &str) -> Vec<Value> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.expect("the clock is right").as_secs();
        let filter = format!(r#"annotation.order_id = "{order_id}""#);
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

/// What X-Ray has of an order in one trace.
#[derive(Debug)]
pub struct OrderTrace {
    /// The trace's id.
    pub id: String,
    /// From accept-order, which sends a subsegment for each call.
    pub accepted: Vec<Value>,
    /// From fulfill-orders, which sends a segment for each receive.
    pub fulfilled: Vec<Value>,
}

impl OrderTrace {
    fn new(id: String) -> Self {
        Self {
            id,
            accepted: Vec::new(),
            fulfilled: Vec::new(),
        }
    }

    /// What became of the order at each receive.
    pub fn outcomes(&self) -> Vec<&str> {
        self.fulfilled
            .iter()
            .filter_map(|document| document["annotations"]["outcome"].as_str())
            .collect()
    }
}

fn start(document: &Value) -> f64 {
    document["start_time"].as_f64().expect("a number")
}

async fn read(answer: reqwest::Result<reqwest::Response>) -> Value {
    let answer = answer.and_then(reqwest::Response::error_for_status);
    let body = answer.expect("an answer").bytes().await;
    serde_json::from_slice(&body.expect("a body")).expect("JSON")
}
