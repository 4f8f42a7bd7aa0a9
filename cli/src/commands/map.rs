//! `sluice map`: who called whom, over the traces of the last minutes.
//!
//! Each trace is read as `sluice trace` does it; [`edges`] counts the calls between the parts, [`text`] shows them.

pub(crate) mod args;
mod edges;
mod text;

use std::fmt::Write;

use serde_json::json;
use sluice_order::{Clock, SystemClock};

use self::{args::MapArguments, edges::Edges, text::text};
use crate::{
    Exit, Failure,
    aws::Aws,
    output,
    plan::units::duration,
    progress::Progress,
    trace::{
        tree::Tree,
        unreadable,
        xray::{self, XRay},
    },
};

pub(crate) async fn run(arguments: &MapArguments) -> Result<Exit, Failure> {
    draw(&Aws::from_environment().await?, arguments).await
}

async fn draw(aws: &Aws, arguments: &MapArguments) -> Result<Exit, Failure> {
    let xray = XRay::new(aws);
    let now = xray::seconds(SystemClock.now());
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
        let tree = Tree::of(trace.documents.iter().map(String::as_str));
        ours += usize::from(edges.add(&tree));
        unread += tree.unreadable;
    }
    if unread > 0 {
        eprintln!("{}", unreadable(unread));
    }
    let window = duration(arguments.since);
    let more = if found.are_more { "more than " } else { "" };
    let mut told = format!(
        "{} of {more}{there} traces that began in the last {window}",
        traces.len()
    );
    if ours < traces.len() {
        // Writing to a string cannot fail.
        let _ = write!(
            told,
            "; {} have nothing of this service",
            traces.len() - ours
        );
    }
    if ours == 0 {
        return Err(Failure::wrong(
            format!("nothing to show: {told}"),
            "look farther back (--since 1h); a trace is there after some seconds, if it was sampled",
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
        }))?;
    } else {
        output::print(&format!("{}\n\n{told}", text(&edges)))?;
    }
    Ok(Exit::Fine)
}

#[cfg(test)]
#[path = "map/map_tests.rs"]
mod tests;
