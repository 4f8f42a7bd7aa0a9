//! The event source of a lane: what takes orders from its queue and hands them to its consumer.

use aws_sdk_lambda::{
    primitives::DateTime,
    types::{EventSourceMappingConfiguration as Mapping, ScalingConfig},
};

use crate::{deployment::stack::LaneQueues, terminal::failure::Failure};

/// Whether an event source takes orders.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// It does.
    Enabled,
    /// It does not.
    Disabled,
    /// Between two states, or being made. Lambda switches it only when it has come to rest.
    Changing(String),
}

impl State {
    /// A state as Lambda names it.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "Enabled" => Self::Enabled,
            "Disabled" => Self::Disabled,
            _ => Self::Changing(name.to_owned()),
        }
    }

    /// What it means for the lane.
    pub(crate) fn of_lane(&self) -> &'static str {
        match self {
            Self::Enabled => "running",
            Self::Disabled => "paused",
            Self::Changing(name) => match name.as_str() {
                "Disabling" => "pausing",
                "Enabling" => "resuming",
                _ => "changing",
            },
        }
    }
}

/// An event source, found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Source {
    /// Its id in Lambda.
    pub(crate) id: String,
    /// Whether it takes orders.
    pub(crate) state: State,
    /// Invocations at once, if they are limited.
    pub(crate) concurrency: Option<i32>,
    /// When it was last switched or changed, in seconds.
    pub(crate) changed: Option<i64>,
}

/// The one among a consumer's event sources that takes from the lane's queue.
pub(crate) fn choose(queues: &LaneQueues, mappings: &[Mapping]) -> Result<Source, Failure> {
    let takes = |mapping: &&Mapping| {
        let arn = mapping.event_source_arn().unwrap_or_default();
        // While a deploy replaces it the old one is there for a while.
        is_of(arn, &queues.queue) && mapping.state() != Some("Deleting")
    };
    let found: Vec<_> = mappings.iter().filter(takes).collect();
    let lane = queues.lane;
    match found[..] {
        [mapping] => Ok(Source {
            id: mapping.uuid().unwrap_or_default().to_owned(),
            state: State::of(mapping.state().unwrap_or_default()),
            concurrency: mapping
                .scaling_config()
                .and_then(ScalingConfig::maximum_concurrency),
            changed: mapping.last_modified().map(DateTime::secs),
        }),
        [] => Err(Failure::environment(
            format!("nothing takes orders from the {lane} lane's queue: it has no event source"),
            "`aws cloudformation describe-stack-resources` names the one that was deleted. Deploy the template without the event, and then with it",
        )),
        _ => {
            let ids: Vec<_> = found.iter().filter_map(|m| m.uuid()).collect();
            let (many, ids) = (found.len(), ids.join(", "));
            Err(Failure::environment(
                format!("{many} event sources take orders from the {lane} lane's queue: {ids}"),
                "keep the one that `aws cloudformation describe-stack-resources` names, and delete the others (`aws lambda delete-event-source-mapping`)",
            ))
        }
    }
}

/// Whether an ARN and an address name the same queue. Their regions are the same: a stack's.
fn is_of(arn: &str, url: &str) -> bool {
    let mut parts = url.rsplit('/');
    let (name, account) = (parts.next(), parts.next());
    match arn.split(':').collect::<Vec<_>>()[..] {
        ["arn", _, "sqs", _, of, queue] => (Some(queue), Some(of)) == (name, account),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use sluice_order::Lane;

    use super::*;
    use crate::terminal::failure::Exit;

    fn mapping(id: &str, arn: &str, state: &str) -> Mapping {
        let scaling = ScalingConfig::builder().maximum_concurrency(7).build();
        Mapping::builder()
            .uuid(id)
            .event_source_arn(arn)
            .state(state)
            .scaling_config(scaling)
            .last_modified(DateTime::from_secs(60))
            .build()
    }

    fn chosen(mappings: &[(&str, &str, &str)]) -> Result<Source, Failure> {
        let queues = LaneQueues {
            lane: Lane::Standard,
            queue: "https://sqs.eu-west-1.amazonaws.com/123456789012/s-standard-1".to_owned(),
            dead_letters: String::new(),
        };
        let mappings: Vec<_> = mappings.iter().map(|(i, a, s)| mapping(i, a, s)).collect();
        choose(&queues, &mappings)
    }

    const OURS: &str = "arn:aws:sqs:eu-west-1:123456789012:s-standard-1";

    #[test]
    fn the_one_of_the_lanes_queue_is_chosen() {
        let others = [
            "arn:aws:sqs:eu-west-1:123456789012:s-standard-12",
            "arn:aws:sqs:eu-west-1:210987654321:s-standard-1",
            "arn:aws:kinesis:eu-west-1:123456789012:s-standard-1",
            "",
        ];
        let mut mappings: Vec<_> = others.iter().map(|arn| ("x", *arn, "Enabled")).collect();
        mappings.push(("gone", OURS, "Deleting"));
        mappings.push(("it", OURS, "Disabled"));
        let source = Source {
            id: "it".to_owned(),
            state: State::Disabled,
            concurrency: Some(7),
            changed: Some(60),
        };
        assert_eq!(chosen(&mappings), Ok(source));
    }

    #[test]
    fn none_and_more_than_one_are_told() {
        let none = chosen(&[("x", "", "Enabled")]).unwrap_err();
        assert!(
            none.to_string().contains("no event source. Next:"),
            "{none}"
        );
        let two = chosen(&[("a", OURS, "Enabled"), ("b", OURS, "Disabled")]).unwrap_err();
        assert!(two.to_string().starts_with("2 event sources"), "{two}");
        assert!(two.to_string().contains(": a, b. Next:"), "{two}");
        assert_eq!(
            (none.exit(), two.exit()),
            (Exit::Environment, Exit::Environment)
        );
    }

    #[test]
    fn a_state_says_what_the_lane_does() {
        let names = [
            "Enabled",
            "Disabled",
            "Enabling",
            "Disabling",
            "Creating",
            "Updating",
        ];
        let said = names.map(|name| State::of(name).of_lane());
        let expected = [
            "running", "paused", "resuming", "pausing", "changing", "changing",
        ];
        assert_eq!(said, expected);
    }
}
