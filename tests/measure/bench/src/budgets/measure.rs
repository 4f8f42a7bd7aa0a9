//! What is measured of a function for its budgets.

use std::path::Path;

use anyhow::Result;

use crate::{
    count::Counter,
    events::LINES,
    figures::{Figures, float},
    process::{Running, Setup, Signal},
    program::{Job, Program},
    speed::{say, sizes},
    tracing::{Daemon, Sampling},
};

pub(super) const ZIP: &str = "zip_bytes";
pub(super) const BINARY: &str = "binary_bytes";
pub(super) const INIT_CONNECTIONS: &str = "init_aws_connections";
pub(super) const CONNECTIONS: &str = "aws_connections";
pub(super) const QUESTIONS: &str = "questions";
pub(super) const RUNTIME_CONNECTIONS: &str = "runtime_connections";
pub(super) const ROUND_TRIPS: &str = "round_trips_per_order";
pub(super) const INSTRUCTIONS: &str = "instructions";
pub(super) const INSTRUCTIONS_LARGE: &str = "large_instructions";
pub(super) const PEAK: &str = "peak_rss_bytes";
pub(super) const PEAK_10: &str = "peak_rss_10_bytes";
pub(super) const PEAK_100: &str = "peak_rss_100_bytes";
pub(super) const PEAK_FULL: &str = "peak_rss_full_bytes";

/// The most lines that an order may have.
const MOST_LINES: u64 = 1_000;

/// So many orders of so many lines are nearly 6 MB, the largest event that Lambda takes.
const FULL_BATCH: u64 = 55;

/// Invocations with one order.
const INVOCATIONS: u64 = 50;

/// All of it: sizes and instructions where they are asked for.
pub(super) async fn figures(
    program: &Program,
    daemon: &Daemon,
    folder: &Path,
    with_sizes: bool,
    with_instructions: bool,
) -> Result<Figures> {
    say(program.name);
    let mut figures = served(program, daemon).await?;
    if with_sizes {
        figures.extend(sizes(program)?);
    }
    if with_instructions {
        let counter = Counter::Instructions;
        let count = counter.count(program, daemon, folder, LINES, 100);
        figures.insert(INSTRUCTIONS, count.await?);
        if program.job != Job::Read {
            let count = counter.count(program, daemon, folder, MOST_LINES, 5);
            figures.insert(INSTRUCTIONS_LARGE, count.await?);
        }
    }
    Ok(figures)
}

/// Of one process, from its start on.
async fn served(program: &Program, daemon: &Daemon) -> Result<Figures> {
    let mut running = Running::start(program, &Setup::new(Sampling::AsShipped, daemon)).await?;
    let mut figures = Figures::from([(INIT_CONNECTIONS, float(running.connections().0))]);
    for _ in 0..INVOCATIONS {
        running.invoke_freely(1).await?;
    }
    let (aws, host) = running.connections();
    figures.extend([
        (CONNECTIONS, float(aws)),
        (QUESTIONS, float(running.questions())),
        (RUNTIME_CONNECTIONS, float(host)),
        (PEAK, float(running.peak_rss()?)),
    ]);
    let mut orders = INVOCATIONS;
    if program.job == Job::Fulfill {
        for (size, figure) in [(10, PEAK_10), (100, PEAK_100)] {
            running.invoke_freely(size).await?;
            figures.insert(figure, float(running.peak_rss()?));
            orders += size;
        }
    }
    figures.insert(ROUND_TRIPS, float(running.round_trips()) / float(orders));
    if program.job == Job::Fulfill {
        running.lines = MOST_LINES;
        running.invoke_freely(FULL_BATCH).await?;
        figures.insert(PEAK_FULL, float(running.peak_rss()?));
    }
    running.end(Signal::Kill).await?;
    Ok(figures)
}
