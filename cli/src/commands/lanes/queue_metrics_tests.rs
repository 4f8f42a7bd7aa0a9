use super::*;
use proptest::prelude::*;

/// 17:00:00 on some day.
const FIVE: i64 = 1_795_798_800;

/// Values of the minutes from 17:00 on; a negative one is missing.
fn series(values: &[f64]) -> Series {
    let minutes = (0..).map(|minute| FIVE + minute * PERIOD);
    minutes
        .zip(values.iter().copied())
        .filter(|(_, value)| *value >= 0.0)
        .collect()
}

fn figures(sent: &[f64], deleted: &[f64]) -> QueueMetrics {
    QueueMetrics {
        sent: series(sent),
        deleted: series(deleted),
        age: Series::new(),
    }
}

fn rates(figures: &QueueMetrics, now: i64) -> Option<(u32, f64, f64)> {
    let measured = figures.measured(now)?;
    let Measured {
        minutes,
        in_per_second,
        out_per_second,
        ..
    } = measured;
    Some((minutes, in_per_second, out_per_second))
}

#[test]
fn a_minute_counts_when_it_is_over() {
    let figures = figures(&[600.0, 60.0], &[1_200.0, 0.0]);
    assert_eq!(rates(&figures, FIVE + 59), None);
    assert_eq!(rates(&figures, FIVE + 60), Some((1, 10.0, 20.0)));
    assert_eq!(rates(&figures, FIVE + 119), Some((1, 10.0, 20.0)));
    assert_eq!(rates(&figures, FIVE + 120), Some((2, 5.5, 10.0)));
    let until = figures.measured(FIVE + 119).unwrap().until;
    assert_eq!(until.to_string(), "2026-11-27T17:01:00.000Z");
}

#[test]
fn a_minute_without_both_figures_does_not_count() {
    let gap = figures(&[60.0, -1.0, 120.0, 600.0], &[60.0, 60.0, 0.0, -1.0]);
    assert_eq!(rates(&gap, FIVE + 600), Some((2, 1.5, 0.5)));
    assert_eq!(rates(&figures(&[60.0], &[]), FIVE + 600), None);
    assert_eq!(rates(&figures(&[], &[60.0]), FIVE + 600), None);
    assert_eq!(
        rates(&figures(&[0.0], &[0.0]), FIVE + 600),
        Some((1, 0.0, 0.0))
    );
}

#[test]
fn the_last_five_minutes_count() {
    let old = [6e6, 6e6, 60.0, 60.0, 60.0, 60.0, 60.0];
    let figures = figures(&old, &old);
    assert_eq!(rates(&figures, FIVE + 420), Some((5, 1.0, 1.0)));
}

#[test]
fn the_newest_age_counts_until_it_is_old() {
    let mut figures = QueueMetrics::default();
    assert_eq!(figures.oldest(FIVE), None);
    figures.age = series(&[7.0, 65.0]);
    assert_eq!(figures.oldest(FIVE + 61), Some(65.0));
    assert_eq!(figures.oldest(FIVE + 60 + 359), Some(65.0));
    assert_eq!(figures.oldest(FIVE + 60 + 360), None);
}

#[test]
fn a_minute_begins_at_its_first_second() {
    assert_eq!(
        [FIVE, FIVE + 59, FIVE + 60].map(minute),
        [FIVE, FIVE, FIVE + 60]
    );
}

proptest! {
    #[test]
    fn rates_are_between_the_least_and_the_most_of_the_minutes(
        values in prop::collection::vec(
            (prop_oneof![Just(-1.0), 0.0_f64..1e6], prop_oneof![Just(-1.0), 0.0_f64..1e6]),
            0..12,
        ),
        now in FIVE..FIVE + 900,
    ) {
        let (sent, deleted): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        let figures = figures(&sent, &deleted);
        let begun: Vec<_> = figures.sent.keys().filter(|m| figures.deleted.contains_key(m)).collect();
        let Some(measured) = figures.measured(now) else {
            prop_assert!(begun.iter().all(|begin| **begin + PERIOD > now));
            return Ok(());
        };
        prop_assert!(measured.until.as_millis() <= now * 1_000);
        prop_assert!((1..=5).contains(&measured.minutes));
        for (rate, series) in [
            (measured.in_per_second, &figures.sent),
            (measured.out_per_second, &figures.deleted),
        ] {
            let all = series.values().copied();
            let (least, most) = all.fold((f64::MAX, 0.0_f64), |(a, b), v| (a.min(v), b.max(v)));
            prop_assert!(rate * 60.0 >= least * (1.0 - 1e-9) && rate * 60.0 <= most * (1.0 + 1e-9));
        }
    }
}

#[test]
fn what_was_before_the_lane_was_switched_does_not_count() {
    // Four minutes paused, then one in which it drains.
    let figures = QueueMetrics {
        sent: (0..5).map(|n| (n * 60, 3_000.0)).collect(),
        deleted: (0..5)
            .map(|n| (n * 60, if n < 4 { 0.0 } else { 6_000.0 }))
            .collect(),
        age: Series::from([(0, 1.0)]),
    };
    let of = |changed| figures.clone().since(changed).measured(300);
    let out = of(Some(240)).unwrap().out_per_second;
    assert!((out - 100.0).abs() < 1e-9, "{out}");
    assert_eq!(
        of(Some(241)).unwrap().minutes,
        1,
        "the minute in which it was switched counts"
    );
    assert_eq!(of(Some(300)), None);
    assert_eq!(of(None).unwrap().minutes, 5);
    assert_eq!(
        figures.clone().since(Some(300)).age.len(),
        1,
        "the age is of now"
    );
}
