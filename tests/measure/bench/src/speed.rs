//! All that is measured of the functions and of what they are compared with.

mod batches;
mod starts;
mod warm;

pub(crate) use warm::APART;

use std::{collections::BTreeMap, io::Write, path::Path, process::Command, time::Duration};

use anyhow::{Context, Result};

use crate::{
    connect,
    count::Counter,
    database::Database,
    events::LINES,
    figures::{ByProgram, Figures, float, median},
    process::Setup,
    program::Program,
    share::Share,
    tracing::{Daemon, Sampling},
};

/// Orders in a batch.
pub(crate) const BATCHES: [u64; 4] = [1, 10, 100, 1_000];

/// The sizes of memory whose share of a processor is tried.
pub(crate) const MEMORIES: [u64; 4] = [128, 256, 512, 1_769];

/// Everything.
#[derive(Default)]
pub(crate) struct Measured {
    /// With one order an invocation.
    pub(crate) programs: ByProgram,
    /// By the size of batches.
    pub(crate) batches: BTreeMap<u64, ByProgram>,
    /// By the memory whose share of a processor a program has, in megabytes.
    pub(crate) shares: BTreeMap<u64, ByProgram>,
    /// Of a connection to a database, by its kind.
    pub(crate) connections: ByProgram,
    /// What could not be measured, and why.
    pub(crate) gaps: Vec<String>,
}

/// How much of it.
pub(crate) struct Bench<'a> {
    pub(crate) programs: &'a [Program],
    /// Those that programs store orders in.
    pub(crate) databases: &'a [Database],
    pub(crate) daemon: &'a Daemon,
    pub(crate) delay: Duration,
    /// Starts of each program, and rounds of warm invocations.
    pub(crate) rounds: u64,
    /// For the reports of other programs.
    pub(crate) folder: &'a Path,
}

impl Bench<'_> {
    /// Measures all.
    pub(crate) async fn run(&self) -> Result<Measured> {
        let mut measured = Measured::default();
        say("sizes");
        for program in self.programs {
            measured.programs.insert(program.name, sizes(program)?);
        }
        say("starts");
        let cold = self.cold(&self.setup(), self.rounds * 2, median).await?;
        merge(&mut measured.programs, cold);
        say("connections to databases");
        measured.connections =
            connect::measure(self.databases, self.rounds * 2, self.folder).await?;
        say("warm invocations");
        merge(&mut measured.programs, self.warm().await?);
        for counter in Counter::ALL {
            say(counter.figure());
            if !counter.is_here() {
                let gap = format!("{}: not measured: no {}", counter.figure(), counter.tool());
                measured.gaps.push(gap);
                continue;
            }
            for program in self.programs {
                let count = counter
                    .count(program, self.daemon, self.folder, LINES, 100)
                    .await?;
                let figures = measured.programs.entry(program.name).or_default();
                figures.insert(counter.figure(), count);
            }
        }
        for size in BATCHES {
            say(&format!("batches of {size}"));
            measured.batches.insert(size, self.batches(size).await?);
        }
        for memory in MEMORIES {
            say(&format!("the share of {memory} MB"));
            match Share::of(memory) {
                Ok(share) => {
                    measured.shares.insert(memory, self.share(&share).await?);
                }
                Err(error) => measured
                    .gaps
                    .push(format!("the share of {memory} MB: not measured: {error:#}")),
            }
        }
        Ok(measured)
    }

    fn setup(&self) -> Setup<'_> {
        let mut setup = Setup::new(Sampling::AsShipped, self.daemon);
        setup.delay = self.delay;
        setup
    }
}

/// The binary, and the zip that is deployed, whose one file it is.
pub(crate) fn sizes(program: &Program) -> Result<Figures> {
    const ZIP: &str = "import io, sys, zipfile\n\
        file = io.BytesIO()\n\
        with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as zip:\n    \
            zip.write(sys.argv[1], 'bootstrap')\n\
        print(file.tell())";
    let zip = Command::new("python3")
        .args(["-c", ZIP])
        .arg(&program.binary)
        .output()?;
    let size = String::from_utf8(zip.stdout)?;
    let size: f64 = size.trim().parse().context("python3 made no zip")?;
    let binary = float(program.binary.metadata()?.len());
    Ok(Figures::from([
        ("binary_bytes", binary),
        ("zip_bytes", size),
    ]))
}

fn merge(into: &mut ByProgram, more: ByProgram) {
    for (program, figures) in more {
        into.entry(program).or_default().extend(figures);
    }
}

/// What is under way, for who waits.
pub(crate) fn say(what: &str) {
    let _ = writeln!(std::io::stderr(), "measuring {what}");
}
