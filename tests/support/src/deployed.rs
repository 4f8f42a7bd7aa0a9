//! The stack that the environment names: `local/with-stack` deployed it.

use std::{collections::HashMap, env, time::Duration};

use aws_config::{BehaviorVersion, SdkConfig};
use serde_json::{Value, json};
use sluice_runtime::Https;

/// A deployed stack, as a test finds it.
pub struct Deployed {
    /// How the SDK reaches it.
    pub config: SdkConfig,
    /// For requests that no SDK makes.
    pub http: reqwest::Client,
    /// Address of the local AWS.
    pub endpoint: String,
    outputs: HashMap<String, String>,
}

impl Deployed {
    /// The stack that `SLUICE_STACK` names.
    pub async fn find() -> Self {
        let name =
            env::var("SLUICE_STACK").expect("`make test` brings up the stack that this needs");
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(Https::new())
            .load()
            .await;
        let described = aws_sdk_cloudformation::Client::new(&config)
            .describe_stacks()
            .stack_name(name)
            .send()
            .await
            .expect("the stack is deployed");
        let outputs = described.stacks()[0]
            .outputs()
            .iter()
            .filter_map(|o| Some((o.output_key()?.to_owned(), o.output_value()?.to_owned())))
            .collect();
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .expect("a client can be made");
        Self {
            config,
            http,
            endpoint: env::var("AWS_ENDPOINT_URL").expect("the stack is a local one"),
            outputs,
        }
    }

    /// One of its outputs.
    pub fn output(&self, name: &str) -> &str {
        &self.outputs[name]
    }

    /// The secrets that its functions seal ids with, as JSON.
    pub async fn secrets(&self) -> String {
        let request = self
            .http
            .post(&self.endpoint)
            .header("authorization", signature("secretsmanager"))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", "secretsmanager.GetSecretValue")
            .body(json!({"SecretId": self.output("OrderIdSecretArn")}).to_string());
        let answer = async { request.send().await?.text().await }.await;
        let answer: Value = serde_json::from_str(&answer.expect("the local AWS answers"))
            .expect("it answers with JSON");
        answer["SecretString"]
            .as_str()
            .expect("a secret")
            .to_owned()
    }
}

/// A made-up signature: the local AWS takes any, but refuses a call with none at all.
pub fn signature(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20261127/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=00"
    )
}
