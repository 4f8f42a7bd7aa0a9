//! Reads traces from X-Ray. The only place that knows its API.

use std::time::Duration;

use aws_sdk_xray::{Client, primitives::DateTime};
use futures::{StreamExt, TryStreamExt, stream};
use sluice_order::Timestamp;

use crate::{
    deployment::aws::Aws,
    terminal::{failure::Failure, units},
};

/// The most traces that one call can ask for.
const BATCH: usize = 5;

/// Calls at once. X-Ray allows more; the SDK repeats a call that X-Ray throttles.
const CALLS: usize = 4;

/// The most pages of summaries that are read.
const PAGES: usize = 50;

/// X-Ray of one region.
#[derive(Debug)]
pub(crate) struct XRay<'a> {
    aws: &'a Aws,
    client: Client,
}

/// A trace, as X-Ray has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Trace {
    pub(crate) id: String,
    /// Its segment documents.
    pub(crate) documents: Vec<String>,
}

/// The ids of traces that were found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FoundIds {
    pub(crate) ids: Vec<String>,
    /// Whether there are more than these.
    pub(crate) are_more: bool,
}

impl<'a> XRay<'a> {
    pub(crate) fn new(aws: &'a Aws) -> Self {
        Self {
            aws,
            client: Client::new(&aws.config),
        }
    }

    /// Those of these traces that X-Ray has, in any order. Calls `done` after each call of X-Ray, with how many traces it
    /// asked for.
    pub(crate) async fn traces(
        &self,
        ids: &[String],
        done: impl Fn(usize),
    ) -> Result<Vec<Trace>, Failure> {
        let batches: Vec<_> = ids.chunks(BATCH).collect();
        stream::iter(batches)
            .map(async |batch| {
                let traces = self.batch(batch).await;
                done(batch.len());
                traces
            })
            .buffer_unordered(CALLS)
            .try_concat()
            .await
    }

    async fn batch(&self, ids: &[String]) -> Result<Vec<Trace>, Failure> {
        let ask = self.client.batch_get_traces();
        let ask = ask.set_trace_ids(Some(ids.to_vec()));
        let mut pages = ask.into_paginator().send();
        let mut traces: Vec<Trace> = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| self.aws.explain("read traces from X-Ray", &e))?;
            for trace in page.traces.unwrap_or_default() {
                let documents = trace
                    .segments()
                    .iter()
                    .filter_map(|segment| segment.document());
                let documents = documents.map(str::to_owned);
                let id = trace.id().unwrap_or_default();
                // A large trace may come in parts.
                match traces.iter_mut().find(|trace| trace.id == id) {
                    Some(trace) => trace.documents.extend(documents),
                    None => traces.push(Trace {
                        id: id.to_owned(),
                        documents: documents.collect(),
                    }),
                }
            }
        }
        traces.retain(|trace| !trace.documents.is_empty());
        Ok(traces)
    }

    /// Ids of the traces that began at most `seconds` before `now` (seconds since 1970) and match the
    /// [filter](https://docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html).
    pub(crate) async fn search(
        &self,
        filter: Option<String>,
        now: f64,
        seconds: f64,
    ) -> Result<FoundIds, Failure> {
        // X-Ray refuses more than a day, and rounding may make a day a little more.
        let seconds = seconds.min(86_399.0);
        let ask = self.client.get_trace_summaries();
        let ask = ask.start_time(DateTime::from_secs_f64(now - seconds));
        let ask = ask.end_time(DateTime::from_secs_f64(now));
        let mut pages = ask.set_filter_expression(filter).into_paginator().send();
        let mut ids = Vec::new();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else {
                return Ok(FoundIds {
                    ids,
                    are_more: false,
                });
            };
            let page = page.map_err(|e| self.aws.explain("search X-Ray's traces", &e))?;
            let summaries = page.trace_summaries.unwrap_or_default();
            ids.extend(summaries.into_iter().filter_map(|summary| summary.id));
        }
        let are_more = pages.next().await.is_some();
        Ok(FoundIds { ids, are_more })
    }
}

/// Reads how far back to search, such as 10m, in seconds. X-Ray searches at most one day at once.
pub(crate) fn window(text: &str) -> Result<f64, String> {
    let wrong = || "must be a time from 1s to 24h, such as 10m or 1h30m".to_owned();
    let seconds = units::seconds(text).ok();
    seconds
        .filter(|seconds| *seconds <= 86_400.0)
        .ok_or_else(wrong)
}

/// A time in seconds since 1970.
pub(crate) fn seconds(time: Timestamp) -> f64 {
    let millis = u64::try_from(time.as_millis()).unwrap_or_default();
    Duration::from_millis(millis).as_secs_f64()
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
