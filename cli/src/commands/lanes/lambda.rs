//! The lanes' event sources in Lambda.

use aws_sdk_lambda::{Client, error::ProvideErrorMetadata};

use super::{
    source::{Source, State, choose},
    switch::Switch,
};
use crate::{
    deployment::{aws::Aws, stack::LaneQueues},
    terminal::failure::Failure,
};

/// Lambda, as far as event sources go.
pub(crate) struct Lambda<'a> {
    aws: &'a Aws,
    client: Client,
}

/// One event source.
pub(crate) struct EventSource<'a> {
    lambda: &'a Lambda<'a>,
    id: String,
}

impl<'a> Lambda<'a> {
    pub(crate) fn new(aws: &'a Aws) -> Self {
        let client = Client::new(&aws.config);
        Self { aws, client }
    }

    /// What hands the lane's queue to its consumer.
    pub(crate) async fn find(
        &self,
        queues: &LaneQueues,
        consumer: &str,
    ) -> Result<Source, Failure> {
        let list = self.client.list_event_source_mappings();
        let pages = list.function_name(consumer).into_paginator().items();
        let found: Result<Vec<_>, _> = pages.send().collect().await;
        let doing = format!("list the event sources of the {} lane", queues.lane);
        let mappings = found.map_err(|error| self.aws.explain(&doing, &error))?;
        choose(queues, &mappings)
    }

    /// One event source, to be switched.
    pub(crate) fn event_source(&'a self, id: String) -> EventSource<'a> {
        EventSource { lambda: self, id }
    }
}

impl Switch for EventSource<'_> {
    async fn state(&self) -> Result<State, Failure> {
        let Lambda { aws, client } = self.lambda;
        let get = client.get_event_source_mapping().uuid(&self.id);
        let answer = get.send().await;
        let answer = answer.map_err(|e| aws.explain("look at the lane's event source", &e))?;
        Ok(State::of(answer.state().unwrap_or_default()))
    }

    async fn ask(&self, enabled: bool) -> Result<bool, Failure> {
        let Lambda { aws, client } = self.lambda;
        let update = client.update_event_source_mapping().uuid(&self.id);
        match update.enabled(enabled).send().await {
            Ok(_) => Ok(true),
            Err(error) if is_busy(error.code()) => Ok(false),
            Err(error) => Err(aws.explain("switch the lane's event source", &error)),
        }
    }
}

/// Whether it failed because something else is changing the event source.
fn is_busy(code: Option<&str>) -> bool {
    matches!(
        code,
        Some("ResourceInUseException" | "ResourceConflictException")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passes_is_asked_again() {
        assert!(is_busy(Some("ResourceInUseException")));
        assert!(is_busy(Some("ResourceConflictException")));
        let others = ["AccessDeniedException", "ResourceNotFoundException"];
        assert!(!others.into_iter().any(|code| is_busy(Some(code))));
        assert!(!is_busy(None));
    }
}
