//! All that is measured of the functions and of what they are compared with.

use std::{
    collections::BTreeMap,
    io::Write,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use crate::{
    count::Counter,
    figures::{ByProgram, Figures, certain_quantile, float, mean, median},
    process::{Running, Setup, Signal},
    program::{Job, Program},
    share::Share,
    way::{Sink, Way},
};

/// Orders in a batch.
pub(crate) const BATCHES: [u64; 4] = [1, 10, 100, 1_000];

/// The sizes of memory whose share of a processor is tried.
pub(crate) const MEMORIES: [u64; 4] = [128, 256, 512, 1_769];

/// The most writes that a consumer has under way, and so the most connections.
const OVERLAP: u64 = 32;

/// The figure of invocations that come 10 ms apart.
pub(crate) const APART: &str = "cpu_apart_ms";

/// So many of them in a round.
const INVOCATIONS_APART: u32 = 10;

/// Everything.
#[derive(Default)]
pub(crate) struct Measured {
    /// With one order an invocation.
    pub(crate) programs: ByProgram,
    /// By the size of batches.
    pub(crate) batches: BTreeMap<u64, ByProgram>,
    /// By the memory whose share of a processor a program has, in megabytes.
    pub(crate) shares: BTreeMap<u64, ByProgram>,
    /// What could not be measured, and why.
    pub(crate) gaps: Vec<String>,
}

/// A process that serves, and what it took.
struct Warm<'a> {
    program: &'a Program,
    running: Running,
    times: Vec<Duration>,
    cpu: Vec<Duration>,
}

impl<'a> Warm<'a> {
    fn new(program: &'a Program, running: Running) -> Self {
        Self {
            program,
            running,
            times: Vec::new(),
            cpu: Vec::new(),
        }
    }
}

