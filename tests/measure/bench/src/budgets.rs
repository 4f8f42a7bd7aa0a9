//! Limits for figures that are much the same on every machine: sizes, connections, calls, instructions, memory.
//!
//! A limit is a little above what was measured when it was set. Whoever exceeds one fixes that, or sets the limit anew and says
//! why.

mod measure;

use std::path::Path;

use anyhow::{Result, ensure};

use crate::{
    count::Counter,
    figures::{ByProgram, Figures},
    program::{Job, Program},
    report::aligned,
    tracing::Daemon,
};

/// Sizes and instructions depend on the architecture, and their limits are this one's.
const ARCHITECTURE: &str = "x86_64";

/// How often a program is measured until it keeps its limits.
const ROUNDS: usize = 3;

/// What a figure may be.
#[derive(Clone, Copy)]
enum Limit {
    AtMost(f64),
    Exactly(f64),
}

/// A limit, with what was measured where it was.
struct Budget {
    what: &'static str,
    limit: Limit,
    measured: Option<f64>,
    unit: Unit,
}

/// What to divide by for who reads it, the digits behind the point, and what it is then called.
type Unit = (f64, usize, &'static str);

const COUNT: Unit = (1.0, 0, "");
const MB: Unit = (1e6, 2, " MB");
const THOUSANDS: Unit = (1e3, 0, " thousand");

impl Budget {
    fn is_exceeded(&self) -> bool {
        self.measured.is_some_and(|measured| match self.limit {
            Limit::AtMost(most) => measured > most,
            Limit::Exactly(count) => (measured - count).abs() > 1e-9,
        })
    }

    fn verdict(&self) -> &'static str {
        match self.measured {
            None => "not measured",
            Some(_) if self.is_exceeded() => "EXCEEDED",
            Some(_) => "kept",
        }
    }

    fn row(&self, function: &str) -> Vec<String> {
        let (by, digits, unit) = self.unit;
        let shown = |value: f64| format!("{:.digits$}{unit}", value / by);
        vec![
            format!("{function}: {}", self.what),
            match self.limit {
                Limit::AtMost(most) => format!("at most {}", shown(most)),
                Limit::Exactly(count) => format!("exactly {}", shown(count)),
            },
            self.measured.map_or_else(|| "–".into(), shown),
            self.verdict().into(),
        ]
    }
}

/// The limits of a function, with what was measured of it.
fn budgets(job: Job, measured: &Figures) -> Vec<Budget> {
    // The zip and the binary in MB, the connections, and the instructions in thousands.
    let (zip, binary, services, instructions) = match job {
        Job::Accept => (3.3, 7.5, 1.0, 800.0),
        Job::Read | Job::Nothing => (3.6, 8.2, 1.0, 710.0),
        // Storage and the queues.
        Job::Fulfill => (3.95, 9.2, 2.0, 870.0),
    };
    // One more for the secrets.
    let connections = services + 1.0;
    let mut budgets = Vec::new();
    let mut add = |what, figure, limit, unit| {
        budgets.push(Budget {
            what,
            limit,
            measured: measured.get(figure).copied(),
            unit,
        });
    };
    let most = |thing: f64, unit: Unit| Limit::AtMost(thing * unit.0);
    add("zip", measure::ZIP, most(zip, MB), MB);
    add("binary", measure::BINARY, most(binary, MB), MB);
    let count = Limit::Exactly(connections);
    add(
        "connections to AWS before the first invocation",
        measure::INIT_CONNECTIONS,
        count,
        COUNT,
    );
    add(
        "questions that only open a connection, in all",
        measure::QUESTIONS,
        Limit::Exactly(services),
        COUNT,
    );
    // Every call uses what init opened.
    let count = Limit::AtMost(connections);
    add(
        "connections to AWS after 50 invocations",
        measure::CONNECTIONS,
        count,
        COUNT,
    );
    let one = Limit::Exactly(1.0);
    add(
        "connections to the Runtime API",
        measure::RUNTIME_CONNECTIONS,
        one,
        COUNT,
    );
    add(
        "calls to AWS an order",
        measure::ROUND_TRIPS,
        one,
        (1.0, 2, ""),
    );
    add(
        "instructions an invocation",
        measure::INSTRUCTIONS,
        most(instructions, THOUSANDS),
        THOUSANDS,
    );
    // What grows faster than an order's lines is seen here: 100 lines take about a ninth.
    let large = match job {
        Job::Accept => Some(33_000.0),
        Job::Fulfill => Some(37_500.0),
        Job::Read | Job::Nothing => None,
    };
    if let Some(large) = large {
        add(
            "instructions an invocation with 1,000 lines",
            measure::INSTRUCTIONS_LARGE,
            most(large, THOUSANDS),
            THOUSANDS,
        );
    }
    if job == Job::Fulfill {
        add(
            "peak RSS with batches of 10",
            measure::PEAK_10,
            most(14.0, MB),
            MB,
        );
        add(
            "peak RSS with batches of 100",
            measure::PEAK_100,
            most(16.0, MB),
            MB,
        );
        add(
            "peak RSS with a batch of 6 MB",
            measure::PEAK_FULL,
            most(48.0, MB),
            MB,
        );
    } else {
        add("peak RSS", measure::PEAK, most(14.0, MB), MB);
    }
    budgets
}

