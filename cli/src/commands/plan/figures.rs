//! What AWS allows and charges, and what the plan assumes: one dated data file.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::terminal::failure::Failure;

/// The data file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Figures {
    /// When the figures were looked up.
    pub(crate) date: String,
    /// Where each group of figures is from.
    pub(crate) sources: BTreeMap<String, String>,
    /// The regions that are known.
    pub(crate) regions: BTreeMap<String, RegionQuotas>,
    /// Quotas that are the same everywhere.
    pub(crate) quotas: Quotas,
    /// What the template sets.
    pub(crate) stack: Stack,
    /// Prices of us-east-1, in USD.
    pub(crate) prices: Prices,
    /// What nobody can know before the sale.
    pub(crate) assumptions: Assumptions,
}

/// Default quotas of one region, a second and account.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegionQuotas {
    /// Requests a second to all APIs.
    pub(crate) api_gateway_rate: f64,
    /// Requests at one instant above that.
    pub(crate) api_gateway_burst: f64,
    /// Messages published a second.
    pub(crate) sns_publish: f64,
}

/// Default quotas of every region.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quotas {
    /// Invocations at once, an account and region.
    pub(crate) lambda_concurrency: f64,
    /// Environments that a function may add in ten seconds.
    pub(crate) lambda_scale_up: f64,
    /// Batches that an event source begins with.
    pub(crate) event_source_start: f64,
    /// Batches that it adds in a minute.
    pub(crate) event_source_per_minute: f64,
    /// Records of a batch.
    pub(crate) batch_records: f64,
    /// Bytes of a batch.
    pub(crate) batch_bytes: f64,
    /// Messages of a queue that were received and not deleted.
    pub(crate) in_flight: f64,
    /// Bytes of a message, its attributes included.
    pub(crate) message_bytes: f64,
    /// Write units a second of one partition.
    pub(crate) partition_writes: f64,
    /// Write units a second of a new on-demand table or index.
    pub(crate) new_table_writes: f64,
    /// Write units a second of any on-demand table or index.
    pub(crate) table_writes: f64,
}

/// What the template sets.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stack {
    /// The default of `ApiRateLimit`.
    pub(crate) api_rate_limit: f64,
    /// The default of `ApiBurstLimit`.
    pub(crate) api_burst_limit: f64,
    /// The default concurrency of the lane that is not planned.
    pub(crate) other_lane_concurrency: f64,
    /// How long a queue keeps an order.
    pub(crate) retention_seconds: f64,
    /// The outage that must not cost an order.
    pub(crate) outage_seconds: f64,
    /// Endpoints that cost by the hour, of `database.yaml`.
    pub(crate) vpc_endpoints: f64,
    /// Zones that each is in.
    pub(crate) vpc_zones: f64,
}

/// Prices in USD.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prices {
    /// REST API requests.
    pub(crate) api_gateway_per_million: f64,
    /// Invocations.
    pub(crate) lambda_requests_per_million: f64,
    /// Compute on arm64.
    pub(crate) lambda_gb_second: f64,
    /// Publishes, 64 KB each.
    pub(crate) sns_publish_per_million: f64,
    /// Requests, 64 KB each.
    pub(crate) sqs_requests_per_million: f64,
    /// Write units on demand.
    pub(crate) dynamodb_writes_per_million: f64,
    /// An interface endpoint of a VPC in one zone.
    pub(crate) vpc_endpoint_hour: f64,
    /// Log data taken in.
    pub(crate) logs_gb: f64,
    /// Traces recorded.
    pub(crate) xray_traces_per_million: f64,
}

/// What the plan assumes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assumptions {
    /// Memory of a function.
    pub(crate) memory_gb: f64,
    /// How long accept-order takes for an order.
    pub(crate) accept_seconds: f64,
    /// The same for the first order of an environment.
    pub(crate) accept_cold_seconds: f64,
    /// How long read-orders takes at most for a read from a database that is well.
    pub(crate) read_seconds: f64,
    /// Log data of one order, the access log included.
    pub(crate) log_bytes_an_order: f64,
    /// A message without lines, its attributes included.
    pub(crate) message_bytes: f64,
    /// What each line adds.
    pub(crate) message_bytes_a_line: f64,
    /// What the event source puts around a message.
    pub(crate) record_bytes: f64,
    /// How much the message grows as a text inside of JSON.
    pub(crate) record_growth: f64,
    /// An item of the table without lines.
    pub(crate) item_bytes: f64,
    /// What each line adds.
    pub(crate) item_bytes_a_line: f64,
    /// An item of the index without products.
    pub(crate) index_bytes: f64,
    /// What each line adds.
    pub(crate) index_bytes_a_line: f64,
    /// SNS and SQS charge for each started block of this many bytes.
    pub(crate) billed_message_bytes: f64,
    /// The table charges for each started block of this many bytes.
    pub(crate) billed_write_bytes: f64,
    /// Messages that the event source receives, and deletes, by one request.
    pub(crate) messages_a_poll: f64,
    /// Requests of an idle event source that wait at once.
    pub(crate) idle_pollers: f64,
    /// How long each waits.
    pub(crate) idle_poll_seconds: f64,
    /// Traces that X-Ray records of each second,
    pub(crate) sampled_a_second: f64,
    /// and of all other orders.
    pub(crate) sampled_share: f64,
}

impl Figures {
    /// Reads the data file, which is part of the command.
    pub(crate) fn load() -> Result<Self, Failure> {
        serde_json::from_str(include_str!("figures.json")).map_err(|error| {
            Failure::environment(
                format!("the command's own figures cannot be read: {error}"),
                "report this",
            )
        })
    }

    /// The quotas of a region.
    pub(crate) fn region(&self, name: &str) -> Result<RegionQuotas, Failure> {
        self.regions.get(name).copied().ok_or_else(|| {
            let known: Vec<_> = self.regions.keys().map(String::as_str).collect();
            Failure::environment(
                format!("the region {name:?} is not among the figures of {}", self.date),
                format!(
                    "name one of {} with --region; for a newer one name any of these, and say with --quota what it allows",
                    known.join(", ")
                ),
            )
        })
    }

    /// The regions whose default quotas allow this rate of orders a second, those that allow most first.
    pub(crate) fn regions_for(&self, peak: f64) -> Vec<&str> {
        let mut fit: Vec<_> = self
            .regions
            .iter()
            .filter(|(_, quotas)| quotas.sns_publish >= peak && quotas.api_gateway_rate >= peak)
            .collect();
        fit.sort_by(|(_, a), (_, b)| b.sns_publish.total_cmp(&a.sns_publish));
        fit.into_iter().map(|(name, _)| name.as_str()).collect()
    }
}

#[cfg(test)]
#[path = "figures_tests.rs"]
mod tests;
