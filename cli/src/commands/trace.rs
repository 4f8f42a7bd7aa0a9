//! `sluice trace`: the path of one order through the service.
//!
//! [`find`] says which trace is the order's. [`view`] is one order of a trace, [`verdict`] says whether its path is whole,
//! [`order_path`] shows it, with the chart of [`waterfall`].

mod find;
mod order_path;
mod verdict;
mod view;
mod waterfall;

use clap::Args;
use sluice_order::{Clock, OrderId, SystemClock, TraceId};
use sluice_store::OrderStore;

use self::{
    find::{Stored, no_trace, not_sampled, not_there},
    order_path::OrderPath,
    verdict::Verdict,
    view::View,
    waterfall::WIDTH,
};
use crate::{
    deployment::{aws::Aws, stack::Stack, store::Store},
    terminal::{
        failure::{Exit, Failure},
        output,
        parse::order_id,
        units::duration,
    },
    xray::{
        client::{self, Trace, XRay, window},
        document::unreadable,
        infer,
    },
};

/// Show an order's path through the service, as X-Ray has it
///
/// The trace id is read from the stored order. An order that is not stored is searched for by its id, among the traces
/// that began in the last 6 hours, or as far back as --since says. Segments that AWS services did not send are inferred
/// from the times that the functions recorded, and marked with ~. X-Ray has a trace after some seconds, keeps it for 30
/// days, and takes only a sample of all traces.
///
/// It exits 1 if any step between API Gateway and storage is missing, and names it.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct TraceArguments {
    /// The order's id, from the answer to its post; the Location of that answer, or the order's address, will do
    #[arg(value_name = "ID", value_parser = order_id)]
    id: OrderId,
    /// Show for each step whether its document arrived; exits 1 unless all did. The queue is excepted: SQS sends no
    /// document
    #[arg(long, conflicts_with = "json")]
    verify: bool,
    /// How far back to search for an order that is not stored, at most 24h
    #[arg(long, value_name = "TIME", default_value = "6h", value_parser = window)]
    since: f64,
    /// Print the path as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(stack: &str, arguments: &TraceArguments) -> Result<Exit, Failure> {
    let aws = Aws::from_environment().await?;
    let stack = Stack::find(&aws, stack).await?;
    let store = Store::of(&stack, &aws)?;
    follow(&aws, &store, arguments).await
}

async fn follow(
    aws: &Aws,
    store: &impl OrderStore,
    arguments: &TraceArguments,
) -> Result<Exit, Failure> {
    let found = store.find(&arguments.id).await.map_err(|error| {
        Failure::environment(
            format!("the order cannot be looked up: {error}"),
            "check that storage can be read from here (on a table: dynamodb:GetItem and Query), then run it again",
        )
    })?;
    let xray = XRay::new(aws);
    let trace = match Stored::of(found.as_ref()) {
        Stored::In(id) => stored(&xray, id).await?,
        Stored::NotSampled => return Err(not_sampled()),
        Stored::Unknown { is_rejected } => searched(&xray, arguments, is_rejected).await?,
    };
    show(&trace, arguments, found.is_some())
}

async fn stored(xray: &XRay<'_>, id: TraceId) -> Result<Trace, Failure> {
    let traces = xray.traces(&[id.to_string()], |_| ()).await?;
    let mut traces = traces.into_iter();
    traces
        .next()
        .ok_or_else(|| not_there(id, SystemClock.now()))
}

/// The newest trace that names the order. Posting the order again makes another trace.
async fn searched(
    xray: &XRay<'_>,
    arguments: &TraceArguments,
    is_rejected: bool,
) -> Result<Trace, Failure> {
    let filter = format!("annotation.order_id = \"{}\"", arguments.id);
    let now = client::seconds(SystemClock.now());
    let mut ids = xray.search(Some(filter), now, arguments.since).await?.ids;
    // An id starts with the time at which the trace began.
    ids.sort();
    if ids.len() > 1 {
        let others = ids[..ids.len() - 1].join(", ");
        output::say(format_args!(
            "several traces name the order. This is the newest; the earlier ones are {others}"
        ));
    }
    let newest = ids.split_off(ids.len().saturating_sub(1));
    let traces = xray.traces(&newest, |_| ()).await?;
    let mut traces = traces.into_iter();
    let window = duration(arguments.since);
    traces.next().ok_or_else(|| no_trace(is_rejected, &window))
}

fn show(trace: &Trace, arguments: &TraceArguments, is_settled: bool) -> Result<Exit, Failure> {
    let tree = infer::tree(trace.documents.iter().map(String::as_str));
    if tree.unreadable > 0 {
        output::say(unreadable(tree.unreadable));
    }
    let order_id = arguments.id.to_string();
    let Some(view) = View::of(&tree, &order_id) else {
        return Err(Failure::wrong(
            format!("the trace {} has nothing of the order", trace.id),
            "run it again in some seconds: X-Ray may not have its documents yet",
        ));
    };
    let verdict = Verdict::of(&view, is_settled);
    let path = OrderPath {
        order_id: &order_id,
        trace_id: &trace.id,
        view: &view,
        verdict: &verdict,
    };
    if arguments.json {
        output::print_json(&path.json());
    } else if arguments.verify {
        output::print(&path.arrivals());
    } else {
        output::print(&path.text(columns()));
    }
    for wrong in &verdict.wrong {
        output::say(format_args!("not whole: {}", output::tame(wrong)));
    }
    let mut is_fine = verdict.is_whole();
    if arguments.verify {
        for step in verdict.not_arrived() {
            let (name, state) = (output::tame(&step.name), step.state.said());
            output::say(format_args!("not arrived: {name} ({state})"));
            is_fine = false;
        }
    }
    Ok(if is_fine { Exit::Fine } else { Exit::Wrong })
}

/// The width of the terminal in columns, if its shell gives one that is wide enough.
fn columns() -> usize {
    let said = std::env::var("COLUMNS").ok();
    let columns = said.and_then(|text| text.parse().ok());
    columns.filter(|columns| *columns >= 40).unwrap_or(WIDTH)
}

#[cfg(test)]
#[path = "trace/trace_tests.rs"]
mod tests;
