//! `sluice copy`: copies all orders and rejections from one storage to another, and compares both.

mod compare;
mod place;
mod read;
mod transfer;

use clap::Args;
use serde::Serialize;
use sluice_store::{OrderStore, ReadAll, ReadError};

use self::{
    compare::{Comparison, Unread, compare},
    transfer::{Copied, copy},
};
use crate::terminal::{
    failure::{Exit, Failure},
    output,
    progress::Progress,
    settings::Hidden,
    stop::Stop,
};

/// Copy all orders and rejections from one storage to another, and compare both
///
/// An order that is there already is left alone, and of two rejections of the same content the later one stands. So the command may
/// run again, while orders are stored or after it was stopped. It ends with a comparison: both must hold the same orders, by content,
/// id and times, and the same rejections. Exits 1 if they do not. Smoke orders are no part of it.
///
/// A place is `table`, the stack's table in DynamoDB, or the address of a database, as its owner or as the functions' user:
/// postgres://USER:PASSWORD@HOST:PORT/DATABASE, or mysql://… One on another machine is reached by TLS, with RDS's authorities of its
/// region: set `AWS_REGION` to that.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct CopyArguments {
    /// Where the orders are
    #[arg(
        long,
        value_name = "PLACE",
        env = "SLUICE_COPY_FROM",
        hide_env_values = true
    )]
    from: Hidden,
    /// Where they are to be
    #[arg(
        long,
        value_name = "PLACE",
        env = "SLUICE_COPY_TO",
        hide_env_values = true
    )]
    to: Hidden,
    /// Most records a second that are written. Not for --compare, which writes none and reads as fast as it can
    #[arg(long, value_name = "N", default_value_t = 200.0, value_parser = rate, conflicts_with = "compare")]
    rate: f64,
    /// Go on behind this mark, which a copy that was stopped has printed
    #[arg(long, value_name = "MARK", conflicts_with = "compare")]
    after: Option<String>,
    /// Copy nothing, and only compare
    #[arg(long)]
    compare: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok();
    rate.filter(|rate: &f64| (0.1..=100_000.0).contains(rate))
        .ok_or_else(|| "must be records a second, from 0.1 to 100000".to_owned())
}

#[derive(Serialize, Debug)]
struct Outcome {
    #[serde(skip_serializing_if = "Option::is_none")]
    copied: Option<Copied>,
    compared: Comparison,
}

pub(crate) async fn run(
    stack: &str,
    arguments: &CopyArguments,
    stop: &Stop,
) -> Result<Exit, Failure> {
    let opening = place::open(stack, &arguments.from.0, &arguments.to.0);
    let (from, to) = stop.look(opening).await?;
    between(&from, &to, arguments, stop).await
}

/// Copies and compares.
async fn between(
    from: &impl ReadAll,
    to: &(impl OrderStore + ReadAll),
    arguments: &CopyArguments,
    stop: &Stop,
) -> Result<Exit, Failure> {
    let copied = if arguments.compare {
        None
    } else {
        let copied = copy(from, to, arguments.rate, arguments.after.clone(), stop).await?;
        if !arguments.json {
            output::print(&format!("copied   {copied}"));
        }
        Some(copied)
    };
    let compared = compared(from, to, copied, stop).await?;
    let conflicts = copied.is_some_and(|copied| copied.conflicts > 0);
    let exit = if compared.is_same() && !conflicts {
        Exit::Fine
    } else {
        Exit::Wrong
    };
    if arguments.json {
        output::print_json(&Outcome { copied, compared });
    } else {
        output::print(&compared.readable());
    }
    Ok(exit)
}

/// The comparison. Where it fails or is stopped, the message has what was copied before.
async fn compared(
    from: &impl ReadAll,
    to: &impl ReadAll,
    copied: Option<Copied>,
    stop: &Stop,
) -> Result<Comparison, Failure> {
    let progress = Progress::counting("Comparing both: read");
    let before = copied.map_or_else(String::new, |copied| format!("copied {copied}; "));
    let next = "run the command with the same places and --compare";
    let comparing = async {
        let compared = compare(from, to, &progress).await;
        compared.map_err(|Unread { place, why }| {
            let what = format!("{before}they were not compared: {}", unread(place, &why));
            match why {
                ReadError::Foreign(_) => {
                    Failure::wrong(what, format!("remove or mend it, then {next}"))
                }
                _ => Failure::environment(what, format!("mend this, then {next}")),
            }
        })
    };
    let stopped = || Failure::wrong(format!("stopped: {before}they were not compared"), next);
    stop.unless(comparing, stopped).await
}

/// What is said of a place that cannot be read.
fn unread(place: &str, why: &ReadError) -> String {
    match why {
        ReadError::Foreign(record) => format!("in {place} {record} is not one of ours"),
        _ => format!("{place} cannot be read: {why}"),
    }
}

#[cfg(test)]
#[path = "copy/copy_tests.rs"]
mod tests;
