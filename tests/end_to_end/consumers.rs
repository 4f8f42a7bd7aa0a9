//! The consumers as the local AWS runs them: their processes, their settings, and what feeds them.

use std::{collections::HashMap, env, fs, process::Command};

use reqwest::Method;
use serde_json::{Map, Value, json};
use sluice_tests::{proxy::Proxy, stack::signature};

use crate::stack::{Stack, wait_for};

/// Outputs of the stack with the names of its functions.
const FUNCTIONS: [&str; 2] = ["FulfillStandardFunction", "FulfillHotFunction"];

/// The setting by which the AWS SDK finds `DynamoDB`, and nothing else, elsewhere.
const STORAGE: &str = "AWS_ENDPOINT_URL_DYNAMODB";

/// The queue's visibility timeout in the template, in seconds.
const VISIBILITY: u32 = 361;

impl Stack {
    /// Makes the consumers and what feeds them as the template has them: when a test begins, since the one
    /// before may not have come to its end, and when it ends.
    pub async fn as_deployed(&self) {
        self.storage_at(None).await;
        self.deliver(true).await;
        self.visibility(VISIBILITY).await;
    }

    /// From now on the consumers reach storage through this proxy only.
    pub async fn storage_through(&self, proxy: &Proxy) {
        self.storage_at(Some(&proxy.url())).await;
    }

    async fn storage_at(&self, url: Option<&str>) {
        for function in FUNCTIONS {
            let path = format!(
                "/2015-03-31/functions/{}/configuration",
                self.output(function)
            );
            let settings = async || self.lambda(Method::GET, &path, None).await;
            let mut variables: Map<String, Value> =
                serde_json::from_value(settings().await["Environment"]["Variables"].clone())
                    .expect("the function has settings");
            if variables.get(STORAGE).and_then(Value::as_str) == url {
                continue;
            }
            match url {
                Some(url) => variables.insert(STORAGE.to_owned(), url.into()),
                None => variables.remove(STORAGE),
            };
            let change = json!({"Environment": {"Variables": variables}});
            self.lambda(Method::PUT, &path, Some(change)).await;
            wait_for("the function to have its settings", async || {
                settings().await["LastUpdateStatus"] == "Successful"
            })
            .await;
        }
        wait_for("processes with other settings to be gone", async || {
            processes()
                .values()
                .all(|settings| settings.get(STORAGE).map(String::as_str) == url)
        })
        .await;
    }

    /// Whether the event sources take messages from the queues.
    pub async fn deliver(&self, enabled: bool) {
        let wanted = if enabled { "Enabled" } else { "Disabled" };
        for function in FUNCTIONS {
            let path = format!(
                "/2015-03-31/event-source-mappings/?FunctionName={}",
                self.output(function)
            );
            let sources = async || {
                let found = self.lambda(Method::GET, &path, None).await;
                let found = found["EventSourceMappings"].as_array().cloned();
                found.expect("the function has event sources")
            };
            for source in sources().await {
                if source["State"] != wanted {
                    let id = source["UUID"].as_str().expect("an event source has an id");
                    let path = format!("/2015-03-31/event-source-mappings/{id}");
                    let change = json!({"Enabled": enabled});
                    self.lambda(Method::PUT, &path, Some(change)).await;
                }
            }
            wait_for("the event source to be switched", async || {
                sources().await.iter().all(|s| s["State"] == wanted)
            })
            .await;
        }
    }

    /// What a killed consumer held comes again after seconds, not after the six minutes of the template.
    pub async fn short_visibility(&self) {
        self.visibility(4).await;
    }

    async fn visibility(&self, seconds: u32) {
        for queue in ["StandardQueueUrl", "HotQueueUrl"] {
            self.set_visibility_timeout(queue, seconds).await;
        }
    }

    /// Asks the Lambda API. The SDK's client for it would be by far the largest crate here.
    async fn lambda(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let request = self
            .to_aws(method, path)
            .header("authorization", signature("lambda"))
            .header("content-type", "application/json")
            .body(body.map_or(String::new(), |body| body.to_string()));
        let answer = self.send_as_is(request).await;
        assert!(answer.status < 300, "{path}: {answer:?}");
        answer.body
    }
}

/// The processes of this stack's consumers, with their settings. The local AWS runs each as a process of the host.
fn processes() -> HashMap<u32, HashMap<String, String>> {
    let endpoint = env::var("AWS_ENDPOINT_URL").expect("the stack is a local one");
    let wanted = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("POWERTOOLS_SERVICE_NAME", "fulfill-orders"),
    ];
    fs::read_dir("/proc")
        .expect("/proc is there")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .map(|pid: u32| (pid, settings(pid)))
        .filter(|(_, settings)| {
            wanted
                .iter()
                .all(|(name, value)| settings.get(*name).is_some_and(|v| v == value))
        })
        .collect()
}

/// None, if the process has ended meanwhile.
fn settings(pid: u32) -> HashMap<String, String> {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    String::from_utf8_lossy(&environment)
        .split('\0')
        .filter_map(|setting| setting.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Kills so many of the consumers' processes with signal 9, and tells how many there were to be killed.
pub fn kill_consumers(at_most: usize) -> usize {
    let pids: Vec<_> = processes()
        .into_keys()
        .take(at_most)
        .map(|pid| pid.to_string())
        .collect();
    if !pids.is_empty() {
        // One may have ended by itself meanwhile, which is no matter.
        let _ = Command::new("kill")
            .arg("-9")
            .args(&pids)
            .stderr(std::process::Stdio::null())
            .status();
    }
    pids.len()
}
