#![doc = include_str!("../README.md")]

mod budgets;
mod check;
mod compare;
mod connect;
mod count;
mod database;
mod enter;
mod events;
mod figures;
mod folder;
mod goals;
mod growth;
mod machine;
mod process;
mod program;
mod report;
mod runtime_api;
mod share;
mod speed;
mod stand_in;
mod tracing;

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use database::Database;
use folder::Folder;
use program::{Job, Program};
use tracing::Daemon;

/// Measures the shipped functions as processes, against a Runtime API and stand-ins for AWS
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Sizes, starts, invocations, batches and shares of a processor, beside the floor; verdicts on the goals
    Speed {
        /// The functions' folder, as `sam build` makes it
        functions: PathBuf,
        /// The folder of the programs to compare with, as `cargo lambda build` makes it
        references: PathBuf,
        /// Also write it here, as JSON
        #[arg(long)]
        json: Option<PathBuf>,
        /// Only what has this job; the goals need all
        #[arg(long, value_enum)]
        only: Option<Job>,
        /// Milliseconds before each answer of AWS; the goals are for none
        #[arg(long, default_value_t = 0)]
        delay: u64,
        /// How often each thing is done: fewer is faster and says less
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
        rounds: u64,
    },
    /// What does not depend on a machine's speed, against its limits: fails where one is exceeded
    Budgets {
        /// The functions' folder, as `sam build` makes it
        functions: PathBuf,
    },
    /// What calls of the stores in databases cost with up to a million orders stored: fails where an insert costs too much more
    Growth,
    /// What is different between two builds of the functions, beyond chance
    Compare {
        /// The folder of the one
        before: PathBuf,
        /// The folder of the other
        after: PathBuf,
        /// Pairs of processes
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
        rounds: u64,
    },
}

fn main() -> Result<()> {
    let mut words = std::env::args_os().skip(1);
    match words.next() {
        Some(word) if word == enter::WORD => return enter::become_program(words),
        Some(word) if word == connect::WORD => return connect::open(words),
        _ => {}
    }
    let arguments = Arguments::parse();
    let processor = machine::pin();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(arguments.what, processor))
}

async fn run(what: What, processor: String) -> Result<()> {
    match what {
        What::Budgets { functions } => {
            let folder = Folder::new()?;
            let daemon = Daemon::start().await?;
            budgets::check(
                &Program::functions(&functions, None)?,
                &daemon,
                folder.path(),
            )
            .await
        }
        What::Growth => {
            println!("{processor}");
            growth::run().await
        }
        What::Compare {
            before,
            after,
            rounds,
        } => {
            println!("{processor}");
            compare::compare(&before, &after, rounds).await
        }
        What::Speed {
            functions,
            references,
            json,
            only,
            delay,
            rounds,
        } => {
            let mut programs = Program::functions(&functions, only)?;
            programs.extend(Program::references(&references, only)?);
            let (databases, gaps) = match only {
                None | Some(Job::Fulfill) => Database::all().await?,
                Some(_) => (Vec::new(), Vec::new()),
            };
            for database in &databases {
                programs.push(Program::on(database, &references)?);
            }
            let daemon = Daemon::start().await?;
            let folder = Folder::new()?;
            let programs = programs.iter().map(|program| program.copied(folder.path()));
            let programs: Vec<_> = programs.collect::<Result<_>>()?;
            let bench = speed::Bench {
                programs: &programs,
                databases: &databases,
                daemon: &daemon,
                delay: Duration::from_millis(delay),
                rounds,
                folder: folder.path(),
            };
            let mut measured = bench.run().await?;
            measured.gaps.extend(gaps);
            let method = report::Method {
                processor,
                delay_ms: delay.into(),
                rounds,
            };
            print!("{}", report::tables(&programs, &measured, &method));
            if let Some(file) = json {
                let text = format!("{:#}\n", report::to_json(&programs, &measured, &method));
                fs::write(&file, text).with_context(|| file.display().to_string())?;
            }
            Ok(())
        }
    }
}
