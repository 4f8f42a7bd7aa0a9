//! What `sluice plan` foretells of a sale, and what comes of the same sale.

use std::time::Instant;

use futures::future::join_all;
use sluice_order::Lane;
use sluice_testing::{checker::check, stack::Stack, wait_for};

use crate::{
    curve::{self, SALES},
    deploy::deploy,
    number::{count, median},
    plan::Plan,
    posting::{orders_for, post_along},
    recorder::Recorder,
    row::Row,
    say,
};

/// How often each load is measured.
const TIMES: usize = 3;

/// The pace of both lanes. One for all loads, so that one deployment does for all.
const WRITES: &str = "15";

/// The plan and the measurement may differ by so much of the plan.
const TOLERANCE: f64 = 0.15;

/// How orders arrive.
struct Load {
    name: &'static str,
    /// As the plan is told it.
    arguments: &'static [&'static str],
    /// As they are posted: seconds from the start.
    times: Vec<f64>,
    /// When the last was stored, each time that it was measured.
    measured: Vec<f64>,
}

fn loads() -> [Load; 3] {
    let load = |name, arguments, times| Load {
        name,
        arguments,
        times,
        measured: Vec::new(),
    };
    [
        load(
            "constant load",
            &["--peak", "30/s", "--for", "25s"],
            curve::constant(30.0, 25.0),
        ),
        load(
            "ramp",
            &["--peak", "45/s", "--for", "32s", "--shape", "ramp"],
            curve::ramp(45.0, 32.0),
        ),
        load(
            "sales of December 2010",
            &["--peak", "750/s", "--for", "48s", "--sales", SALES],
            curve::sales(750.0, 48.0),
        ),
    ]
}

impl Load {
    fn plan(&self, lane: Lane) -> Plan {
        let pace = ["--writes-per-second", WRITES];
        let plan = Plan::of(lane, &[self.arguments, &pace].concat());
        let (orders, posted) = (plan.number("/orders"), count(self.times.len()));
        assert!(
            (orders - posted).abs() < 1.0,
            "{}: {posted} of {orders}",
            self.name
        );
        plan
    }
}

/// Measures all loads several times, two at a time, each in a lane of its own.
pub(crate) async fn measure(stack: &Stack) -> Vec<Row> {
    let mut loads = loads();
    let plans = Lane::ALL.map(|lane| {
        let plans = loads.iter().map(|load| load.plan(lane));
        let (plans, lines): (Vec<_>, Vec<_>) = plans
            .map(|plan| {
                let line = plan.parameters().to_owned();
                (plan, line)
            })
            .unzip();
        assert!(lines.iter().all(|line| *line == lines[0]), "{lines:?}");
        plans
    });
    deploy(
        stack,
        &[(Lane::Standard, &plans[0][0]), (Lane::Hot, &plans[1][0])],
    )
    .await;
    stack.as_deployed().await;
    let turns: Vec<_> = (0..loads.len()).cycle().take(TIMES * loads.len()).collect();
    for (round, turns) in turns.chunks(Lane::ALL.len()).enumerate() {
        let runs = Lane::ALL.into_iter().zip(turns);
        let runs = runs.map(|(lane, load)| run(stack, lane, &loads[*load], round));
        for (seconds, load) in join_all(runs).await.into_iter().zip(turns) {
            loads[*load].measured.push(seconds);
        }
    }
    stack.as_deployed().await;
    loads
        .iter()
        .zip(&plans[0])
        .map(|(load, plan)| row(load, plan.number("/drained_seconds")))
        .collect()
}

/// Posts a load, waits until its lane is empty, and tells when its last order was stored.
async fn run(stack: &Stack, lane: Lane, load: &Load, round: usize) -> f64 {
    let prefix = format!("sale-{round}-{lane}-");
    let recorder = Recorder::before(stack, lane).await;
    let placed = orders_for(lane, &prefix, load.times.len());
    let begun = Instant::now();
    let accepted = post_along(stack, begun, &load.times, placed).await;
    wait_for("all orders to be stored", async || {
        stack.depth_in(lane).await.all == 0
    })
    .await;
    let verdict = check(&prefix, &accepted, &stack.table().await);
    assert!(verdict.is_clean(), "{verdict}");
    let seconds = recorder.writes(begun).last().copied().expect("a write");
    say(&format!(
        "{} in {lane}: {} orders stored after {seconds:.1} s",
        load.name,
        accepted.len()
    ));
    seconds
}

fn row(load: &Load, planned: f64) -> Row {
    let measured = median(&load.measured).expect("it was measured");
    let off = measured / planned - 1.0;
    Row {
        what: format!("{}, all stored", load.name),
        bound: format!("{planned:.1} s as planned, ±{:.0} %", TOLERANCE * 100.0),
        measured: format!("{measured:.1} s, {:+.1} %", off * 100.0),
        verdict: off.abs() <= TOLERANCE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(measured: &[f64], planned: f64) -> bool {
        let [mut load, ..] = loads();
        load.measured = measured.to_vec();
        row(&load, planned).holds()
    }

    #[test]
    fn the_median_is_held_against_the_plan_on_both_sides() {
        assert!(verdict(&[60.0, 114.0, 200.0], 100.0));
        assert!(verdict(&[60.0, 86.0, 87.0], 100.0));
        assert!(!verdict(&[60.0, 116.0, 200.0], 100.0));
        assert!(!verdict(&[60.0, 84.0, 200.0], 100.0));
    }
}
