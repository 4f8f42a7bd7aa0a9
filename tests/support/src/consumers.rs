//! The consumers as the local AWS runs them: their processes, their settings, and what feeds them.

use std::{collections::HashMap, env, fs, process::Command};

use aws_sdk_lambda::{
    operation::get_function_configuration::GetFunctionConfigurationOutput,
    types::{Environment, EventSourceMappingConfiguration, LastUpdateStatus},
};
use sluice_order::Lane;

use crate::{lane, proxy::Proxy, stack::Stack, wait_for};

/// The setting by which the AWS SDK finds `DynamoDB`, and nothing else, elsewhere.
const STORAGE: &str = "AWS_ENDPOINT_URL_DYNAMODB";

/// The setting that names the database.
const DATABASE: &str = "DATABASE_URL";

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
        self.set(lane, STORAGE, url).await;
    }

    /// From now on this lane's consumer reaches its database at this address. Tells the one before.
    pub async fn database_at(&self, lane: Lane, url: &str) -> String {
        let mut settings = self.settings(lane).await;
        self.set(lane, DATABASE, Some(url)).await;
        settings.remove(DATABASE).expect("the stack has a database")
    }

    async fn set(&self, lane: Lane, name: &str, value: Option<&str>) {
        let mut variables = self.settings(lane).await;
        if variables.get(name).map(String::as_str) != value {
            match value {
                Some(value) => variables.insert(name.to_owned(), value.into()),
                None => variables.remove(name),
            };
            let environment = Environment::builder().set_variables(Some(variables));
            self.lambda
                .update_function_configuration()
                .function_name(self.output(lane::function(lane)))
                .environment(environment.build())
                .send()
                .await
                .expect("a function can be given other settings");
            wait_for("the function to have its settings", async || {
                let now = self.configuration(lane).await;
                now.last_update_status == Some(LastUpdateStatus::Successful)
            })
            .await;
        }
        wait_for("processes with other settings to be gone", async || {
            processes(&[lane])
                .values()
                .all(|settings| settings.get(name).map(String::as_str) == value)
        })
        .await;
    }

    /// The settings of a lane's consumer.
    pub async fn settings(&self, lane: Lane) -> HashMap<String, String> {
        let environment = self.configuration(lane).await.environment;
        let settings = environment.and_then(|environment| environment.variables);
        settings.expect("the function has settings")
    }

    async fn configuration(&self, lane: Lane) -> GetFunctionConfigurationOutput {
        self.lambda
            .get_function_configuration()
            .function_name(self.output(lane::function(lane)))
            .send()
            .await
            .expect("the function is there")
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
        let source = self.source(lane).await;
        if source.state() == Some(wanted) {
            return;
        }
        self.lambda
            .update_event_source_mapping()
            .uuid(source.uuid().expect("it has an id"))
            .enabled(enabled)
            .send()
            .await
            .expect("an event source can be switched");
        wait_for("the event source to be switched", async || {
            self.source(lane).await.state() == Some(wanted)
        })
        .await;
    }

    /// At most so many messages in a batch, in both lanes.
    pub async fn batches_of(&self, size: i32) {
        for lane in Lane::ALL {
            self.batch_size(lane, size).await;
        }
    }

    /// The consumer is told what its event source is set to, so it knows what was deployed.
    async fn batches_as_deployed(&self, lane: Lane) {
        let settings = self.settings(lane).await;
        let size = settings["BATCH_SIZE"].parse();
        self.batch_size(lane, size.expect("a batch size")).await;
    }

    async fn batch_size(&self, lane: Lane, size: i32) {
        let source = self.source(lane).await;
        if source.batch_size() == Some(size) {
            return;
        }
        self.lambda
            .update_event_source_mapping()
            .uuid(source.uuid().expect("it has an id"))
            .batch_size(size)
            .send()
            .await
            .expect("an event source can be changed");
        wait_for("the event source to have its batch size", async || {
            self.source(lane).await.batch_size() == Some(size)
        })
        .await;
    }

    /// What feeds a lane's consumer.
    pub async fn source(&self, lane: Lane) -> EventSourceMappingConfiguration {
        let found = self
            .lambda
            .list_event_source_mappings()
            .function_name(self.output(lane::function(lane)))
            .send()
            .await
            .expect("event sources are told");
        let mut sources = found.event_source_mappings.unwrap_or_default();
        assert_eq!(sources.len(), 1, "{sources:?}");
        sources.remove(0)
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
