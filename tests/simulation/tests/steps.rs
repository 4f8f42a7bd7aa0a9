//! Each step on its own: a crash at every step, and every step done twice. P1, P2, P3.

use std::collections::BTreeSet;

use sluice_simulation::{
    Scenario,
    history::{Entry, Event},
    judge, readable, run,
};

/// Every kind of order and message, and no fault but those that a test adds.
fn every_kind(seed: u64) -> Scenario {
    Scenario {
        keyless: 200,
        marked: 300,
        killer: seed.is_multiple_of(5),
        unfit: 100,
        reused_keys: 300,
        twins: 200,
        sent_twice: 300,
        injected: 4,
        hot: 300,
        ..Scenario::calm(seed)
    }
}

fn kept(scenario: &Scenario, history: &[Entry]) {
    let violations = judge(history);
    assert!(
        violations.is_empty(),
        "{}\n{violations:#?}\n{scenario:#?}",
        readable(history)
    );
}

fn stored(history: &[Entry]) -> BTreeSet<String> {
    let orders = history.iter().filter_map(|(_, event)| match event {
        Event::Stored { order, .. } => Some(order.to_string()),
        _ => None,
    });
    orders.collect()
}

#[test]
fn a_crash_at_any_step_breaks_nothing() {
    let mut crashes = 0;
    for seed in 0..5 {
        let steps = run(&every_kind(seed)).steps;
        for step in 1..=steps {
            let scenario = Scenario {
                crash_at: Some(step),
                ..every_kind(seed)
            };
            kept(&scenario, &run(&scenario).history);
        }
        crashes += steps;
    }
    assert!(
        crashes > 500,
        "only {crashes} steps: too few to show anything"
    );
}

/// Requests are sent twice, messages delivered twice, batches processed again after they were done.
#[test]
fn every_step_done_twice_gives_the_same_result() {
    for seed in 0..200 {
        // Of two contents under one key either may come first.
        let once = Scenario {
            reused_keys: 0,
            ..every_kind(seed)
        };
        let twice = Scenario {
            sent_twice: 1_000,
            delivered_twice: 1_000,
            acknowledgements_lost: 1_000,
            faults_end: 900,
            ..once.clone()
        };
        let (once, again) = (run(&once).history, run(&twice).history);
        kept(&twice, &again);
        assert_eq!(stored(&once), stored(&again), "seed {seed}");
    }
}
