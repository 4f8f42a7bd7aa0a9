use super::*;
use crate::database::flood::Reads;

/// A load of 100 orders, of which so many are stored, each after so long.
pub(crate) fn outcome(factor: f64, stored: usize, seconds: f64, took: f64) -> Outcome {
    Outcome {
        factor,
        rate: factor * 8.0,
        orders: 100,
        stored,
        seconds,
        took: vec![took; 100],
    }
}

/// As it should be.
pub(crate) fn measured() -> Measured {
    Measured {
        store: "postgres",
        capacity: 8.0,
        writes: 6.4,
        concurrency: 2,
        without: vec![
            outcome(0.5, 100, 16.0, 0.08),
            outcome(1.0, 99, 10.0, 0.5),
            outcome(2.0, 40, 10.0, 2.0),
        ],
        with: vec![outcome(0.5, 100, 16.0, 0.09), outcome(2.0, 100, 16.0, 0.15)],
        read: outcome(2.0, 100, 10.0, 0.2),
        reads: Reads {
            took: vec![0.05; 500],
            refused: 3,
            seconds: 10.0,
        },
        sick: outcome(1.0, 100, 20.0, 0.1),
        tried: [30, 6],
        connections: [97, 8, 34, 100],
    }
}

/// What falls short after a change.
fn short(change: impl FnOnce(&mut Measured)) -> Vec<String> {
    let mut measured = measured();
    change(&mut measured);
    let rows = rows(&measured).into_iter();
    let short = rows.filter(|row| !row.holds());
    short.map(|row| row.what).collect()
}

#[test]
fn what_is_as_it_should_be_is_ok() {
    assert_eq!(short(|_| ()), [""; 0]);
    let rows = rows(&measured());
    assert_eq!(rows.len(), 11);
    assert_eq!(rows[3].what, "without Sluice, ×2 (16.0/s)");
    assert_eq!(
        rows[3].measured,
        "p50 2.000 s, p99 2.000 s, 4.0 stored/s, 60 of 100 failed"
    );
    assert_eq!(rows[5].bound, "p99 at most 0.625 s, all stored");
}

#[test]
fn a_limit_that_is_none_is_told() {
    let what = ["postgres: what it can write"];
    assert_eq!(short(|m| m.capacity = 8.4), what);
    assert!(short(|m| m.capacity = 4.9).contains(&what[0].to_owned()));
}

#[test]
fn a_server_that_stands_without_sluice_shows_nothing() {
    let what = ["without Sluice, ×2 (16.0/s)"];
    assert_eq!(short(|m| m.without[2].took = vec![1.0; 100]), what);
    assert_eq!(short(|m| m.without[2].stored = 100), what);
    let what = ["without Sluice, ×0.5 (4.0/s)"];
    assert_eq!(short(|m| m.without[0].stored = 97), what);
}

#[test]
fn a_p99_that_rises_with_sluice_is_told_and_so_is_a_lost_order() {
    let what = ["with Sluice, ×2 (16.0/s)"];
    assert_eq!(short(|m| m.with[1].took[98..].fill(0.7)), what);
    assert_eq!(
        short(|m| m.with[1].took[99] = 0.7),
        [""; 0],
        "one of 100 may"
    );
    assert_eq!(short(|m| m.with[1].stored = 99), what);
    assert_eq!(short(|m| m.with[1].took.clear()), what);
    let what = ["with Sluice, ×2 (16.0/s), read"];
    assert_eq!(short(|m| m.read.took.fill(0.7)), what);
}

#[test]
fn few_reads_and_too_many_connections_are_told() {
    assert_eq!(short(|m| m.reads.took.truncate(60)), ["reads beside it"]);
    let what = ["connections at once with Sluice"];
    assert_eq!(short(|m| m.connections[1] = 35), what);
    assert_eq!(short(|m| m.connections[1] = 0), what);
}

#[test]
fn a_breaker_that_gives_no_rest_is_told_and_so_is_what_does_not_come_back() {
    let what = ["sick for 30 s: tries in the last 15"];
    assert_eq!(short(|m| m.tried = [30, 7]), what);
    assert_eq!(
        short(|m| m.tried = [0, 0]),
        what,
        "nothing was tried at all"
    );
    let what = ["the same, ×1 (8.0/s)"];
    assert_eq!(short(|m| m.sick.stored = 99), what);
}
