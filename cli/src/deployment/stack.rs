//! Where the parts of a deployment are, and how they are set: outputs and parameters of its `CloudFormation` stack.

use std::{collections::HashMap, str::FromStr, time::Duration};

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use sluice_order::Lane;

use crate::{deployment::aws::Aws, terminal::failure::Failure};

/// A deployment, found by name.
#[derive(Clone, Debug)]
pub struct Stack {
    name: String,
    /// Where it is; `None` in tests.
    region: Option<String>,
    outputs: HashMap<String, String>,
    parameters: HashMap<String, String>,
}

/// The two queues of a lane.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LaneQueues {
    /// Which lane.
    pub lane: Lane,
    /// Address of its queue.
    pub queue: String,
    /// Address of its dead-letter queue.
    pub dead_letters: String,
}

impl Stack {
    /// A stack with these outputs.
    pub fn new(name: &str, outputs: HashMap<String, String>) -> Self {
        Self {
            name: name.to_owned(),
            region: None,
            outputs,
            parameters: HashMap::new(),
        }
    }

    pub(crate) async fn find(aws: &Aws, name: &str) -> Result<Self, Failure> {
        let none = || {
            Failure::environment(
                format!("there is no stack {name:?} in {}", aws.region),
                "deploy it (`sam deploy`, or `make local`), or name another with --stack",
            )
        };
        let client = aws_sdk_cloudformation::Client::new(&aws.config);
        let answer = client.describe_stacks().stack_name(name).send().await;
        let answer = answer.map_err(|error| {
            // CloudFormation has no error of its own for this.
            let says_so = error
                .message()
                .is_some_and(|m| m.contains("does not exist"));
            if error.code() == Some("ValidationError") && says_so {
                none()
            } else {
                aws.explain("read the stack's outputs", &error)
            }
        })?;
        let [stack] = answer.stacks() else {
            return Err(none());
        };
        let outputs = stack.outputs().iter().filter_map(|output| {
            Some((
                output.output_key()?.to_owned(),
                output.output_value()?.to_owned(),
            ))
        });
        let parameters = stack.parameters().iter().filter_map(|parameter| {
            Some((
                parameter.parameter_key()?.to_owned(),
                parameter.parameter_value()?.to_owned(),
            ))
        });
        Ok(Self {
            region: Some(aws.region.clone()),
            parameters: parameters.collect(),
            ..Self::new(name, outputs.collect())
        })
    }

    /// Base address of the API, without a slash at its end.
    pub fn api_url(&self) -> Result<&str, Failure> {
        self.output("ApiUrl").map(|url| url.trim_end_matches('/'))
    }

    /// Name of the table of orders.
    pub fn table(&self) -> Result<&str, Failure> {
        self.output("OrdersTable")
    }

    /// The region that it is in.
    pub(crate) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Address of the database, where the stack stores orders in one.
    pub(crate) fn database(&self) -> Option<&str> {
        let store = self.parameters.get("Store").map(String::as_str);
        let url = self.parameters.get("DatabaseUrl").map(String::as_str);
        url.filter(|_| matches!(store, Some("mysql" | "postgres")))
    }

    /// ARN of the secret that order ids are sealed with.
    pub(crate) fn secret(&self) -> Result<&str, Failure> {
        self.output("OrderIdSecretArn")
    }

    /// After which time every function has read that secret again.
    pub(crate) fn secret_age(&self) -> Result<Duration, Failure> {
        let seconds = self.parsed("OrderIdSecretsMaxAge")?;
        Ok(Duration::from_secs(seconds))
    }

    /// The queues of all lanes.
    pub fn lanes(&self) -> Result<Vec<LaneQueues>, Failure> {
        Lane::ALL
            .into_iter()
            .map(|lane| self.queues(lane))
            .collect()
    }

    /// The queues of a lane.
    pub(crate) fn queues(&self, lane: Lane) -> Result<LaneQueues, Failure> {
        let url = |queue| self.output(&format!("{}{queue}Url", prefix(lane)));
        Ok(LaneQueues {
            lane,
            queue: url("Queue")?.to_owned(),
            dead_letters: url("DeadLetterQueue")?.to_owned(),
        })
    }

