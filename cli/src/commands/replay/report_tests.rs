use serde_json::json;
use sluice_order::{OrderId, Timestamp};

use super::*;
use crate::commands::replay::post::Receipt;

/// A kind of wrong, and where it is listed.
type List = (&'static str, fn(&mut Findings) -> &mut Vec<String>);

fn accepted(accepted_at: i64, answered_ms: u64) -> Outcome {
    let id = format!("ord_{}", "A".repeat(32));
    Outcome::Accepted(Receipt {
        order_id: id.parse::<OrderId>().unwrap(),
        total: 1,
        accepted_at: Timestamp::from_millis(accepted_at),
        answered: Duration::from_millis(answered_ms),
    })
}

fn stored(accepted_at: i64, after: i64) -> Times {
    Times {
        accepted_at: Timestamp::from_millis(accepted_at),
        stored_at: Timestamp::from_millis(accepted_at + after),
    }
}

/// By the service's clock the run began at 99,990: the answer to the first order took 10 ms.
fn outcomes() -> Vec<Outcome> {
    vec![
        accepted(100_000, 10),
        accepted(100_500, 600),
        Outcome::Refused("invalid-order /customer_id".into()),
    ]
}

#[test]
fn what_an_earlier_run_stored_is_left_out_of_the_percentiles() {
    let findings = Findings {
        stored: vec![
            stored(50_000, 90_000),
            stored(99_989, 5_000),
            stored(99_990, 40),
            stored(100_500, 80),
        ],
        ..Findings::default()
    };
    let report = Report::new(&outcomes(), Duration::from_secs(2), &findings);
    assert_eq!((report.stored, report.already_stored), (4, 2));
    let latency = Latency {
        orders: 2,
        p50_ms: 40,
        p99_ms: 80,
    };
    assert_eq!(report.acceptance_to_storage, Some(latency));
    assert!((report.orders_per_second - 1.5).abs() < 1e-9);
}

#[test]
fn percentiles_are_those_of_the_orders() {
    let findings = Findings {
        stored: (1..=1_000).map(|ms| stored(100_000, ms)).collect(),
        ..Findings::default()
    };
    let report = Report::new(&outcomes(), Duration::from_secs(2), &findings);
    let latency = report.acceptance_to_storage.unwrap();
    assert_eq!(
        (latency.orders, latency.p50_ms, latency.p99_ms),
        (1_000, 500, 990)
    );
}

#[test]
fn every_kind_of_wrong_makes_exit_1_and_is_named() {
    let names = || vec!["536365".to_owned()];
    let one_wrong: [List; 7] = [
        ("duplicates", |found| &mut found.duplicates),
        ("missing", |found| &mut found.missing),
        ("wrong content", |found| &mut found.wrong_content),
        ("wrong ids", |found| &mut found.wrong_ids),
        ("unexpected", |found| &mut found.unexpected),
        ("fit but refused", |found| &mut found.refused_fit),
        ("unfit but accepted", |found| &mut found.accepted_unfit),
    ];
    for (kind, list) in one_wrong {
        let mut findings = Findings::default();
        *list(&mut findings) = names();
        let report = Report::new(&outcomes(), Duration::from_secs(1), &findings);
        assert_eq!(report.exit(), Exit::Wrong, "{kind}");
        let table = report.table();
        assert!(
            table.ends_with(&format!("WRONG.\n  {kind}: 536365")),
            "{table}"
        );
        let row = table.lines().find(|line| line.starts_with(kind)).unwrap();
        assert!(row.ends_with(" 1"), "{row}");
    }
    let unanswered = [Outcome::Unanswered("HTTP 503".into())];
    let report = Report::new(&unanswered, Duration::ZERO, &Findings::default());
    assert_eq!(report.exit(), Exit::Wrong);
}

#[test]
fn dead_letters_and_other_orders_are_told_and_are_not_the_run_s_fault() {
    let findings = Findings {
        other_orders: 7,
        ..Findings::default()
    };
    let report = Report::new(&outcomes(), Duration::from_secs(1), &findings)
        .with_queues(3, &[("hot".into(), 2), ("standard".into(), 0)]);
    assert_eq!(report.exit(), Exit::Fine);
    let value = serde_json::to_value(&report).unwrap();
    assert_eq!(value["dead_letters"], json!({"hot": 2, "standard": 0}));
    assert_eq!(
        (&value["left_in_buffer"], &value["other_orders"]),
        (&json!(3), &json!(7))
    );
    assert_eq!(value["fine"], json!(true));
}

#[test]
fn the_table_is_aligned_and_ends_with_the_verdict() {
    let findings = Findings {
        stored: vec![stored(100_000, 40); 2],
        ..Findings::default()
    };
    let report = Report::new(&outcomes(), Duration::from_secs(2), &findings);
    let table = report
        .with_queues(0, &[("hot".into(), 0), ("standard".into(), 0)])
        .table();
    let expected = "\
invoices                      3
accepted                      2
refused                       1
  invalid-order /customer_id  1
unanswered                    0
stored                        2
  already stored              0
duplicates                    0
missing                       0
wrong content                 0
wrong ids                     0
unexpected                    0
fit but refused               0
unfit but accepted            0
rejected later                0
other orders                  0
left in the buffer            0
dead letters                  0
  hot                         0
  standard                    0
acceptance to storage         of 2 orders
  p50                         40 ms
  p99                         40 ms
posted                        1.5 orders/s

Every accepted order is in storage once, with its exact content, and the run made no other.";
    assert_eq!(table, expected);
}
