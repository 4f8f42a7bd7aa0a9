//! The promises hold whatever happens: P1, P2, P3, P5, P6.

use std::collections::BTreeSet;

use sluice_simulation::{Scenario, history::Event, run, search};

/// `make simulate` runs more.
const SEEDS: u64 = 3_000;

#[test]
fn every_promise_is_kept_in_every_run() {
    if let Some(seed) = search::first_failing(0..SEEDS, Scenario::of) {
        panic!("{}", search::report(&Scenario::of(seed)));
    }
}

/// Otherwise a failing seed could not be run again.
#[test]
fn a_seed_says_everything() {
    for seed in 0..50 {
        // The key of an order without an `Idempotency-Key` comes from the machine's randomness. Nothing else depends on it.
        let scenario = Scenario {
            keyless: 0,
            ..Scenario::of(seed)
        };
        assert_eq!(
            run(&scenario).history,
            run(&scenario).history,
            "seed {seed}"
        );
    }
}

/// A simulation whose faults never happen would prove nothing.
#[test]
fn everything_happens_that_can() {
    let mut seen = BTreeSet::new();
    for seed in 0..300 {
        for (_, event) in run(&Scenario::of(seed)).history {
            let what = match event {
                Event::Answered { status, .. } => format!("answered {status}"),
                Event::Unanswered { .. } => "no answer".to_owned(),
                Event::Queued { queue, letter, .. } => {
                    let reason = letter.as_ref().and_then(|letter| letter.reason);
                    seen.insert(format!(
                        "replays {}",
                        letter.map_or(0, |letter| letter.replays)
                    ));
                    format!(
                        "{queue} {}",
                        reason.map_or_else(String::new, |reason| reason.to_string())
                    )
                }
                Event::Rejected { reason, .. } => format!("rejected {reason}"),
                Event::Received { receives, .. } => format!("receive {receives}"),
                Event::Stolen { .. } => "stolen".to_owned(),
                Event::Looked { shown, is_told, .. } => {
                    format!("looked, told {is_told}, shown {}", shown.is_some())
                }
                Event::Note(text) if text.starts_with("the acknowledgement") => {
                    "acknowledgement lost".to_owned()
                }
                Event::Note(text) => text,
                _ => continue,
            };
            seen.insert(what);
        }
    }
    for wanted in [
        "answered 202",
        "answered 403",
        "answered 422",
        "stolen",
        "looked, told true, shown true",
        "looked, told true, shown false",
        "looked, told false, shown false",
        "answered 503",
        "no answer",
        "acknowledgement lost",
        "hot queue ",
        "standard dead letters ",
        "standard dead letters CONTENT_MISMATCH",
        "standard dead letters FORGED_ID",
        "standard dead letters NOT_JSON",
        "standard dead letters PANIC",
        "standard dead letters REFUSED_BY_STORAGE",
        "standard dead letters UNKNOWN_EVENT",
        "rejected CONTENT_MISMATCH",
        "rejected KEY_REUSED",
        "rejected PANIC",
        "receive 12",
        "replays 1",
        "standard: no answer, the batch comes again",
        "SNS: wrapped",
        "storage: no answer",
        "storage: no answer, and it may be done",
        "storage: throttled",
        "storage: a reader takes no write",
        "storage: a lock was not free in time",
        "storage: the connection ended, and it may be done",
    ] {
        assert!(seen.contains(wanted), "{wanted:?} never happened");
    }
}
