//! The stack that the functions work on.

use std::{collections::HashMap, env, net::SocketAddr};

use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

/// One test at a time: each has an engine of its own.
static TURN: Mutex<()> = Mutex::const_new(());

pub struct Stack {
    outputs: HashMap<String, String>,
    /// Where the local AWS listens.
    pub address: SocketAddr,
    _turn: MutexGuard<'static, ()>,
}

impl Stack {
    /// The stack that the environment names, once it is this test's turn.
    pub async fn take() -> Self {
        let turn = TURN.lock().await;
        let name = env::var("SLUICE_STACK").expect("run these by `make sam-local`");
        let config = aws_config::load_from_env().await;
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
        let endpoint = env::var("AWS_ENDPOINT_URL").expect("a stack runs");
        let address = endpoint.trim_start_matches("http://");
        Self {
            outputs,
            address: address.parse().expect("the endpoint is an address"),
            _turn: turn,
        }
    }

    /// The settings that the deployment would fill in. Each function takes those that the template declares for it.
    pub fn settings(&self, secrets: &str) -> HashMap<&'static str, String> {
        let output = |name: &str| self.outputs[name].clone();
        HashMap::from([
            ("ORDER_ID_SECRETS", secrets.to_owned()),
            ("ORDERS_TOPIC_ARN", output("OrdersTopicArn")),
            ("ORDERS_TABLE", output("OrdersTable")),
            ("QUEUE_URL", output("StandardQueueUrl")),
            (
                "DEAD_LETTER_QUEUE_URL",
                output("StandardDeadLetterQueueUrl"),
            ),
        ])
    }

    /// The secrets that the deployed functions seal ids with.
    pub async fn secrets(&self) -> String {
        // The local AWS takes any signature, but refuses none at all.
        let signature = "AWS4-HMAC-SHA256 Credential=test/20261127/us-east-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=00";
        let request = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client can be made")
            .post(format!("http://{}", self.address))
            .header("authorization", signature)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", "secretsmanager.GetSecretValue")
            .body(json!({"SecretId": self.outputs["OrderIdSecretArn"]}).to_string());
        let answer = async { request.send().await?.text().await };
        let answer = answer.await.expect("the local AWS answers");
        let answer: Value = serde_json::from_str(&answer).expect("it answers JSON");
        answer["SecretString"]
            .as_str()
            .expect("a secret")
            .to_owned()
    }
}
