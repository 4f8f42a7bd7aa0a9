//! `sluice map`: which part called which, over the traces of the last minutes.
//!
//! [`edges`] counts the calls between the parts, [`call_tree`] shows them.

mod call_tree;
mod edges;

use std::fmt::Write;

use clap::Args;
use serde_json::json;
use sluice_order::{Clock, SystemClock};

use self::{call_tree::call_tree, edges::Edges};
use crate::{
    deployment::aws::Aws,
    terminal::{
        failure::{Exit, Failure},
        output,
        parse::at_least_one,
        progress::Progress,
        units::duration,
    },
    xray::{
        client::{self, XRay, window},
        document::unreadable,
        infer,
    },
};

/// Show which part called which, how often, how fast, and what failed
///
/// The map is drawn from the traces that began in the last minutes, of all stacks in the region: X-Ray does not know
/// stacks. The time of a queue is the time that orders waited in it. It exits 1 if there is nothing to show.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct MapArguments {
    /// How far back to look, at most 24h
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = window)]
    since: f64,
    /// Read at most N traces
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = at_least_one)]
    limit: usize,
    /// Print the map as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: &MapArguments) -> Result<Exit, Failure> {
    draw(&Aws::from_environment().await?, arguments).await
}

async fn draw(aws: &Aws, arguments: &MapArguments) -> Result<Exit, Failure> {
    let xray = XRay::new(aws);
    let now = client::seconds(SystemClock.now());
    let mut found = xray.search(None, now, arguments.since).await?;
    let there = found.ids.len();
    found.ids.truncate(arguments.limit);
    let progress = Progress::towards(found.ids.len(), "Reading traces");
    let step = |many| (0..many).for_each(|_| progress.step());
    let traces = xray.traces(&found.ids, step).await?;
    drop(progress);

    let mut edges = Edges::default();
    let (mut ours, mut unread) = (0, 0);
    for trace in &traces {
        let tree = infer::tree(trace.documents.iter().map(String::as_str));
        ours += usize::from(edges.add(&tree));
        unread += tree.unreadable;
    }
    if unread > 0 {
        output::say(unreadable(unread));
    }
    let window = duration(arguments.since);
    let more = if found.are_more { "more than " } else { "" };
    let mut summary = format!(
        "{} of {more}{there} traces that began in the last {window}",
        traces.len()
    );
    if ours < traces.len() {
        // Writing to a string cannot fail.
        let _ = write!(
            summary,
            "; {} have nothing of this service",
            traces.len() - ours
        );
    }
    if ours == 0 {
        return Err(Failure::wrong(
            format!("nothing to show: {summary}"),
            "look further back (--since 1h); X-Ray has a trace after some seconds, if it was sampled",
        ));
    }
    let edges = edges.figures();
    if arguments.json {
        output::print_json(&json!({
            "since_seconds": arguments.since,
            "traces": traces.len(),
            "traces_of_this_service": ours,
            "traces_found": there,
            "traces_found_are_more": found.are_more,
            "unreadable_documents": unread,
            "edges": edges,
        }));
    } else {
        output::print(&format!("{}\n\n{summary}", call_tree(&edges)));
    }
    Ok(Exit::Fine)
}

#[cfg(test)]
#[path = "map/map_tests.rs"]
mod tests;