/// Measures, and prints a table.
///
/// # Errors
/// The budgets that are exceeded, by name.
pub(crate) async fn check(functions: &[Program], daemon: &Daemon, folder: &Path) -> Result<()> {
    let is_ours = std::env::consts::ARCH == ARCHITECTURE;
    let is_counted = is_ours && Counter::Instructions.is_here();
    let mut measured = ByProgram::new();
    for program in functions {
        // On a busy machine init's connections may come too late. The function then reads the system's certificates, and opens
        // others. What is too much every time is the program's own.
        for _ in 0..ROUNDS {
            let figures = measure::figures(program, daemon, folder, is_ours, is_counted).await?;
            measured.insert(program.name, figures);
            let (_, exceeded) = judged(std::slice::from_ref(program), &measured);
            if exceeded.is_empty() {
                break;
            }
            println!("Too much, this time: {}", exceeded.join("; "));
        }
    }
    let (table, exceeded) = judged(functions, &measured);
    print!("{table}");
    if !is_ours {
        println!("Sizes and instructions are not judged: their limits are those of {ARCHITECTURE}");
    } else if !is_counted {
        println!(
            "Instructions were not counted: there is no {}",
            Counter::Instructions.tool()
        );
    }
    ensure!(exceeded.is_empty(), "exceeded: {}", exceeded.join("; "));
    Ok(())
}

/// The table, and what is exceeded.
fn judged(functions: &[Program], measured: &ByProgram) -> (String, Vec<String>) {
    let mut rows = vec![
        ["budget", "limit", "measured", "verdict"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut exceeded = Vec::new();
    for program in functions {
        let none = Figures::new();
        let figures = measured.get(program.name).unwrap_or(&none);
        for budget in budgets(program.job, figures) {
            let row = budget.row(program.name);
            if budget.is_exceeded() {
                exceeded.push(format!("{} ({}, {})", row[0], row[2], row[1]));
            }
            rows.push(row);
        }
    }
    (aligned(&rows), exceeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(limit: Limit, measured: impl Into<Option<f64>>) -> &'static str {
        let budget = Budget {
            what: "it",
            limit,
            measured: measured.into(),
            unit: COUNT,
        };
        budget.verdict()
    }

    #[test]
    fn a_budget_is_kept_up_to_its_limit_and_an_exact_one_at_it_alone() {
        assert_eq!(verdict(Limit::AtMost(2.0), 2.0), "kept");
        assert_eq!(verdict(Limit::AtMost(2.0), 1.0), "kept");
        assert_eq!(verdict(Limit::AtMost(2.0), 2.001), "EXCEEDED");
        assert_eq!(verdict(Limit::Exactly(2.0), 2.0), "kept");
        assert_eq!(verdict(Limit::Exactly(2.0), 1.0), "EXCEEDED", "too few");
        assert_eq!(verdict(Limit::Exactly(2.0), 3.0), "EXCEEDED");
        assert_eq!(verdict(Limit::Exactly(2.0), None), "not measured");
    }

    #[test]
    fn every_figure_has_a_limit_and_what_exceeds_one_is_named() {
        let function = Program {
            name: "fulfill-orders",
            binary: std::path::PathBuf::new(),
            job: Job::Fulfill,
            floor: "floor-fulfill",
            reads_secrets: true,
            is_paced: true,
            database: None,
        };
        let measured = |figure, value| {
            let figures = Figures::from([(figure, value)]);
            let (table, exceeded) = judged(
                std::slice::from_ref(&function),
                &ByProgram::from([(function.name, figures)]),
            );
            assert_eq!(table.contains("EXCEEDED"), !exceeded.is_empty(), "{table}");
            exceeded.join("; ")
        };
        for figure in [
            measure::ZIP,
            measure::BINARY,
            measure::INIT_CONNECTIONS,
            measure::CONNECTIONS,
            measure::QUESTIONS,
            measure::RUNTIME_CONNECTIONS,
            measure::ROUND_TRIPS,
            measure::INSTRUCTIONS,
            measure::INSTRUCTIONS_LARGE,
            measure::PEAK_10,
            measure::PEAK_100,
            measure::PEAK_FULL,
        ] {
            assert_ne!(measured(figure, 1e9), "", "{figure}");
        }
        assert_eq!(
            measured(measure::ZIP, 4e6),
            "fulfill-orders: zip (4.00 MB, at most 3.95 MB)"
        );
        assert_eq!(measured(measure::INIT_CONNECTIONS, 3.0), "");
        assert_eq!(
            measured(measure::INIT_CONNECTIONS, 0.0),
            "fulfill-orders: connections to AWS before the first invocation (0, exactly 3)"
        );
    }
}
