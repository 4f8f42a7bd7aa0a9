//! What an order costs the consumer, by the size of batches.

use anyhow::{Result, ensure};

use super::{
    Bench,
    warm::{Warm, resources},
};
use crate::{
    figures::{ByProgram, float, median},
    process::Running,
    program::Job,
};

impl Bench<'_> {
    /// The consumer and its floor with batches of this size, in turns.
    pub(super) async fn batches(&self, size: u64) -> Result<ByProgram> {
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
                // A retry, or a call for nothing, would be one more. By a connection to a database some go for other things: a
                // statement is prepared, and after a pause the server is asked whether it is still there.
                ensure!(
                    program.database.is_some() || (trips - 1.0).abs() < 1e-9,
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
}
