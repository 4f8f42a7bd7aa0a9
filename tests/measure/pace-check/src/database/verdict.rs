//! What the measured figures have to be.

use std::fmt::Write as _;

use super::{A_WRITE, Measured, Outcome, RESTS_FOR, RESTS_WITHIN, SICK_FOR};
use crate::row::Row;

/// The server takes at least so much of what its limit allows: else something else is in the way.
const REACHED: f64 = 0.6;

/// At half of what the server can write everybody does well: at most this part fails.
const WELL: f64 = 0.02;

/// The server gives a statement up after 2 s. A p99 of so many seconds says that it does.
const GIVEN_UP: f64 = 1.9;

/// A server that has fallen over stores at most this part of what it can write.
const FALLEN: f64 = 0.8;

/// The p99 is flat, if it is never more than so many writes take one after the other.
const FLAT: f64 = 5.0;

/// In the rest of a sickness each instance tries at most so often: its pauses double from 1 s to 8 s, and each
/// try takes 2 s.
const PROBES: usize = 3;

/// All rows.
pub(super) fn rows(of: &Measured) -> Vec<Row> {
    let mut rows = vec![capacity(of)];
    rows.extend(of.without.iter().map(|outcome| without(of, outcome)));
    let with = of.with.iter();
    rows.extend(with.map(|outcome| flat(of, outcome, "")));
    rows.push(flat(of, &of.read, ", read"));
    rows.push(reads(of));
    rows.push(connections(of));
    rows.push(probes(of));
    rows.push(comes_back(of));
    rows
}

fn capacity(of: &Measured) -> Row {
    let most = 1.0 / A_WRITE.as_secs_f64();
    Row {
        what: format!("{}: what it can write", of.store),
        bound: format!("{:.1} to {most:.1}/s, by its limit", REACHED * most),
        measured: format!(
            "{:.1}/s; W {}/s, C {}",
            of.capacity, of.writes, of.concurrency
        ),
        verdict: (REACHED * most..=most).contains(&of.capacity),
    }
}

/// The load in words.
fn load(outcome: &Outcome) -> String {
    format!("×{} ({:.1}/s)", outcome.factor, outcome.rate)
}

fn figures(outcome: &Outcome) -> String {
    let mut text = format!(
        "p50 {:.3} s, p99 {:.3} s, {:.1} stored/s",
        outcome.p50(),
        outcome.p99(),
        outcome.goodput()
    );
    if outcome.stored < outcome.orders {
        let lost = outcome.orders - outcome.stored;
        let _ = write!(text, ", {lost} of {} failed", outcome.orders);
    }
    text
}

/// Without Sluice. What does not fall over shows nothing, and what does not work below the limit shows nothing either.
fn without(of: &Measured, outcome: &Outcome) -> Row {
    let fallen = FALLEN * of.capacity;
    let (bound, verdict) = if outcome.factor < 1.0 {
        let bound = format!("works: under {:.0} % fail", WELL * 100.0);
        (bound, outcome.failed() < WELL)
    } else if outcome.factor > 1.0 {
        let bound = format!("falls over: p99 over {GIVEN_UP} s, under {fallen:.1} stored/s");
        let fell = outcome.p99() > GIVEN_UP && outcome.goodput() < fallen;
        (bound, fell)
    } else {
        ("at its limit: either".to_owned(), true)
    };
    Row {
        what: format!("without Sluice, {}", load(outcome)),
        bound,
        measured: figures(outcome),
        verdict,
    }
}

fn flat(of: &Measured, outcome: &Outcome, beside: &str) -> Row {
    let most = FLAT / of.capacity;
    Row {
        what: format!("with Sluice, {}{beside}", load(outcome)),
        bound: format!("p99 at most {most:.3} s, all stored"),
        measured: format!(
            "{}; the last after {:.0} s",
            figures(outcome),
            outcome.seconds
        ),
        verdict: outcome.p99() <= most
            && outcome.stored == outcome.orders
            && !outcome.took.is_empty(),
    }
}

fn reads(of: &Measured) -> Row {
    let reads = &of.reads;
    Row {
        what: "reads beside it".to_owned(),
        bound: format!("more a second than W, {}", of.writes),
        measured: format!(
            "{:.1}/s, p99 {:.3} s, {} refused",
            reads.rate(),
            reads.p99(),
            reads.refused
        ),
        verdict: reads.rate() > of.writes,
    }
}

fn connections(of: &Measured) -> Row {
    let [without, with, planned, most] = of.connections;
    Row {
        what: "connections at once with Sluice".to_owned(),
        bound: format!("at most {planned} by `sluice plan`"),
        measured: format!("{with}; without Sluice {without} of {most}"),
        verdict: (1..=planned).contains(&with),
    }
}

fn probes(of: &Measured) -> Row {
    let [first, rest] = of.tried;
    let seconds = RESTS_FOR.as_secs_f64();
    let most = PROBES * of.concurrency as usize;
    Row {
        what: format!(
            "sick for {} s: tries in the last {seconds}",
            SICK_FOR.as_secs()
        ),
        bound: format!("at most {most}, {PROBES} for each of C"),
        measured: format!(
            "{rest}, and {first} in the first {}; the pace alone is {:.0}",
            RESTS_WITHIN.as_secs(),
            of.writes * seconds
        ),
        verdict: rest <= most && first > 0,
    }
}

fn comes_back(of: &Measured) -> Row {
    let sick = &of.sick;
    Row {
        what: format!("the same, {}", load(sick)),
        bound: "all stored".to_owned(),
        measured: format!(
            "{} of {}, the last after {:.0} s",
            sick.stored, sick.orders, sick.seconds
        ),
        verdict: sick.stored == sick.orders,
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
pub(super) mod tests;
