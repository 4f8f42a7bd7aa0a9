//! Runs many seeds, and makes a failing one small.

use std::{
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
};

use crate::{Scenario, judge, readable, run};

/// What a scenario's run breaks.
pub fn violations(scenario: &Scenario) -> Vec<String> {
    judge(&run(scenario).history)
}

/// The first seed of those, in their order, whose scenario breaks a promise. Uses all processors.
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

/// The simplest scenario that still breaks something, reached from this one by leaving out one thing at a time.
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

/// What somebody needs who has to find out why a seed fails.
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
