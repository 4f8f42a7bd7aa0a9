//! What `sluice map` understands.

use clap::Args;

use crate::{args::at_least_one, trace::args::window};

/// Show who called whom, how often, how fast, and what failed
///
/// Put together from the traces that began in the last minutes, of all stacks in the region: X-Ray knows no stacks. A queue's
/// time is what orders waited in it. It exits 1 if there is nothing to show.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct MapArguments {
    /// How far back to look, at most 24h
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = window)]
    pub(crate) since: f64,
    /// Read at most so many traces
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = at_least_one)]
    pub(crate) limit: usize,
    /// Print the map as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
