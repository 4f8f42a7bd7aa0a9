//! P5: a message that kills its process loses no other message.

use sluice_simulation::{Scenario, history::Event, judge, readable, run};

/// Several copies of the killer, and orders that need two turns of the pace, all in one batch.
#[test]
fn copies_of_a_killer_hold_nothing_up_for_ever() {
    let mut copies = 0;
    for seed in 0..60 {
        let scenario = Scenario {
            orders: 6,
            marked: 700,
            killer: true,
            sent_twice: 1_000,
            delivered_twice: 1_000,
            concurrency: 1,
            batch_size: 64,
            interval: 200,
            visibility: 20,
            ..Scenario::calm(seed)
        };
        let history = run(&scenario).history;
        let violations = judge(&history);
        assert!(
            violations.is_empty(),
            "seed {seed}: {violations:#?}\n{}",
            readable(&history)
        );
        let killers = history.iter().filter(|(_, event)| {
            matches!(event, Event::Queued { queue, body, .. } if *queue == "standard queue" && body.contains("kills-0"))
        });
        copies += killers.count();
    }
    assert!(copies > 150, "only {copies} copies: they show nothing");
}
