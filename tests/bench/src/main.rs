//! `trace-cost FOLDER`: what tracing costs an invocation of the functions that were built into the folder.
//!
//! The functions run as processes, as they are shipped, against a Runtime API ([`runtime_api`]) and an AWS ([`stand_in`]) that
//! answers at once: what is measured is theirs. Each is measured in three ways, in turns, so that whatever else the machine
//! does meets all three alike.

mod events;
mod function;
mod runtime_api;
mod stand_in;
mod way;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};
use function::{Function, Kind};
use stand_in::StandIn;
use way::{Sink, Way};

/// Processes that are started to see how long that takes.
const STARTS: usize = 30;

/// Invocations before those that count.
const WARMING: usize = 50;

/// Turns of the three ways.
const ROUNDS: usize = 20;

/// What was measured of a function in one way.
#[derive(Default)]
struct Measured {
    init: Vec<Duration>,
    first: Vec<Duration>,
    warm: Vec<Duration>,
    cpu: Vec<Duration>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let folder = std::env::args()
        .nth(1)
        .context("usage: trace-cost FOLDER")?;
    let folder = PathBuf::from(folder);
    let aws = StandIn::start().await?;
    let sink = Sink::start().await?;
    println!(
        "function        tracing     to first next  first invocation  warm p50   warm p99   CPU an invocation  documents"
    );
    for kind in [Kind::Accept, Kind::Fulfill] {
        measure(kind, &folder, &aws, &sink).await?;
    }
    Ok(())
}

async fn measure(kind: Kind, folder: &std::path::Path, aws: &StandIn, sink: &Sink) -> Result<()> {
    let mut measured: [Measured; 3] = Default::default();
    for _ in 0..STARTS {
        for (way, measured) in Way::ALL.into_iter().zip(&mut measured) {
            let mut function = Function::start(kind, folder, aws.address(), way, sink).await?;
            measured.init.push(function.init());
            measured.first.push(function.invoke().await?);
        }
    }
    let mut functions = Vec::new();
    for way in Way::ALL {
        let mut function = Function::start(kind, folder, aws.address(), way, sink).await?;
        for _ in 0..WARMING {
            function.invoke().await?;
        }
        functions.push(function);
    }
    let mut documents = [0; 3];
    for _ in 0..ROUNDS {
        for ((function, measured), documents) in
            functions.iter_mut().zip(&mut measured).zip(&mut documents)
        {
            let (cpu, sent) = (function.cpu()?, sink.documents());
            for _ in 0..kind.invocations() {
                measured.warm.push(function.invoke().await?);
            }
            let cpu = function.cpu()?.saturating_sub(cpu);
            measured.cpu.push(cpu / u32::try_from(kind.invocations())?);
            *documents += sink.documents() - sent;
        }
    }
    for ((way, measured), documents) in Way::ALL.into_iter().zip(&mut measured).zip(documents) {
        let invocations = ROUNDS * kind.invocations();
        ensure!(
            (documents > 0) == (way == Way::Sampled),
            "{way:?}: {documents} documents in {invocations} invocations"
        );
        println!(
            "{:<15} {:<11} {:>13} {:>17} {:>9} {:>10} {:>18} {:>9.1}",
            kind.name(),
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

fn quantile(of: &mut [Duration], part: f64) -> Duration {
    of.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index of the list"
    )]
    let at = (float(of.len() - 1) * part).round() as usize;
    of[at]
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn float(count: usize) -> f64 {
    count as f64
}

fn show(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1_000.0)
}
