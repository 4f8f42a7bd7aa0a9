use proptest::prelude::*;
use sluice_order::Lane;

use super::*;

fn task(writes: f64) -> Task {
    Task {
        at_once: sluice_order::lane_settings::CALLS_AT_ONCE,
        writes,
        latency: 0.010,
        record_bytes: 2_500.0,
        batch_records: 10_000.0,
        batch_bytes: 6e6,
        in_flight: 120_000.0,
        gathered: 100.0,
    }
}

/// Whether the consumer would start.
fn consumer_takes(writes: f64, concurrency: u32, batch: u32) -> bool {
    sluice_order::LaneSettings::fitting(writes, concurrency, batch).is_ok()
}

#[test]
fn a_batch_is_worth_about_twenty_seconds() {
    let settings = task(100.0).least().unwrap();
    assert_eq!((settings.concurrency, settings.batch_size), (14, 140));
    assert!((settings.batch_seconds - 19.6).abs() < 1e-9);
    let settings = task(3.0).least().unwrap();
    assert_eq!((settings.concurrency, settings.batch_size), (2, 30));
    let settings = task(0.1).least().unwrap();
    assert_eq!((settings.concurrency, settings.batch_size), (2, 1));
}

#[test]
fn an_invocation_that_would_write_too_often_gets_help() {
    assert!(matches!(task(400.0).at(2), Err(NoFit::TooFast(2, _))));
    let settings = task(400.0).least().unwrap();
    assert_eq!((settings.concurrency, settings.batch_size), (56, 140));
}

#[test]
fn slow_storage_needs_more_invocations() {
    let slow = Task {
        latency: 0.8,
        ..task(100.0)
    };
    assert!(matches!(slow.at(2), Err(NoFit::TooSlow(2, ..))));
    let slower = Task {
        gathered: 10_000.0,
        ..slow
    };
    assert_eq!(slower.least().unwrap().concurrency, 3);
}

#[test]
fn large_messages_need_smaller_batches_and_then_more_invocations() {
    let large = Task {
        record_bytes: 10_000.0,
        gathered: 10_000.0,
        ..task(100.0)
    };
    let settings = large.least().unwrap();
    assert_eq!((settings.concurrency, settings.batch_size), (2, 600));
    assert!((settings.batch_seconds - 12.0).abs() < 1e-9);
    let larger = Task {
        record_bytes: 250_000.0,
        ..large
    };
    assert!(matches!(larger.at(2), Err(NoFit::TooLarge { .. })));
    let settings = larger.least().unwrap();
    assert_eq!((settings.concurrency, settings.batch_size), (21, 24));
}

#[test]
fn what_fits_nowhere_is_named() {
    let why = |task: Task, concurrency| task.at(concurrency).unwrap_err().to_string();
    assert!(why(task(1.0), 100).contains("each of 100 invocations would write once in 100 s"));
    assert!(why(task(400.0), 2).contains("200 times a second"));
    assert!(why(task(30_000.0), 500).contains("150,000 messages in flight"));
    assert!(matches!(task(30_000.0).least(), Err(NoFit::InFlight(..))));
    assert!(task(24_000.0).least().is_ok());
}

/// P4. The event source gathers a batch while its invocation waits, so that short batches lose more.
#[test]
fn as_many_invocations_as_reach_the_pace() {
    let settings = task(100.0).least().unwrap();
    assert!(settings.share >= NEEDED_SHARE);
    assert!(task(100.0).at(settings.concurrency - 1).unwrap().share < NEEDED_SHARE);
    assert!((settings.least_rate() - 90.0).abs() < 1e-9);
    let two = task(100.0).at(2).unwrap();
    assert!(
        (two.least_rate() - 65.8).abs() < 0.1,
        "{}",
        two.least_rate()
    );
    // Where none reaches it, the one that comes nearest, and its share is told.
    let fast = task(20_000.0).least().unwrap();
    assert_eq!(fast.concurrency, 1_000);
    assert!(fast.share < LEAST_SHARE && fast.least_rate() < 18_000.0);
}

#[test]
fn the_parameters_are_those_of_the_template() {
    let template = include_str!("../../../../template.yaml");
    for lane in Lane::ALL {
        for parameter in task(2.5).least().unwrap().parameters(lane) {
            let name = parameter.split('=').next().unwrap();
            assert!(template.contains(&format!("\n  {name}:\n")), "{name}");
        }
    }
    let parameters = task(2.5).least().unwrap().parameters(Lane::Hot).join(" ");
    assert_eq!(
        parameters,
        "HotWritesPerSecond=2.5 HotConcurrency=2 HotBatchSize=25"
    );
}

proptest! {
    #[test]
    fn what_is_printed_a_consumer_takes_or_the_reason_is_named(
        exponent in -1.0_f64..5.0,
        concurrency in prop::option::of(2_u32..=1_000),
        latency in 0.001_f64..3.0,
        record_bytes in 1_500.0_f64..300_000.0,
    ) {
        let task = Task { latency, record_bytes, ..task(10_f64.powf(exponent)) };
        let settings = match concurrency {
            Some(concurrency) => task.at(concurrency),
            None => task.least(),
        };
        match settings {
            Ok(settings) => {
                prop_assert!(consumer_takes(task.writes, settings.concurrency, settings.batch_size), "{settings:?}");
                prop_assert!((1..=10_000).contains(&settings.batch_size));
                prop_assert!(f64::from(settings.batch_size) * record_bytes <= 6e6);
                prop_assert!(settings.in_flight() <= 120_000.0);
                prop_assert!(32.0 * f64::from(settings.concurrency) / latency >= task.writes);
            }
            Err(reason) => {
                // It says so only where no batch size does.
                let concurrency = concurrency.unwrap_or(1_000);
                let fits = |batch: u32| consumer_takes(task.writes, concurrency, batch)
                    && f64::from(batch) * record_bytes <= 6e6
                    && f64::from(batch) * f64::from(concurrency) <= 120_000.0
                    && 32.0 * f64::from(concurrency) / latency >= task.writes;
                prop_assert!(!(1..=10_000).any(fits), "{reason}");
            }
        }
    }

    #[test]
    fn the_least_concurrency_is_the_least(exponent in -1.0_f64..4.3, latency in 0.001_f64..3.0) {
        let task = Task { latency, ..task(10_f64.powf(exponent)) };
        if let Ok(settings) = task.least() {
            let reached = settings.share.min(NEEDED_SHARE);
            prop_assert!((2..settings.concurrency).all(|fewer| task.at(fewer).map_or(true, |fewer| fewer.share < reached)));
        }
    }
}
