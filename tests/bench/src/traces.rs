//! What tracing costs an invocation of a function: each is measured in three ways, in turns, so that whatever else the machine
//! does meets all three alike.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::{
    figures::{float, quantile},
    process::{Running, Setup},
    program::{Job, Program},
    way::{Sink, Way},
};

/// Processes that are started to see how long that takes.
const STARTS: usize = 30;

/// Invocations before those that count.
const WARMING: usize = 50;

/// Turns of the three ways.
const ROUNDS: usize = 20;

/// Orders in a batch.
const BATCH: u64 = 10;

/// What was measured of a function in one way.
#[derive(Default)]
struct Measured {
    init: Vec<Duration>,
    first: Vec<Duration>,
    warm: Vec<Duration>,
    cpu: Vec<Duration>,
}

/// Measures, and prints a table.
pub(crate) async fn measure(functions: &[Program]) -> Result<()> {
    let sink = Sink::start().await?;
    println!(
        "function        tracing     to first next  first invocation  warm p50   warm p99   CPU an invocation  documents"
    );
    for function in functions
        .iter()
        .filter(|function| function.job != Job::Read)
    {
        measure_one(function, &sink).await?;
    }
    Ok(())
}

async fn measure_one(function: &Program, sink: &Sink) -> Result<()> {
    let mut measured: [Measured; 3] = Default::default();
    for _ in 0..STARTS {
        for (way, measured) in Way::APART.into_iter().zip(&mut measured) {
            let mut running = Running::start(function, &Setup::new(way, sink)).await?;
            measured.init.push(running.init());
            measured.first.push(running.invoke(BATCH).await?);
        }
    }
    let mut running = Vec::new();
    for way in Way::APART {
        let mut one = Running::start(function, &Setup::new(way, sink)).await?;
        for _ in 0..WARMING {
            one.invoke(BATCH).await?;
        }
        running.push(one);
    }
    // A batch takes its time, since its writes wait for the pace.
    let invocations = if function.job == Job::Fulfill { 5 } else { 100 };
    let mut documents = [0; 3];
    for _ in 0..ROUNDS {
        for ((running, measured), documents) in
            running.iter_mut().zip(&mut measured).zip(&mut documents)
        {
            let (cpu, sent) = (running.cpu()?, sink.documents());
            for _ in 0..invocations {
                measured.warm.push(running.invoke(BATCH).await?);
            }
            let cpu = running.cpu()?.saturating_sub(cpu);
            measured.cpu.push(cpu / u32::try_from(invocations)?);
            *documents += sink.documents() - sent;
        }
    }
    for ((way, measured), documents) in Way::APART.into_iter().zip(&mut measured).zip(documents) {
        let invocations = ROUNDS * invocations;
        ensure!(
            (documents > 0) == (way == Way::Sampled),
            "{way:?}: {documents} documents in {invocations} invocations"
        );
        println!(
            "{:<15} {:<11} {:>13} {:>17} {:>9} {:>10} {:>18} {:>9.1}",
            function.name,
            way.name(),
            show(quantile(&mut measured.init, 0.5)),
            show(quantile(&mut measured.first, 0.5)),
            show(quantile(&mut measured.warm, 0.5)),
            show(quantile(&mut measured.warm, 0.99)),
            show(quantile(&mut measured.cpu, 0.5)),
            float(documents) / float(invocations),
        );
    }
    Ok(())
}

fn show(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1_000.0)
}
