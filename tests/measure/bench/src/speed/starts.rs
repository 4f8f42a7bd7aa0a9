//! How long programs take to start, also with a share of a processor.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::Bench;
use crate::{
    figures::{ByProgram, mean},
    process::{Running, Setup, Signal},
    program::Job,
    share::Share,
};

impl Bench<'_> {
    /// From the start of a program to the answer of its first invocation; all programs in turns.
    pub(super) async fn cold(
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

    /// All programs with a share of a processor. Means: with a quota, a quantile says whether it was used up.
    pub(super) async fn share(&self, share: &Share) -> Result<ByProgram> {
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
