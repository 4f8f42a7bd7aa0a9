//! P6: an outage only delays orders.

use sluice_simulation::{
    Scenario,
    history::{Entry, Event},
    judge, run,
};

const DAY: u64 = 24 * 3_600;

fn during(history: &[Entry], outage: (u64, u64), wanted: impl Fn(&Event) -> bool) -> usize {
    let outage = outage.0 * 1_000..outage.1 * 1_000;
    history
        .iter()
        .filter(|(at, event)| outage.contains(at) && wanted(event))
        .count()
}

#[test]
fn four_days_without_storage_dead_letter_nothing_and_all_is_stored_soon_after() {
    for seed in 0..3 {
        let outage = (30, 4 * DAY);
        let scenario = Scenario {
            outage: Some(outage),
            faults_end: outage.1,
            ..Scenario::calm(seed)
        };
        let history = run(&scenario).history;
        assert_eq!(judge(&history), [""; 0]);
        let waited = during(&history, outage, |event| {
            matches!(
                event,
                Event::Received {
                    receives: 500..,
                    ..
                }
            )
        });
        assert!(waited > 0, "nobody waited: the outage shows nothing");
        let letters = during(
            &history,
            (0, 5 * DAY),
            |event| matches!(event, Event::Queued { queue, .. } if queue.ends_with("dead letters")),
        );
        assert_eq!(letters, 0);
    }
}

/// Ten minutes without storage, with 300 orders waiting for two invocations at a time.
#[test]
fn an_outage_costs_a_handful_of_calls_and_leaves_the_backlog_unreceived() {
    for seed in 0..5 {
        let outage = (1, 601);
        let scenario = Scenario {
            orders: 300,
            outage: Some(outage),
            faults_end: outage.1,
            ..Scenario::calm(seed)
        };
        let history = run(&scenario).history;
        assert_eq!(judge(&history), [""; 0]);
        let calls = during(
            &history,
            outage,
            |event| matches!(event, Event::Note(text) if text.starts_with("storage: ")),
        );
        let receives = during(&history, outage, |event| {
            matches!(event, Event::Received { .. })
        });
        println!("seed {seed}: {calls} calls, {receives} receives");
        // Two instances: each fails on one batch, then probes at most every few seconds.
        assert!(calls <= 2 * (10 + 600 / 4), "{calls} calls");
        // Two invocations hold ten records each for most of a minute.
        assert!(receives <= 2 * 10 * (600 / 45), "{receives} receives");
    }
}
