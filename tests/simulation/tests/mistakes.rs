//! The checker sees what it should: it finds each built-in mistake, and names the promise that it breaks, within a fixed number
//! of seeds.

use sluice_simulation::{Mistake, Scenario, search};

/// Within this many seeds each mistake is found.
const SEEDS: u64 = 100;

#[test]
fn every_mistake_is_found() {
    for (mistake, promise) in Mistake::ALL {
        let broken = |seed| Scenario {
            mistake: Some(mistake),
            ..Scenario::of(seed)
        };
        let promise = format!(": P{promise}: ");
        let found = (0..SEEDS).find(|seed| {
            let violations = search::violations(&broken(*seed));
            violations
                .iter()
                .any(|violation| violation.contains(&promise))
        });
        let seed = found.unwrap_or_else(|| panic!("{SEEDS} seeds do not show {mistake:?}"));
        println!("{mistake:?}: seed {seed}");
    }
}

#[test]
fn a_failing_run_shrinks_and_says_how_to_see_it_again() {
    let broken = Scenario {
        mistake: Some(Mistake::AcknowledgesFirst),
        ..Scenario::of(2)
    };
    let smallest = search::shrink(&broken);
    assert!(!search::violations(&smallest).is_empty());
    let simpler = smallest.simpler();
    assert!(
        simpler
            .iter()
            .all(|simpler| search::violations(simpler).is_empty())
    );
    assert!(smallest.orders == 1 && broken.orders > 1, "{smallest:#?}");
    let report = search::report(&broken);
    assert!(report.contains("make simulate SEED=2"), "{report}");
    assert!(
        report.contains("was acknowledged, and its order is nowhere"),
        "{report}"
    );
}
