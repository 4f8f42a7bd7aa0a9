#![doc = include_str!("../README.md")]

mod curve;
mod deploy;
mod lanes;
mod number;
mod pace;
mod plan;
mod posting;
mod recorder;
mod row;
mod sale;
mod stalls;
mod windows;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use row::{Row, table};
use sluice_testing::stack::Stack;

/// Measures the pace of the lanes, their independence, and what `sluice plan` foretells, on a local stack
#[derive(Parser)]
struct Arguments {
    /// Measure this alone
    #[arg(long, value_enum)]
    part: Option<Part>,
}

/// What can be measured by itself, in the order of measuring.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// How long orders wait beside a lane with a backlog
    Lanes,
    /// When a sale is over, as planned and as measured
    Plan,
    /// How many writes reach storage in a time
    Pace,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let stack = Stack::take().await;
    let mut rows = Vec::new();
    for part in Part::value_variants() {
        if arguments.part.is_none_or(|wanted| wanted == *part) {
            let measured = measure(*part, &stack).await;
            say(&format!("so far:\n{}", table(&measured)));
            rows.extend(measured);
        }
    }
    print!("{}", table(&rows));
    if rows.iter().all(Row::holds) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn measure(part: Part, stack: &Stack) -> Vec<Row> {
    match part {
        Part::Lanes => lanes::measure(stack).await,
        Part::Plan => sale::measure(stack).await,
        Part::Pace => pace::measure(stack).await,
    }
}

/// Tells what goes on. The table alone goes to stdout.
fn say(what: &str) {
    eprintln!("--> {what}");
}
