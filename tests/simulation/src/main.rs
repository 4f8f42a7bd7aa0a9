//! `simulate`: runs seeds, and reports what the first one that fails breaks. `make simulate` calls it.

use std::{process::ExitCode, time::Instant};

use clap::Parser;
use sluice_simulation::{Scenario, judge, readable, run, search};

/// Runs the handlers under the faults that follow from a seed, in virtual time, and judges what they did
#[derive(Parser)]
struct Arguments {
    /// How many seeds to run
    #[arg(long, default_value_t = 100_000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Run only this seed, and print all that happens
    #[arg(long)]
    seed: Option<u64>,
}

/// How many seeds one line of output reports.
const STRIDE: u64 = 10_000;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(seed) = arguments.seed {
        return show(&Scenario::of(seed));
    }
    let begun = Instant::now();
    let end = arguments.from.saturating_add(arguments.seeds);
    let mut from = arguments.from;
    while from < end {
        let to = from.saturating_add(STRIDE).min(end);
        if let Some(seed) = search::first_failing(from..to, Scenario::of) {
            println!("{}", search::report(&Scenario::of(seed)));
            return ExitCode::FAILURE;
        }
        println!(
            "seeds {from} to {}: every promise kept, {} s",
            to - 1,
            begun.elapsed().as_secs()
        );
        from = to;
    }
    ExitCode::SUCCESS
}

fn show(scenario: &Scenario) -> ExitCode {
    let history = run(scenario).history;
    let violations = judge(&history);
    if violations.is_empty() {
        println!(
            "{}\n{scenario:#?}\n\nEvery promise is kept.",
            readable(&history)
        );
        return ExitCode::SUCCESS;
    }
    println!("{}", search::report(scenario));
    ExitCode::FAILURE
}
