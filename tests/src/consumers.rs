//! The consumers as the local AWS runs them: their processes, their settings, and what feeds them.

use std::{collections::HashMap, env, fs, process::Command};

use reqwest::Method;
use serde_json::{Map, Value, json};
use sluice_order::Lane;

use crate::{
    deployed::signature,
    lane,
    proxy::Proxy,
    stack::{Stack, wait_for},
};

/// The setting by which the AWS SDK finds `DynamoDB`, and nothing else, elsewhere.
const STORAGE: &str = "AWS_ENDPOINT_URL_DYNAMODB";

/// The queue's visibility timeout in the template, in seconds.
const VISIBILITY: u32 = 361;

impl Stack {
    /// Makes the consumers and what feeds them as the template has them: when a test begins, since the one
    /// before may not have come to its end, and when it ends.
    pub async fn as_deployed(&self) {
        for lane in Lane::ALL {
            self.storage_at(lane, None).await;
            self.batches_as_deployed(lane).await;
            self.set_visibility_timeout(lane, VISIBILITY).await;
            self.deliver_in(lane, true).await;
        }
    }

    /// From now on the consumers reach storage through this proxy only.
    pub async fn storage_through(&self, proxy: &Proxy) {
        for lane in Lane::ALL {
            self.storage_in(lane, proxy).await;
        }
    }

    /// From now on this lane's consumer reaches storage through this proxy only.
    pub async fn storage_in(&self, lane: Lane, proxy: &Proxy) {
        self.storage_at(lane, Some(&proxy.url())).await;
    }

    async fn storage_at(&self, lane: Lane, url: Option<&str>) {
        let mut variables = self.settings(lane).await;
        if variables.get(STORAGE).and_then(Value::as_str) != url {
            match url {
                Some(url) => variables.insert(STORAGE.to_owned(), url.into()),
                None => variables.remove(STORAGE),
            };
            let change = json!({"Environment": {"Variables": variables}});
            let path = self.configuration(lane);
            self.lambda(Method::PUT, &path, Some(change)).await;
            wait_for("the function to have its settings", async || {
                let now = self.lambda(Method::GET, &path, None).await;
                now["LastUpdateStatus"] == "Successful"
            })
            .await;
        }
        wait_for("processes with other settings to be gone", async || {
            processes(&[lane])
                .values()
                .all(|settings| settings.get(STORAGE).map(String::as_str) == url)
        })
        .await;
    }

    /// The settings of a lane's consumer.
    pub async fn settings(&self, lane: Lane) -> Map<String, Value> {
        let path = self.configuration(lane);
        let found = self.lambda(Method::GET, &path, None).await;
        serde_json::from_value(found["Environment"]["Variables"].clone())
            .expect("the function has settings")
    }

    fn configuration(&self, lane: Lane) -> String {
        let function = self.output(lane::function(lane));
        format!("/2015-03-31/functions/{function}/configuration")
    }

    /// Whether the event sources take messages from the queues.
    pub async fn deliver(&self, enabled: bool) {
        for lane in Lane::ALL {
            self.deliver_in(lane, enabled).await;
        }
    }

    /// Whether this lane's event source takes messages from the queue.
    pub async fn deliver_in(&self, lane: Lane, enabled: bool) {
        let wanted = if enabled { "Enabled" } else { "Disabled" };
        if self.source(lane).await["State"] == wanted {
            return;
        }
        self.change_source(lane, json!({"Enabled": enabled})).await;
        wait_for("the event source to be switched", async || {
            self.source(lane).await["State"] == wanted
        })
        .await;
    }

    /// At most so many messages in a batch, in both lanes.
    pub async fn batches_of(&self, size: u32) {
        for lane in Lane::ALL {
            self.batch_size(lane, size).await;
        }
    }

    /// The consumer is told what its event source is set to, so it knows what was deployed.
    async fn batches_as_deployed(&self, lane: Lane) {
        let settings = self.settings(lane).await;
        let size = settings["BATCH_SIZE"].as_str().map(str::parse);
        let size = size.and_then(Result::ok).expect("a batch size");
        self.batch_size(lane, size).await;
    }

    async fn batch_size(&self, lane: Lane, size: u32) {
        if self.source(lane).await["BatchSize"] == size {
            return;
        }
        self.change_source(lane, json!({"BatchSize": size})).await;
        wait_for("the event source to have its batch size", async || {
            self.source(lane).await["BatchSize"] == size
        })
        .await;
    }

    /// What feeds a lane's consumer.
    pub async fn source(&self, lane: Lane) -> Value {
        let function = self.output(lane::function(lane));
        let path = format!("/2015-03-31/event-source-mappings/?FunctionName={function}");
        let found = self.lambda(Method::GET, &path, None).await;
        let sources = found["EventSourceMappings"].as_array();
        let [source] = sources.expect("a list").as_slice() else {
            panic!("not one event source: {found}");
        };
        source.clone()
    }

    async fn change_source(&self, lane: Lane, change: Value) {
        let source = self.source(lane).await;
        let id = source["UUID"].as_str().expect("an event source has an id");
        let path = format!("/2015-03-31/event-source-mappings/{id}");
        self.lambda(Method::PUT, &path, Some(change)).await;
    }

    /// What a killed consumer held comes again after seconds, not after the six minutes of the template. No batch may
    /// take so long: it has ten messages at most.
    pub async fn short_visibility(&self) {
        self.batches_of(10).await;
        for lane in Lane::ALL {
            self.set_visibility_timeout(lane, 4).await;
        }
    }

    /// Ends a lane's work: nothing waits, nothing is under way, and nothing is taken until it is switched on again.
    pub async fn empty(&self, lane: Lane) {
        self.deliver_in(lane, false).await;
        self.purge(lane).await;
        kill(&[lane], usize::MAX);
        wait_for("the lane's consumers to end", async || {
            processes(&[lane]).is_empty()
        })
        .await;
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

/// The processes of these lanes' consumers, with their settings. The local AWS runs each as a process of the host.
fn processes(lanes: &[Lane]) -> HashMap<u32, HashMap<String, String>> {
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
                && lanes
                    .iter()
                    .any(|lane| settings.get("LANE").is_some_and(|l| l == lane.as_str()))
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
    kill(&Lane::ALL, at_most)
}

/// The same among the consumers of these lanes.
pub fn kill(lanes: &[Lane], at_most: usize) -> usize {
    let pids: Vec<_> = processes(lanes)
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
