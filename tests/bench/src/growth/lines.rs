//! What an order costs by its lines.

use std::{path::Path, time::Duration};

use anyhow::Result;

use crate::{
    count::Counter,
    events::Kind,
    figures::{float, median},
    goals::Goal,
    process::{Running, Setup, Signal},
    program::{Job, Program},
    speed::say,
    way::{Sink, Way},
};

/// Up to the most that an order may have.
const LINES: [u64; 7] = [1, 3, 10, 30, 100, 300, 1_000];

/// The most that 1,000 lines may cost, to 100: ten times, and a bit for what is measured. The same for 100 to 1, since what is done once
/// for an order is more than what is done for a few lines.
const MOST: f64 = 11.0;

/// The most that a line among many may cost, to one among fewer.
const MOST_FURTHER: f64 = 1.1;

/// Rounds of the sizes in turns.
const ROUNDS: usize = 25;

/// What an order with so many lines costs.
pub(super) struct Cost {
    lines: u64,
    cpu_us: f64,
    /// Where they can be counted.
    instructions: Option<f64>,
}

/// One process has orders of all sizes in turns; for instructions each size has its own.
pub(super) async fn measure(program: &Program, sink: &Sink, folder: &Path) -> Result<Vec<Cost>> {
    say(&format!("{} by lines", program.name));
    let invocations: u32 = if program.job == Job::Fulfill { 4 } else { 20 };
    let mut running = Running::start(program, &Setup::new(Way::Shipped, sink)).await?;
    let mut samples = [const { Vec::<Duration>::new() }; LINES.len()];
    for round in 0..=ROUNDS {
        for (lines, samples) in LINES.into_iter().zip(&mut samples) {
            running.kind = of(lines);
            // Not that which finds what the other size has left.
            running.invoke(1).await?;
            let before = running.cpu()?;
            for _ in 0..invocations {
                running.invoke(1).await?;
            }
            if round > 0 {
                samples.push(running.cpu()?.saturating_sub(before) / invocations);
            }
        }
    }
    running.end(Signal::Kill).await?;
    let is_counted = Counter::Instructions.is_here();
    let mut costs = Vec::new();
    for (lines, mut samples) in LINES.into_iter().zip(samples) {
        let count = Counter::Instructions.count(program, sink, folder, of(lines), 20);
        costs.push(Cost {
            lines,
            cpu_us: median(&mut samples) * 1_000.0,
            instructions: if is_counted { Some(count.await?) } else { None },
        });
    }
    Ok(costs)
}

fn of(lines: u64) -> Kind {
    Kind {
        lines,
        ..Kind::default()
    }
}

/// A row for each size.
pub(super) fn table(costs: &[Cost]) -> Vec<Vec<String>> {
    let titles = [
        "lines",
        "CPU an order",
        "a line",
        "instructions an order",
        "a line",
    ];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    rows.extend(costs.iter().map(|cost| {
        let lines = float(cost.lines);
        let counted = |by: f64| {
            let thousands = cost.instructions.map(|count| count / by / 1e3);
            thousands.map_or_else(|| "–".into(), |count| format!("{count:.1} thousand"))
        };
        vec![
            cost.lines.to_string(),
            format!("{:.1} µs", cost.cpu_us),
            format!("{:.2} µs", cost.cpu_us / lines),
            counted(1.0),
            counted(lines),
        ]
    }));
    rows
}

/// More lines cost no more than their share, and a line among many no more than one among fewer.
pub(super) fn goals(function: &str, costs: &[Cost]) -> Vec<Goal> {
    let mut goals = Vec::new();
    for (figure, of) in [
        (
            "CPU",
            (|cost| Some(cost.cpu_us)) as fn(&Cost) -> Option<f64>,
        ),
        ("instructions", |cost| cost.instructions),
    ] {
        let at = |lines| of(costs.iter().find(|cost| cost.lines == lines)?);
        let ratio = |more, fewer| Some(at(more)? / at(fewer)?);
        let further = |more, fewer| Some((at(more)? - at(fewer)?) / float(more - fewer));
        for (more, fewer) in [(100, 1), (1_000, 100)] {
            goals.push(Goal {
                what: format!("{function}: {figure} of {more} lines to {fewer}"),
                limit: MOST,
                measured: ratio(more, fewer),
                unit: "×",
            });
        }
        let bent = || Some(further(1_000, 100)? / further(100, 10)?);
        goals.push(Goal {
            what: format!("{function}: {figure} of a line from 100 to 1000, to one from 10 to 100"),
            limit: MOST_FURTHER,
            measured: bent(),
            unit: "×",
        });
    }
    goals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(cost: fn(f64) -> f64) -> Vec<&'static str> {
        let costs = LINES.map(|lines| Cost {
            lines,
            cpu_us: cost(float(lines)),
            instructions: None,
        });
        goals("it", &costs).iter().map(Goal::verdict).collect()
    }

    #[test]
    fn what_grows_as_the_lines_do_is_met_and_what_grows_faster_is_not() {
        let none = ["not measured"; 3];
        let all = |cpu: [&'static str; 3]| [cpu, none].concat();
        assert_eq!(verdicts(|lines| 20.0 + lines), all(["met"; 3]));
        // It must be little beside what is done once for an order.
        assert_eq!(verdicts(|lines| lines), all(["MISSED", "met", "met"]));
        assert_eq!(verdicts(|lines| lines * lines), all(["MISSED"; 3]));
        // That hides it from the ratios of orders, not from that of lines.
        assert_eq!(
            verdicts(|lines| 200.0 + lines + lines * lines / 1_000.0),
            all(["met", "met", "MISSED"])
        );
    }
}
