//! What `sluice trace` understands.

use clap::Args;
use sluice_order::OrderId;

use crate::plan::args::seconds;

/// Show an order's way through the service, as X-Ray has it
///
/// Which trace it is stands with the stored order. One that is not stored is searched for by its id among the traces that
/// began in the last 6 hours, or as far back as --since says. What the services did not send is inferred from what the
/// functions say, and marked with ~. X-Ray has a trace after some seconds, keeps it for 30 days, and takes only a sample
/// of them.
///
/// It exits 1 if anything is missing of the way from API Gateway to storage, and names it.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct TraceArguments {
    /// The order's id, as the answer to its post gave it
    pub(crate) id: OrderId,
    /// Say of each part of the way whether its document arrived; exits 1 unless all did, but for the queue, of which SQS
    /// sends none
    #[arg(long, conflicts_with = "json")]
    pub(crate) verify: bool,
    /// How far back to search for an order that is not stored, at most 24h
    #[arg(long, value_name = "TIME", default_value = "6h", value_parser = window)]
    pub(crate) since: f64,
    /// Print the way as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// A time such as 10m, in seconds. X-Ray searches a day at most at once.
pub(crate) fn window(text: &str) -> Result<f64, String> {
    let wrong = || "must be a time from 1s to 24h, such as 10m or 1h30m".to_owned();
    let seconds = seconds(text).ok().filter(|seconds| *seconds <= 86_400.0);
    seconds.ok_or_else(wrong)
}
