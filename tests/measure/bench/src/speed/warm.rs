//! Invocations of processes that had many before.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Result, ensure};

use super::Bench;
use crate::{
    figures::{ByProgram, Figures, certain_quantile, float, median},
    process::Running,
    program::{Job, Program},
};

/// The figure of invocations that come 10 ms apart.
pub(crate) const APART: &str = "cpu_apart_ms";

/// So many of them in a round.
const INVOCATIONS_APART: u32 = 10;

/// The most writes that a consumer has under way, and so the most connections.
const OVERLAP: u64 = 32;

/// A process that serves, and what it took.
pub(super) struct Warm<'a> {
    pub(super) program: &'a Program,
    pub(super) running: Running,
    pub(super) times: Vec<Duration>,
    pub(super) cpu: Vec<Duration>,
}

impl<'a> Warm<'a> {
    pub(super) fn new(program: &'a Program, running: Running) -> Self {
        Self {
            program,
            running,
            times: Vec::new(),
            cpu: Vec::new(),
        }
    }
}

impl Bench<'_> {
    /// Invocations with one order, of processes that had many before; all programs in turns.
    pub(super) async fn warm(&self) -> Result<ByProgram> {
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
}

/// What a process holds, and that it opens no more connections than its job needs.
pub(super) fn resources(program: &Program, running: &Running) -> Result<Figures> {
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
