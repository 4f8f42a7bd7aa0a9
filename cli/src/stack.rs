//! Where the parts of a deployment are: the outputs of its `CloudFormation` stack.

use std::collections::HashMap;

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use sluice_order::Lane;

use crate::{Failure, aws::Aws};

/// A deployment, found by name.
#[derive(Clone, Debug)]
pub struct Stack {
    name: String,
    outputs: HashMap<String, String>,
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
            outputs,
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
        Ok(Self::new(name, outputs.collect()))
    }

    /// Base address of the API, without a slash at its end.
    pub fn api_url(&self) -> Result<&str, Failure> {
        self.output("ApiUrl").map(|url| url.trim_end_matches('/'))
    }

    /// Name of the table of orders.
    pub fn table(&self) -> Result<&str, Failure> {
        self.output("OrdersTable")
    }

    /// The queues of all lanes.
    pub fn lanes(&self) -> Result<Vec<LaneQueues>, Failure> {
        Lane::ALL
            .into_iter()
            .map(|lane| {
                let (queue, dead_letters) = match lane {
                    Lane::Standard => ("StandardQueueUrl", "StandardDeadLetterQueueUrl"),
                    Lane::Hot => ("HotQueueUrl", "HotDeadLetterQueueUrl"),
                };
                Ok(LaneQueues {
                    lane,
                    queue: self.output(queue)?.to_owned(),
                    dead_letters: self.output(dead_letters)?.to_owned(),
                })
            })
            .collect()
    }

    fn output(&self, key: &str) -> Result<&str, Failure> {
        self.outputs.get(key).map(String::as_str).ok_or_else(|| {
            Failure::environment(
                format!("the stack {:?} has no output {key}", self.name),
                "deploy this version of the template, or name another stack with --stack",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Exit;

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
}
