//! Every limit that the sale comes near: what is planned, what is allowed, what to do.

use super::{
    backlog::Backlog,
    connections::Connections,
    figures::{Figures, RegionQuotas},
    lane::Settings,
    limit::{Limit, Unit, limit},
    quota::{Quota, Quotas},
    size::OrderSize,
};
use crate::terminal::units::duration;

/// What is held against the limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sale<'a> {
    /// Quotas, prices, assumptions.
    pub(crate) figures: &'a Figures,
    /// The region's name.
    pub(crate) region: &'a str,
    /// Its quotas.
    pub(crate) defaults: RegionQuotas,
    /// What the operator knows better.
    pub(crate) known: &'a Quotas,
    /// Orders a second at the peak.
    pub(crate) peak: f64,
    /// The lane.
    pub(crate) settings: Settings,
    /// An order.
    pub(crate) size: OrderSize,
    /// The queue over the sale.
    pub(crate) backlog: &'a Backlog,
    /// The database's connections, where orders are stored in one.
    pub(crate) connections: Option<Connections>,
}

impl Sale<'_> {
    /// Invocations of accept-order at once.
    pub(crate) fn accepting(&self) -> f64 {
        (self.peak * self.figures.assumptions.accept_seconds).ceil()
    }

    /// Invocations of all functions at once.
    pub(crate) fn invocations(&self) -> f64 {
        self.accepting()
            + f64::from(self.settings.concurrency)
            + self.figures.stack.other_lane_concurrency
    }

    /// What is allowed: by default, or as the operator knows.
    pub(crate) fn allowed(&self, quota: Quota) -> f64 {
        let (figures, defaults) = (self.figures, self.defaults);
        self.known.get(quota).unwrap_or(match quota {
            Quota::ApiGatewayRate => defaults.api_gateway_rate,
            Quota::ApiGatewayBurst => defaults.api_gateway_burst,
            Quota::ApiRateLimit => figures.stack.api_rate_limit.min(defaults.sns_publish),
            Quota::ApiBurstLimit => figures.stack.api_burst_limit.min(defaults.sns_publish),
            Quota::SnsPublish => defaults.sns_publish,
            Quota::LambdaConcurrency => figures.quotas.lambda_concurrency,
            Quota::NewTableWrites => figures.quotas.new_table_writes,
            Quota::TableWrites => figures.quotas.table_writes,
        })
    }

    /// All limits, in the order in which an order meets them.
    pub(crate) fn limits(&self) -> Vec<Limit> {
        [
            self.at_the_door(),
            self.in_the_lane(),
            self.in_storage(),
            self.in_time(),
        ]
        .concat()
    }

    fn quota(&self, name: &'static str, quota: Quota, unit: Unit, planned: f64) -> Limit {
        let limit = limit(name, unit, planned, self.allowed(quota));
        let quota = Some(quota.as_str());
        Limit { quota, ..limit }
    }

    fn at_the_door(&self) -> Vec<Limit> {
        let (peak, region) = (self.peak, self.region);
        let assumed = &self.figures.assumptions;
        let deploy = "clients get 429 and repeat: raise it, as the line below does if the account allows the peak";
        let burst = "a second's orders at one instant get 429, and are repeated: let clients wait a random time";
        let per_second = Unit::PerSecond;
        vec![
            self.quota("API Gateway rate", Quota::ApiGatewayRate, per_second, peak)
                .over(|| format!("request a higher `Throttle rate` of API Gateway in {region}")),
            self.quota("API Gateway burst", Quota::ApiGatewayBurst, Unit::Count, peak)
                .warn(|| format!("{burst} (AWS sets this with the rate)")),
            self.quota("stack's ApiRateLimit", Quota::ApiRateLimit, per_second, peak)
                .over(|| deploy.to_owned()),
            self.quota("stack's ApiBurstLimit", Quota::ApiBurstLimit, Unit::Count, peak)
                .warn(|| burst.to_owned()),
            self.quota("SNS publish", Quota::SnsPublish, per_second, peak)
                .over(|| format!("orders end in 429: request a higher publish quota of SNS in {region}")),
            limit("SNS message", Unit::Bytes, self.size.message, self.figures.quotas.message_bytes)
                .over(|| "such an order is refused with 413".to_owned()),
            self.quota("Lambda concurrency", Quota::LambdaConcurrency, Unit::Count, self.invocations())
                .over(|| format!("request more `Concurrent executions` of Lambda in {region} (new accounts have 10)")),
            limit(
                "Lambda scale-up in 10 s",
                Unit::Count,
                (peak * assumed.accept_cold_seconds).ceil(),
                self.figures.quotas.lambda_scale_up,
            )
            .warn(|| "if all come at once to a cold function the first get 5xx, and are repeated: open the sale little by little".to_owned()),
        ]
    }

    fn in_the_lane(&self) -> Vec<Limit> {
        let Settings {
            concurrency,
            batch_size,
            ..
        } = self.settings;
        let quotas = &self.figures.quotas;
        let (concurrency, batch) = (f64::from(concurrency), f64::from(batch_size));
        let (start, more) = (quotas.event_source_start, quotas.event_source_per_minute);
        vec![
            limit(
                "event source's first minute",
                Unit::Count,
                concurrency,
                start + more,
            )
            .warn(|| {
                let after = duration((concurrency - start) / more * 60.0);
                format!("all consumers run only {after} after the start")
            }),
            limit("batch records", Unit::Count, batch, quotas.batch_records).over(String::new),
            limit(
                "batch bytes",
                Unit::Bytes,
                batch * self.size.record,
                quotas.batch_bytes,
            )
            .over(String::new),
            limit(
                "messages in flight",
                Unit::Count,
                self.settings.in_flight(),
                quotas.in_flight,
            )
            .over(String::new),
        ]
    }

    fn in_storage(&self) -> Vec<Limit> {
        match self.connections {
            Some(connections) => vec![in_database(connections)],
            None => self.in_table(),
        }
    }

    fn in_table(&self) -> Vec<Limit> {
        let writes = self.settings.writes_per_second;
        let OrderSize {
            table_writes,
            index_writes,
            ..
        } = self.size;
        let per_second = Unit::PerSecond;
        // The index has capacity of its own.
        let units = writes * table_writes.max(index_writes);
        vec![
            self.quota("DynamoDB table's writes", Quota::TableWrites, per_second, units)
                .over(|| "request a higher `Table-level write throughput limit`".to_owned()),
            self.quota("DynamoDB new table's writes", Quota::NewTableWrites, per_second, units).warn(|| {
                "a table that was never this busy throttles, and the lane goes slower: set its warm throughput (and the index's) before".to_owned()
            }),
            limit(
                "DynamoDB partition's writes",
                per_second,
                writes * index_writes,
                self.figures.quotas.partition_writes,
            )
            .warn(|| "only if one customer_id sends most orders (the table's key is a hash, the index's is the customer): give guests an id each".to_owned()),
        ]
    }

    fn in_time(&self) -> Vec<Limit> {
        let stack = &self.figures.stack;
        let age = self.backlog.longest_wait();
        let faster = "raise --writes-per-second";
        vec![
            limit(
                "age against retention",
                Unit::Time,
                age,
                stack.retention_seconds,
            )
            .over(|| format!("orders are lost: {faster}")),
            limit(
                "age with an outage of 4 days",
                Unit::Time,
                age + stack.outage_seconds,
                stack.retention_seconds,
            )
            .warn(|| format!("storage may not be away for long during this backlog: {faster}")),
        ]
    }
}

fn in_database(connections: Connections) -> Limit {
    let planned = connections.in_a_deploy();
    limit(
        "database's connections in a deploy",
        Unit::Count,
        planned,
        connections.most,
    )
    .over(|| {
        "the last ones are refused, and the lane goes slower: lower --readers, or raise the database's `max_connections`".to_owned()
    })
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
