//! What an order costs by how long and how often its message waited.

use std::time::Duration;

use anyhow::Result;

use crate::{
    compare::{interval, middle, verdict},
    events::Kind,
    figures::{float, millis},
    goals::Goal,
    process::{Running, Setup, Signal},
    program::Program,
    speed::say,
    way::{Sink, Way},
};

const RECEIVES: [u32; 4] = [1, 3, 4, 100];
const AGES: [(&str, Duration); 3] = [
    ("now", Duration::ZERO),
    ("1 h ago", Duration::from_hours(1)),
    ("4 days ago", Duration::from_hours(4 * 24)),
];

/// Orders in a batch.
const BATCH: u64 = 10;

/// Rounds of all in turns.
const ROUNDS: usize = 20;

/// So much more is no growth, however certain.
const MOST: f64 = 1.1;

/// What messages that waited so cost, beside new ones.
pub(super) struct Wait {
    receives: u32,
    sent: &'static str,
    cpu_us: f64,
    /// The rounds' ratios to new messages.
    ratios: Vec<f64>,
}

/// One process has batches of all kinds in turns.
pub(super) async fn measure(program: &Program, sink: &Sink) -> Result<Vec<Wait>> {
    say(&format!("{} by how messages waited", program.name));
    // Not sampled: only the first receives of an order are traced, and that is no matter of its wait.
    let mut running = Running::start(program, &Setup::new(Way::Unsampled, sink)).await?;
    running.invoke(BATCH).await?;
    let kinds: Vec<_> = RECEIVES
        .into_iter()
        .flat_map(|receives| AGES.map(|(sent, age)| (receives, sent, age)))
        .collect();
    let mut samples = vec![Vec::new(); kinds.len()];
    for _ in 0..ROUNDS {
        for ((receives, _, age), samples) in kinds.iter().zip(&mut samples) {
            running.kind = Kind {
                receives: *receives,
                age: *age,
                ..Kind::default()
            };
            let before = running.cpu()?;
            running.invoke(BATCH).await?;
            let cpu = running.cpu()?.saturating_sub(before);
            samples.push(millis(cpu) * 1_000.0 / float(BATCH));
        }
    }
    running.end(Signal::Kill).await?;
    let new = samples[0].clone();
    let waits = kinds.into_iter().zip(samples);
    Ok(waits
        .map(|((receives, sent, _), mut samples)| Wait {
            receives,
            sent,
            ratios: samples
                .iter()
                .zip(&new)
                .map(|(here, new)| here / new)
                .collect(),
            cpu_us: middle(&mut samples),
        })
        .collect())
}

/// A row for each kind.
pub(super) fn table(waits: &[Wait]) -> Vec<Vec<String>> {
    let titles = [
        "received",
        "sent",
        "CPU an order",
        "to a new one, with 99 % certainty",
        "",
    ];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    rows.extend(waits.iter().map(|wait| {
        let (low, high) = interval(&wait.ratios);
        vec![
            format!("{} ×", wait.receives),
            wait.sent.into(),
            format!("{:.1} µs", wait.cpu_us),
            format!("×{low:.2} to ×{high:.2}"),
            verdict(low, high).into(),
        ]
    }));
    rows
}

/// None costs certainly more than a new one.
pub(super) fn goal(waits: &[Wait]) -> Goal {
    let least = waits.iter().map(|wait| interval(&wait.ratios).0);
    Goal {
        what: "fulfill-orders: CPU of messages that waited, to new ones, at the least".into(),
        limit: MOST,
        measured: least.reduce(f64::max),
        unit: "×",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_kind_that_costs_more_is_enough() {
        let wait = |ratios: [f64; 3]| Wait {
            receives: 1,
            sent: "now",
            cpu_us: 1.0,
            ratios: ratios.to_vec(),
        };
        let noisy = || wait([0.8, 1.0, 1.4]);
        assert_eq!(goal(&[noisy(), wait([1.0; 3])]).verdict(), "met");
        assert_eq!(goal(&[noisy(), wait([1.2; 3])]).verdict(), "MISSED");
    }
}
