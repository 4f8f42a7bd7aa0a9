//! What the sale costs, by service.

use serde::Serialize;

use super::limits::Sale;

/// A bill.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct Cost {
    /// By service.
    pub(crate) services: Vec<Service>,
    /// All of them, in USD.
    pub(crate) total: f64,
    /// The same for a million orders.
    pub(crate) per_million: f64,
    /// What the polling of a lane with nothing to do costs in 30 days, in USD.
    pub(crate) idle_lane_a_month: f64,
    /// What the VPC's endpoints cost in 30 days, in USD; none without a database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) endpoints_a_month: Option<f64>,
}

/// A part of the bill.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct Service {
    /// What it is for.
    pub(crate) name: &'static str,
    /// USD.
    pub(crate) usd: f64,
    /// USD for a million orders.
    pub(crate) per_million: f64,
}

/// 30 days, in seconds.
const MONTH: f64 = 30.0 * 86_400.0;

impl Sale<'_> {
    /// The bill for this many orders, which arrive in this many seconds.
    pub(crate) fn cost(&self, orders: f64, seconds: f64) -> Cost {
        const MILLION: f64 = 1e6;
        let (prices, assumed) = (&self.figures.prices, &self.figures.assumptions);
        let size = &self.size;
        let million = orders / MILLION;
        let polls_in = |seconds| assumed.idle_pollers * seconds / assumed.idle_poll_seconds;
        // Both lanes poll while they have nothing to do.
        let idle_polls = 2.0 * polls_in(self.backlog.drained.max(seconds));
        let receives = orders / assumed.messages_a_poll
            * (assumed.messages_a_poll * size.message / assumed.billed_message_bytes).ceil();
        let deletes = orders / assumed.messages_a_poll;
        let sqs = orders * size.billed_messages + receives + deletes + idle_polls;
        // An invocation runs for a write as long as the pace makes it wait: its share of the pace.
        let paced = f64::from(self.settings.concurrency) / self.backlog.rate;
        let batches = orders / f64::from(self.settings.batch_size);
        let gb_second = prices.lambda_gb_second * assumed.memory_gb;
        let traces =
            (seconds * assumed.sampled_a_second + orders * assumed.sampled_share).min(orders);
        let stack = &self.figures.stack;
        let endpoints_in = |seconds: f64| {
            stack.vpc_endpoints
                * stack.vpc_zones
                * prices.vpc_endpoint_hour
                * (seconds / 3_600.0).ceil()
        };
        let sqs_request = prices.sqs_requests_per_million / MILLION;
        let usd = [
            ("API Gateway", million * prices.api_gateway_per_million),
            (
                "Lambda accept-order",
                million * prices.lambda_requests_per_million
                    + orders * assumed.accept_seconds * gb_second,
            ),
            (
                "SNS",
                million * size.billed_messages * prices.sns_publish_per_million,
            ),
            ("SQS", sqs * sqs_request),
            (
                "Lambda fulfill-orders",
                batches / MILLION * prices.lambda_requests_per_million + orders * paced * gb_second,
            ),
            match self.connections {
                // Of the database itself the price is not known here.
                Some(_) => (
                    "VPC endpoints",
                    endpoints_in(seconds.max(self.backlog.drained)),
                ),
                None => (
                    "DynamoDB",
                    million * size.writes() * prices.dynamodb_writes_per_million,
                ),
            },
            (
                "CloudWatch Logs",
                orders * assumed.log_bytes_an_order / 1e9 * prices.logs_gb,
            ),
            ("X-Ray", traces / MILLION * prices.xray_traces_per_million),
        ];
        let services = usd.map(|(name, usd)| Service {
            name,
            usd,
            per_million: usd / million,
        });
        let total: f64 = services.iter().map(|service| service.usd).sum();
        Cost {
            services: services.to_vec(),
            total,
            per_million: total / million,
            idle_lane_a_month: polls_in(MONTH) * sqs_request,
            endpoints_a_month: self.connections.map(|_| endpoints_in(MONTH)),
        }
    }
}
