#![doc = include_str!("../README.md")]

mod curve;
mod database;
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

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, ValueEnum};
use row::{Row, table};
use sluice_testing::stack::Stack;

/// Measures the pace of the lanes, their independence, and what `sluice plan` foretells, on a local stack
#[derive(Parser)]
struct Arguments {
    /// Measure this alone
    #[arg(long, value_enum)]
    part: Option<Part>,
    /// Draw what was measured of the database into this file, as SVG
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
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
    /// What a load beyond a database's capacity does to it, with the pace and without
    Database,
}

impl Part {
    /// Whether it is of a stack with a database. The others look into the table.
    fn is_of_database(self) -> bool {
        self == Self::Database
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let stack = Stack::take().await;
    let has_database = std::env::var_os("DATABASE_URL").is_some();
    if arguments
        .part
        .is_some_and(|part| part.is_of_database() != has_database)
    {
        eprintln!(
            "error: this part is not of this stack. Next: make pace-check STORE=postgres for the database, without STORE for the others"
        );
        return ExitCode::FAILURE;
    }
    let mut rows = Vec::new();
    for part in Part::value_variants() {
        let wanted = match arguments.part {
            Some(wanted) => wanted == *part,
            None => part.is_of_database() == has_database,
        };
        if wanted {
            let measured = measure(*part, &stack, &arguments).await;
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

async fn measure(part: Part, stack: &Stack, arguments: &Arguments) -> Vec<Row> {
    match part {
        Part::Lanes => lanes::measure(stack).await,
        Part::Plan => sale::measure(stack).await,
        Part::Pace => pace::measure(stack).await,
        Part::Database => database::measure(stack, arguments.picture.as_deref()).await,
    }
}

/// Tells what goes on. The table alone goes to stdout.
fn say(what: &str) {
    eprintln!("--> {what}");
}
