use super::*;
use crate::commands::plan::curve::Step;
use proptest::prelude::*;

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}

#[test]
fn a_constant_sale_by_hand() {
    // 5,000/s for 600 s are 3,000,000 orders; 360/s store 216,000 of them meanwhile.
    let backlog = Backlog::of(&Curve::constant(5_000.0, 600.0), 360.0);
    let deepest = backlog.deepest();
    assert!(near(deepest.depth, 2_784_000.0), "{deepest:?}");
    assert!(near(deepest.at, 600.0));
    assert!(near(backlog.longest_wait(), 2_784_000.0 / 360.0));
    assert!(near(backlog.drained, 3_000_000.0 / 360.0));
    let last = backlog.points.last().unwrap();
    assert!(near(last.stored, 3_000_000.0) && near(last.depth, 0.0));
}

#[test]
fn the_order_that_is_stored_last_waited_since_the_end_of_the_sale() {
    let backlog = Backlog::of(&Curve::constant(10.0, 100.0), 5.0);
    // At 200 s the order is stored that came at 100 s, and every one before waited half of the time that it took.
    assert_eq!(backlog.waits(), [(0.0, 0.0), (200.0, 100.0), (200.0, 0.0)]);
    assert_eq!(backlog.depths(), [(0.0, 0.0), (100.0, 500.0), (200.0, 0.0)]);
}

#[test]
fn the_queue_runs_empty_between_two_peaks() {
    let step = |seconds, orders| Step { seconds, orders };
    let steps = vec![step(10.0, 100.0), step(90.0, 0.0), step(10.0, 200.0)];
    let curve = Curve { steps, peak: 20.0 };
    let backlog = Backlog::of(&curve, 5.0);
    let expected = [
        (0.0, 0.0),
        (10.0, 50.0),
        (20.0, 0.0),
        (100.0, 0.0),
        (110.0, 150.0),
        (140.0, 0.0),
    ];
    assert_eq!(backlog.depths(), expected);
    assert!(near(backlog.longest_wait(), 30.0));
    assert!(near(backlog.drained, 140.0));
}

#[test]
fn what_ends_empty_is_drained_with_its_last_order() {
    let backlog = Backlog::of(&Curve::constant(10.0, 60.0), 10.0);
    assert!(near(backlog.drained, 60.0), "{backlog:?}");
    assert!(near(backlog.deepest().depth, 0.0));
}

#[test]
fn the_rate_for_a_wait_keeps_it_and_less_does_not() {
    let curve = Curve::constant(1_000.0, 600.0);
    let rate = rate_for(&curve, 900.0);
    assert!(
        near(rate, 400.0),
        "600 s at 1,000/s are stored in 1,500 s: {rate}"
    );
    assert!(Backlog::of(&curve, rate * 0.99).longest_wait() > 900.0);
}

fn curves() -> impl Strategy<Value = Curve> {
    let steps = prop::collection::vec(
        (0.01_f64..5_000.0, prop_oneof![Just(0.0), 0.0_f64..2_000.0]),
        1..40,
    );
    steps.prop_map(|steps| {
        let peak = steps.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
        let steps = steps.into_iter().map(|(seconds, rate)| Step {
            seconds,
            orders: rate * seconds,
        });
        Curve {
            steps: steps.collect(),
            peak,
        }
    })
}

proptest! {
    #[test]
    fn what_arrived_is_stored_or_waits(curve in curves(), rate in 0.1_f64..3_000.0) {
        let backlog = Backlog::of(&curve, rate);
        for point in &backlog.points {
            prop_assert!(point.depth >= 0.0, "{point:?}");
            let gap = (point.arrived - point.stored - point.depth).abs();
            prop_assert!(gap <= 1e-6 * (1.0 + point.arrived), "{point:?}");
        }
        let last = backlog.points.last().unwrap();
        prop_assert!(near(last.arrived, curve.orders()) && near(last.stored, curve.orders()));
        prop_assert!(last.depth == 0.0);
    }

    #[test]
    fn time_goes_on_and_nothing_is_stored_faster_than_the_rate(curve in curves(), rate in 0.1_f64..3_000.0) {
        let backlog = Backlog::of(&curve, rate);
        for two in backlog.points.windows(2) {
            let seconds = two[1].at - two[0].at;
            prop_assert!(seconds >= -1e-9);
            let stored = two[1].stored - two[0].stored;
            prop_assert!(stored >= -1e-9 && stored <= rate * seconds * (1.0 + 1e-9) + 1e-6);
        }
        prop_assert!(backlog.waits().windows(2).all(|two| two[1].0 >= two[0].0 - 1e-6));
    }

    #[test]
    fn an_order_waits_for_what_is_ahead_of_it(curve in curves(), rate in 0.1_f64..3_000.0) {
        let backlog = Backlog::of(&curve, rate);
        for (point, (leaves, wait)) in backlog.points.iter().zip(backlog.waits()) {
            prop_assert!(near(wait * rate, point.depth));
            prop_assert!(near(leaves, point.at + wait));
            prop_assert!(wait <= backlog.longest_wait() + 1e-9);
        }
    }

    #[test]
    fn a_pace_of_the_peak_leaves_no_backlog(curve in curves(), more in 0.0_f64..100.0) {
        let backlog = Backlog::of(&curve, curve.peak.max(0.1) + more);
        prop_assert!(backlog.deepest().depth <= 1e-6 * (1.0 + curve.peak), "{:?}", backlog.deepest());
        prop_assert!(backlog.drained <= curve.seconds() * (1.0 + 1e-9) + 1e-6);
    }

    #[test]
    fn more_writes_never_drain_later_nor_wait_longer(
        curve in curves(), rate in 0.1_f64..3_000.0, more in 0.0_f64..1_000.0,
    ) {
        let (slow, fast) = (Backlog::of(&curve, rate), Backlog::of(&curve, rate + more));
        prop_assert!(fast.drained <= slow.drained + 1e-6 * (1.0 + slow.drained));
        prop_assert!(fast.longest_wait() <= slow.longest_wait() + 1e-6 * (1.0 + slow.longest_wait()));
    }
}