    /// Name of the function that stores a lane's orders.
    pub(crate) fn consumer(&self, lane: Lane) -> Result<&str, Failure> {
        self.output(&format!("Fulfill{}Function", prefix(lane)))
    }

    /// Name of the function that tries the whole path.
    pub(crate) fn smoke_order(&self) -> Result<&str, Failure> {
        self.output("SmokeOrderFunction")
    }

    /// Name of the function that makes the database's schema.
    ///
    /// # Errors
    /// The stack has no database, or no such function.
    pub(crate) fn database_admin(&self) -> Result<&str, Failure> {
        if self.database().is_none() {
            return Err(Failure::environment(
                format!(
                    "the stack {:?} stores orders in DynamoDB, which has no schema to migrate",
                    self.name
                ),
                "name the database with --database-url, or another stack with --stack",
            ));
        }
        self.output("DatabaseAdminFunction")
    }

    /// The value of a lane's parameter.
    pub(crate) fn parameter(&self, lane: Lane, name: &str) -> Result<&str, Failure> {
        self.value(&format!("{}{name}", prefix(lane)))
    }

    fn value(&self, key: &str) -> Result<&str, Failure> {
        let value = self.parameters.get(key).map(String::as_str);
        value.ok_or_else(|| self.has_no("parameter", key))
    }

    /// The value of a lane's parameter, as a number.
    pub(crate) fn number<T: FromStr>(&self, lane: Lane, name: &str) -> Result<T, Failure> {
        self.parsed(&format!("{}{name}", prefix(lane)))
    }

    fn parsed<T: FromStr>(&self, key: &str) -> Result<T, Failure> {
        let text = self.value(key)?;
        text.parse().map_err(|_| {
            Failure::environment(
                format!("the parameter {key} is {text:?}"),
                "deploy this version of the template",
            )
        })
    }

    fn output(&self, key: &str) -> Result<&str, Failure> {
        let value = self.outputs.get(key).map(String::as_str);
        value.ok_or_else(|| self.has_no("output", key))
    }

    fn has_no(&self, what: &str, key: &str) -> Failure {
        Failure::environment(
            format!("the stack {:?} has no {what} {key}", self.name),
            "deploy this version of the template, or name another stack with --stack",
        )
    }
}

/// The prefix of a lane's names in the template.
pub(crate) fn prefix(lane: Lane) -> &'static str {
    match lane {
        Lane::Standard => "Standard",
        Lane::Hot => "Hot",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::failure::Exit;

    #[test]
    fn an_output_that_is_missing_is_named() {
        let outputs = [
            ("ApiUrl", "http://api/v1/"),
            ("StandardQueueUrl", "q"),
            ("StandardDeadLetterQueueUrl", "d"),
        ];
        let outputs = outputs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let stack = Stack::new("s", HashMap::from(outputs));
        assert_eq!(stack.api_url(), Ok("http://api/v1"));
        for (failure, key) in [
            (stack.table().unwrap_err(), "OrdersTable"),
            (stack.lanes().unwrap_err(), "HotQueueUrl"),
        ] {
            assert!(failure.to_string().contains(key), "{failure}");
            assert_eq!(failure.exit(), Exit::Environment);
        }
    }

    #[test]
    fn what_a_lane_is_set_to_is_read_as_a_number() {
        let parameters = [("HotBatchSize", "50"), ("HotWritesPerSecond", "many")];
        let mut stack = Stack::new("s", HashMap::new());
        stack.parameters = parameters.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        assert_eq!(stack.number(Lane::Hot, "BatchSize"), Ok(50));
        let text = stack
            .number::<f64>(Lane::Hot, "WritesPerSecond")
            .unwrap_err();
        assert!(text.to_string().contains("is \"many\""), "{text}");
        let none = stack.parameter(Lane::Standard, "BatchSize").unwrap_err();
        assert!(
            none.to_string().contains("no parameter StandardBatchSize"),
            "{none}"
        );
    }
}
