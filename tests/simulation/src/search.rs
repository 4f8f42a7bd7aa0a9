//! Runs many seeds, and reduces a failing one.

use std::{
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
};

use crate::{Scenario, judge, readable, run};

/// The promises that a scenario's run breaks.
pub fn violations(scenario: &Scenario) -> Vec<String> {
    judge(&run(scenario).history)
}

/// Finds the lowest seed of the range whose scenario breaks a promise. Uses all processors.
pub fn first_failing(
    seeds: std::ops::Range<u64>,
    scenario: impl Fn(u64) -> Scenario + Sync,
) -> Option<u64> {
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new(None::<u64>);
    let earliest = || *found.lock().unwrap_or_else(PoisonError::into_inner);
    let work = || loop {
        let seed = next.fetch_add(1, Relaxed);
        if seed >= seeds.end || earliest().is_some_and(|found| found < seed) {
            break;
        }
        if !violations(&scenario(seed)).is_empty() {
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            *found = Some(found.map_or(seed, |earlier| earlier.min(seed)));
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(work);
        }
    });
    earliest()
}

/// Reduces a scenario: leaves out one thing at a time for as long as the run still breaks a promise.
pub fn shrink(scenario: &Scenario) -> Scenario {
    let mut smallest = scenario.clone();
    while let Some(simpler) = smallest
        .simpler()
        .into_iter()
        .find(|simpler| !violations(simpler).is_empty())
    {
        smallest = simpler;
    }
    smallest
}

/// Reports what is needed to find out why a seed fails: the history, the promises broken, the reduced scenario.
pub fn report(scenario: &Scenario) -> String {
    let smallest = shrink(scenario);
    let history = run(&smallest).history;
    format!(
        "{}\nSeed {} breaks this:\n  {}\n\nIt still does so in {smallest:#?}\n\nTo see it again: make simulate SEED={}\n",
        readable(&history),
        scenario.seed,
        judge(&history).join("\n  "),
        scenario.seed,
    )
}