/// How much of it.
pub(crate) struct Bench<'a> {
    pub(crate) programs: &'a [Program],
    pub(crate) sink: &'a Sink,
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
        let cold = self.cold(&self.setup(), self.rounds * 2, median_of).await?;
        merge(&mut measured.programs, cold);
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
                let count = counter.count(program, self.sink, self.folder).await?;
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
        let mut setup = Setup::new(Way::Shipped, self.sink);
        setup.delay = self.delay;
        setup
    }

    /// From the start of a program to the answer of its first invocation; all programs in turns.
    async fn cold(
        &self,
        setup: &Setup<'_>,
        starts: u64,
        middle: fn(&mut [Duration]) -> f64,
    ) -> Result<ByProgram> {
        let mut samples = vec![[const { Vec::new() }; 4]; self.programs.len()];
        for _ in 0..starts {
            for (program, samples) in self.programs.iter().zip(&mut samples) {
                if setup.group.is_some() {
                    // A start finds its quota whole.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                let mut running = Running::start(program, setup).await?;
                let first = running.invoke(1).await?;
                let times = [
                    running.init(),
                    first,
                    running.init() + first,
                    running.cpu()?,
                ];
                for (samples, time) in samples.iter_mut().zip(times) {
                    samples.push(time);
                }
                running.end(Signal::Kill).await?;
            }
        }
        let names = ["init_ms", "first_ms", "cold_ms", "cold_cpu_ms"];
        let figures = samples.into_iter().map(|samples| {
            let figures = names.into_iter().zip(samples);
            figures
                .map(|(name, mut times)| (name, middle(&mut times)))
                .collect()
        });
        Ok(self
            .programs
            .iter()
            .map(|program| program.name)
            .zip(figures)
            .collect())
    }

    /// Invocations with one order, of processes that had many before; all programs in turns.
    async fn warm(&self) -> Result<ByProgram> {
        let setup = self.setup();
        let mut all = Vec::new();
        for program in self.programs {
            let mut running = Running::start(program, &setup).await?;
            for _ in 0..invocations(program) {
                running.invoke(1).await?;
            }
            all.push(Warm::new(program, running));
        }
        for _ in 0..self.rounds {
            for Warm {
                program,
                running,
                times,
                cpu,
            } in &mut all
            {
                let before = running.cpu()?;
                for _ in 0..invocations(program) {
                    times.push(running.invoke(1).await?);
                }
                let used = running.cpu()?.saturating_sub(before);
                cpu.push(used / u32::try_from(invocations(program))?);
            }
        }
        let mut apart = self.apart(&mut all).await?;
        let figures = all.into_iter().map(
            |Warm {
                 program,
                 running,
                 mut times,
                 mut cpu,
             }| {
                let mut figures = apart.remove(program.name).unwrap_or_default();
                for (name, part) in [
                    ("warm_p50_ms", 0.5),
                    ("warm_p90_ms", 0.9),
                    ("warm_p99_ms", 0.99),
                    ("warm_p999_ms", 0.999),
                ] {
                    figures.extend(certain_quantile(&mut times, part).map(|time| (name, time)));
                }
                let cpu = median(&mut cpu);
                figures.insert("cpu_ms", cpu);
                // At its pace a program waits by itself.
                figures.entry(APART).or_insert(cpu);
                figures.extend(resources(program, &running)?);
                Ok((program.name, figures))
            },
        );
        figures.collect()
    }

    /// The processor time of invocations that come 10 ms apart, as the writes of the consumer do: a processor that did something
    /// else in between has nothing of the program at hand.
    async fn apart(&self, all: &mut [Warm<'_>]) -> Result<ByProgram> {
        let mut by_program = BTreeMap::<_, Vec<_>>::new();
        for _ in 0..self.rounds {
            for Warm {
                program, running, ..
            } in all.iter_mut().filter(|warm| !warm.program.is_paced)
            {
                let before = running.cpu()?;
                for _ in 0..INVOCATIONS_APART {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    running.invoke(1).await?;
                }
                let cpu = running.cpu()?.saturating_sub(before) / INVOCATIONS_APART;
                by_program.entry(program.name).or_default().push(cpu);
            }
        }
        let figures = by_program.into_iter();
        let figures =
            figures.map(|(name, mut cpu)| (name, Figures::from([(APART, median(&mut cpu))])));
        Ok(figures.collect())
    }

    /// The consumer and its floor with batches of this size, in turns.
    async fn batches(&self, size: u64) -> Result<ByProgram> {
        let mut all = Vec::new();
        for program in self
            .programs
            .iter()
            .filter(|program| program.job == Job::Fulfill)
        {
            let mut running = Running::start(program, &self.setup()).await?;
            running.invoke(size).await?;
            all.push(Warm::new(program, running));
        }
        // At the pace an order takes 10 ms.
        let turns = (self.rounds * 25 / size).clamp(2, 300);
        for _ in 0..turns {
            for Warm {
                program,
                running,
                times,
                cpu,
            } in &mut all
            {
                // Without a pace there is time for more.
                let invocations = if program.is_paced { 1 } else { 5 };
                for _ in 0..invocations {
                    let before = running.cpu()?;
                    times.push(running.invoke(size).await?);
                    cpu.push(running.cpu()?.saturating_sub(before));
                }
            }
        }
        let figures = all.into_iter().map(
            |Warm {
                 program,
                 running,
                 mut times,
                 mut cpu,
             }| {
                let orders = float(times.len() + 1) * float(size);
                let trips = float(running.round_trips()) / orders;
                // A retry, or a call for nothing, would be one more.
                ensure!(
                    (trips - 1.0).abs() < 1e-9,
                    "{} makes {trips} calls an order, and may 1",
                    program.name
                );
                let cpu = median(&mut cpu) / float(size);
                let mut figures = resources(program, &running)?;
                figures.extend([
                    ("invocation_ms", median(&mut times)),
                    ("cpu_per_order_us", cpu * 1_000.0),
                    ("orders_per_cpu_second", 1_000.0 / cpu),
                    ("round_trips_per_order", trips),
                ]);
                Ok((program.name, figures))
            },
        );
        figures.collect()
    }

    /// All programs with a share of a processor. Means: with a quota, a quantile says whether it was used up.
    async fn share(&self, share: &Share) -> Result<ByProgram> {
        let mut setup = self.setup();
        setup.group = Some(share.processes());
        let mut by_program = self
            .cold(&setup, self.rounds.div_ceil(2), |times| mean(times))
            .await?;
        for program in self.programs {
            let mut running = Running::start(program, &setup).await?;
            let orders = if program.job == Job::Fulfill { 10 } else { 1 };
            running.invoke(orders).await?;
            // Many periods of the quota, which a few invocations would not use up.
            let end = Instant::now() + Duration::from_millis(75 * self.rounds);
            let mut times = Vec::new();
            while times.is_empty() || Instant::now() < end {
                times.push(running.invoke(orders).await?);
            }
            let figures = by_program.entry(program.name).or_default();
            figures.insert("warm_mean_ms", mean(&times));
            running.end(Signal::Kill).await?;
        }
        Ok(by_program)
    }
}

/// What a process holds, and that it opens no more connections than its job needs.
fn resources(program: &Program, running: &Running) -> Result<Figures> {
    let (aws, host) = running.connections();
    let most = match program.job {
        Job::Fulfill => OVERLAP,
        Job::Accept | Job::Read => 1,
        Job::Nothing => 0,
    };
    ensure!(
        aws <= most,
        "{} opened {aws} connections to AWS, and may {most}",
        program.name
    );
    Ok(Figures::from([
        ("peak_rss_bytes", float(running.peak_rss()?)),
        ("aws_connections", float(aws)),
        ("runtime_connections", float(host)),
    ]))
}

/// Warm invocations in a round: at the pace each takes 10 ms.
fn invocations(program: &Program) -> u64 {
    if program.is_paced { 50 } else { 500 }
}

fn median_of(times: &mut [Duration]) -> f64 {
    median(times)
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
