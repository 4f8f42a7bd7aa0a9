//! What an order costs, and what a process holds, by how many orders it has served.

use anyhow::Result;

use crate::{
    figures::{float, median},
    goals::Goal,
    process::{Running, Setup, Signal},
    program::{Job, Program},
    speed::say,
    way::{Sink, Way},
};

/// What the last block's CPU may be, to the first's: other work on the machine makes as much of a difference.
const MOST_CPU: f64 = 1.25;

/// What a process may hold more than after its first block.
const MOST_MEMORY: f64 = 1e6;

/// What a block of orders cost.
pub(super) struct Block {
    /// All that the process served by its end.
    orders: u64,
    cpu_us: f64,
    rss_bytes: f64,
}

/// Trace headers for all invocations, where not each has its own. `lambda_runtime` sets an environment variable to the header of
/// each invocation, and glibc keeps every value that such a variable ever had: what else a process keeps, of traces too, is
/// seen where all have one, and are sampled. The consumer has too few invocations for a difference.
pub(super) fn ways(job: Job) -> Vec<(Option<String>, &'static str)> {
    let mut ways = vec![(None, "")];
    if job != Job::Fulfill {
        let header = Way::Sampled.header(1);
        ways.push((Some(header), ", all sampled under one trace header"));
    }
    ways
}

/// One process, from its start on.
pub(super) async fn measure(
    program: &Program,
    sink: &Sink,
    trace: Option<String>,
) -> Result<Vec<Block>> {
    say(&format!("{} by the orders before", program.name));
    // At the pace an order takes 10 ms.
    let (blocks, parts, invocations, orders) = match program.job {
        Job::Fulfill => (5, 10, 1, 100),
        _ => (10, 20, 100, 1),
    };
    let mut running = Running::start(program, &Setup::new(Way::Shipped, sink)).await?;
    running.trace = trace;
    let mut measured = Vec::new();
    for block in 1..=blocks {
        // The median of its parts, since the machine may do something else in some.
        let mut cpu = Vec::new();
        for _ in 0..parts {
            let before = running.cpu()?;
            for _ in 0..invocations {
                running.invoke(orders).await?;
            }
            cpu.push(running.cpu()?.saturating_sub(before));
        }
        let of_part = invocations * orders;
        measured.push(Block {
            orders: block * parts * of_part,
            cpu_us: median(&mut cpu) * 1_000.0 / float(of_part),
            rss_bytes: float(running.rss()?),
        });
    }
    running.end(Signal::Kill).await?;
    Ok(measured)
}

/// A row for each block.
pub(super) fn table(blocks: &[Block]) -> Vec<Vec<String>> {
    let mut rows = vec![
        ["orders so far", "CPU an order", "RSS"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(blocks.iter().map(|block| {
        vec![
            block.orders.to_string(),
            format!("{:.1} µs", block.cpu_us),
            format!("{:.2} MB", block.rss_bytes / 1e6),
        ]
    }));
    rows
}

/// The last block costs what the first did, and no block after it holds more.
pub(super) fn goals(function: &str, how: &str, blocks: &[Block]) -> Vec<Goal> {
    let ends = blocks.first().zip(blocks.last());
    let held = blocks.iter().map(|block| block.rss_bytes).reduce(f64::max);
    vec![
        Goal {
            what: format!("{function}: CPU an order in the last block, to the first{how}"),
            limit: MOST_CPU,
            measured: ends.map(|(first, last)| last.cpu_us / first.cpu_us),
            unit: "×",
        },
        Goal {
            what: format!("{function}: RSS more than after the first block{how}"),
            limit: MOST_MEMORY / 1e6,
            measured: ends
                .zip(held)
                .map(|((first, _), held)| (held - first.rss_bytes) / 1e6),
            unit: "MB",
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(blocks: &[(f64, f64)]) -> Vec<&'static str> {
        let blocks: Vec<_> = blocks
            .iter()
            .map(|(cpu_us, mb)| Block {
                orders: 1,
                cpu_us: *cpu_us,
                rss_bytes: mb * 1e6,
            })
            .collect();
        goals("it", "", &blocks).iter().map(Goal::verdict).collect()
    }

    #[test]
    fn a_process_that_slows_down_or_holds_more_is_seen() {
        assert_eq!(verdicts(&[(100.0, 9.0), (120.0, 9.9)]), ["met", "met"]);
        assert_eq!(verdicts(&[(100.0, 9.0), (126.0, 9.0)]), ["MISSED", "met"]);
        // Also where it gives it back in the end.
        let held = [(100.0, 9.0), (100.0, 10.1), (100.0, 9.0)];
        assert_eq!(verdicts(&held), ["met", "MISSED"]);
        assert_eq!(verdicts(&[]), ["not measured"; 2]);
    }
}
