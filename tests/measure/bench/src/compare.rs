//! Two builds of the functions, in turns: what is different between them, and is not chance.
//!
//! In each round a process of either build starts and serves, the one that is first by turns, so that a round's two figures
//! met the same machine, and from a copy made for it. What is judged is the median of the rounds' ratios. It is different where the interval that a bootstrap
//! gives for it leaves 1 out. (Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979.)

use std::{collections::BTreeMap, path::Path};

use anyhow::Result;

use crate::{
    figures::{Figures, float, median, millis},
    folder::Folder,
    process::{Running, Setup, Signal},
    program::{Job, Program},
    report::aligned,
    speed::{say, sizes},
    tracing::{Daemon, Sampling},
};

/// How often the rounds are drawn again.
const DRAWS: usize = 2_000;

/// The part of intervals that hold the truth. There are about 20 figures, so one in 100 may be wrong, not one in 20.
const CONFIDENCE: f64 = 0.99;

/// A difference smaller than this is none to act upon, however certain.
const LEAST: f64 = 0.005;

/// Measures both, and prints what is different.
pub(crate) async fn compare(before: &Path, after: &Path, rounds: u64) -> Result<()> {
    let daemon = Daemon::start().await?;
    let folder = Folder::new()?;
    let header = [
        "function",
        "figure",
        "before",
        "after",
        "difference",
        "with 99 % certainty",
        "",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for (before, after) in Program::functions(before, None)?
        .iter()
        .zip(&Program::functions(after, None)?)
    {
        say(before.name);
        let builds = [before, after];
        let mut samples = [sizes(before)?, sizes(after)?].map(|sizes| {
            let sizes = sizes.into_iter().map(|(name, size)| (name, vec![size]));
            sizes.collect::<BTreeMap<_, _>>()
        });
        for round in 0..rounds {
            let order = if round.is_multiple_of(2) {
                [0, 1]
            } else {
                [1, 0]
            };
            for side in order {
                for (name, figure) in serve(&builds[side].copied(folder.path())?, &daemon).await? {
                    samples[side].entry(name).or_default().push(figure);
                }
            }
        }
        let [before_samples, after_samples] = samples;
        for (name, before_samples) in before_samples {
            let after_samples = after_samples
                .get(name)
                .map(Vec::as_slice)
                .unwrap_or_default();
            rows.push(row(before.name, name, &before_samples, after_samples));
        }
    }
    print!("{}", aligned(&rows));
    Ok(())
}

/// A process from its start on.
async fn serve(program: &Program, daemon: &Daemon) -> Result<Figures> {
    let mut running = Running::start(program, &Setup::new(Sampling::AsShipped, daemon)).await?;
    let init = running.init();
    let cold = init + running.invoke(1).await?;
    let (warming, invocations, orders) = match program.job {
        Job::Fulfill => (2, 10, 10),
        _ => (100, 300, 1),
    };
    for _ in 0..warming {
        running.invoke(orders).await?;
    }
    let before = running.cpu()?;
    let mut times = Vec::new();
    for _ in 0..invocations {
        times.push(running.invoke(orders).await?);
    }
    let cpu = running.cpu()?.saturating_sub(before);
    let figures = Figures::from([
        ("init_ms", millis(init)),
        ("cold_ms", millis(cold)),
        ("warm_p50_ms", median(&mut times)),
        (
            "cpu_per_order_us",
            millis(cpu) * 1_000.0 / float(invocations * orders),
        ),
        ("peak_rss_bytes", float(running.peak_rss()?)),
    ]);
    running.end(Signal::Kill).await?;
    Ok(figures)
}

fn row(function: &str, name: &str, before: &[f64], after: &[f64]) -> Vec<String> {
    let ratios: Vec<_> = before
        .iter()
        .zip(after)
        .map(|(before, after)| after / before)
        .collect();
    let (low, high) = interval(&ratios);
    let percent = |ratio: f64| format!("{:+.1} %", (ratio - 1.0) * 100.0);
    let verdict = verdict(low, high);
    vec![
        function.into(),
        name.into(),
        format!("{:.3}", middle(&mut before.to_vec())),
        format!("{:.3}", middle(&mut after.to_vec())),
        percent(middle(&mut ratios.clone())),
        format!("{} to {}", percent(low), percent(high)),
        verdict.into(),
    ]
}

/// What an interval of ratios says.
fn verdict(low: f64, high: f64) -> &'static str {
    if low > 1.0 + LEAST {
        "MORE"
    } else if high < 1.0 - LEAST {
        "less"
    } else {
        "the same, as far as this shows"
    }
}

/// Where the median of ratios lies, with the set confidence.
fn interval(ratios: &[f64]) -> (f64, f64) {
    // The same each time, for the same samples.
    let mut random = fastrand::Rng::with_seed(1);
    let mut medians: Vec<_> = (0..DRAWS)
        .map(|_| {
            let mut drawn: Vec<_> = ratios
                .iter()
                .map(|_| ratios[random.usize(..ratios.len())])
                .collect();
            middle(&mut drawn)
        })
        .collect();
    medians.sort_by(f64::total_cmp);
    let outside = (1.0 - CONFIDENCE) / 2.0 * float(DRAWS);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index of the list"
    )]
    let outside = outside as usize;
    (medians[outside], medians[DRAWS - 1 - outside])
}

/// The median.
fn middle(of: &mut [f64]) -> f64 {
    of.sort_by(f64::total_cmp);
    let (half, last) = (of.len() / 2, of.len() - 1);
    f64::midpoint(of[half], of[last - half])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noisy(by: f64) -> Vec<f64> {
        let mut random = fastrand::Rng::with_seed(7);
        (0..30).map(|_| by + (random.f64() - 0.5) * 0.1).collect()
    }

    fn judged(ratios: &[f64]) -> &'static str {
        let (low, high) = interval(ratios);
        verdict(low, high)
    }

    #[test]
    fn noise_is_no_difference_and_a_difference_is_found_in_noise() {
        assert_eq!(judged(&noisy(1.0)), "the same, as far as this shows");
        assert_eq!(judged(&noisy(1.06)), "MORE");
        assert_eq!(judged(&noisy(0.94)), "less");
        assert_eq!(judged(&[1.001]), "the same, as far as this shows");
        assert_eq!(judged(&[1.01]), "MORE", "sizes are exact");
    }

    #[test]
    fn the_middle_of_two_lies_between() {
        assert!((middle(&mut [3.0, 1.0]) - 2.0).abs() < 1e-9);
        assert!((middle(&mut [3.0, 1.0, 7.0]) - 3.0).abs() < 1e-9);
    }
}
