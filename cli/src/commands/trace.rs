//! `sluice trace`: an order's way through the service.
//!
//! X-Ray has a trace as documents ([`document`]), which make a tree ([`tree`]). The functions send theirs everywhere, the
//! services only on AWS: what they did not send is inferred ([`infer`]). [`view`] is one order of a trace, [`verdict`] says
//! whether its way is whole, [`waterfall`] and [`text`] show it. All of that is plain data; only [`xray`] knows AWS.

pub(crate) mod args;
pub(crate) mod document;
#[cfg(test)]
pub(crate) mod fake;
mod find;
mod infer;
#[cfg(test)]
pub(crate) mod sample;
mod text;
pub(crate) mod tree;
mod verdict;
mod view;
mod waterfall;
pub(crate) mod xray;

use sluice_order::{Clock, SystemClock};
use sluice_store::{DynamoStore, OrderStore};

use self::{
    args::TraceArguments,
    find::{Stored, TraceId, no_trace, not_sampled},
    text::Shown,
    tree::Tree,
    verdict::Verdict,
    view::View,
    waterfall::WIDTH,
    xray::{Trace, XRay},
};
use crate::{Exit, Failure, aws::Aws, output, plan::units::duration, stack::Stack};
pub(crate) use waterfall::time;

pub(crate) async fn run(stack: &str, arguments: &TraceArguments) -> Result<Exit, Failure> {
    let aws = Aws::from_environment().await?;
    let stack = Stack::find(&aws, stack).await?;
    let client = aws_sdk_dynamodb::Client::new(&aws.config);
    let store = DynamoStore::new(client, stack.table()?);
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
            "see that dynamodb:GetItem and Query on the table work, then run it again",
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
    let traces = xray.traces(std::slice::from_ref(&id.0), |_| ()).await?;
    let mut traces = traces.into_iter();
    traces.next().ok_or_else(|| id.not_there(SystemClock.now()))
}

/// The newest trace that names the order. A repeat of the post makes another one.
async fn searched(
    xray: &XRay<'_>,
    arguments: &TraceArguments,
    is_rejected: bool,
) -> Result<Trace, Failure> {
    let filter = format!("annotation.order_id = \"{}\"", arguments.id);
    let now = xray::seconds(SystemClock.now());
    let mut ids = xray.search(Some(filter), now, arguments.since).await?.ids;
    // The time that a trace began leads its id.
    ids.sort();
    if ids.len() > 1 {
        let others = ids[..ids.len() - 1].join(", ");
        eprintln!("several traces name the order, this is the newest; before it: {others}");
    }
    let newest = ids.split_off(ids.len().saturating_sub(1));
    let traces = xray.traces(&newest, |_| ()).await?;
    let mut traces = traces.into_iter();
    let window = duration(arguments.since);
    traces.next().ok_or_else(|| no_trace(is_rejected, &window))
}

fn show(trace: &Trace, arguments: &TraceArguments, is_settled: bool) -> Result<Exit, Failure> {
    let tree = Tree::of(trace.documents.iter().map(String::as_str));
    if tree.unreadable > 0 {
        eprintln!("{}", unreadable(tree.unreadable));
    }
    let order_id = arguments.id.to_string();
    let Some(view) = View::of(&tree, &order_id) else {
        return Err(Failure::wrong(
            format!("the trace {} has nothing of the order", trace.id),
            "run it again in some seconds: its documents may be on their way",
        ));
    };
    let verdict = Verdict::of(&view, is_settled);
    let shown = Shown {
        order_id: &order_id,
        trace_id: &trace.id,
        view: &view,
        verdict: &verdict,
    };
    if arguments.json {
        output::print_json(&shown.json())?;
    } else if arguments.verify {
        output::print(&shown.arrivals())?;
    } else {
        output::print(&shown.text(columns()))?;
    }
    for wrong in &verdict.wrong {
        eprintln!("not whole: {}", output::tame(wrong));
    }
    let mut is_fine = verdict.is_whole();
    if arguments.verify {
        for step in verdict.not_arrived() {
            let (name, state) = (output::tame(&step.name), step.state.said());
            eprintln!("not arrived: {name} ({state})");
            is_fine = false;
        }
    }
    Ok(if is_fine { Exit::Fine } else { Exit::Wrong })
}

/// What is told of documents that cannot be read.
pub(crate) fn unreadable(many: usize) -> String {
    match many {
        1 => "1 document cannot be read".to_owned(),
        _ => format!("{many} documents cannot be read"),
    }
}

/// Of the terminal, if its shell says how many it has.
fn columns() -> usize {
    let said = std::env::var("COLUMNS").ok();
    let columns = said.and_then(|text| text.parse().ok());
    columns.filter(|columns| *columns >= 40).unwrap_or(WIDTH)
}

#[cfg(test)]
#[path = "trace/trace_tests.rs"]
mod tests;
