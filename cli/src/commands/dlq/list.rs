//! `sluice dlq list`: a sample of the dead letters.

use std::fmt::Write;

use serde_json::json;
use sluice_order::{Clock, Lane, SystemClock, Timestamp};

use super::{
    arguments::ListArguments,
    collect::collect,
    held::Held,
    letter::Letter,
    letter_row::{LetterRow, reasons, table},
    met::{none_of, stopped},
    queues::Queues,
    select::Selection,
    sweep::Sweep,
};
use crate::{
    deployment::counts::Counts,
    terminal::{
        failure::{Exit, Failure},
        output,
        stop::Stop,
    },
};

pub(crate) async fn run<Q: Queues>(
    queues: &Q,
    arguments: &ListArguments,
    stop: &Stop,
) -> Result<Exit, Failure> {
    let lanes = arguments.filter.lanes();
    let mut counts = Vec::new();
    for lane in &lanes {
        counts.push((*lane, queues.counts(*lane).await?));
    }
    let held = Held::default();
    let mut selection = Selection::new(&[], arguments.filter.reason);
    let mut sweep = Sweep::new(queues, &lanes, &held, stop);
    let collected = collect(&mut sweep, &mut selection, arguments.limit);
    let letters = held.during(queues, collected).await?;
    let seen = sweep.seen();
    let hidden = counts.iter().map(|(_, counts)| counts.in_flight).sum();
    if arguments.json {
        let rows: Vec<LetterRow> = letters.iter().map(LetterRow::of).collect();
        let about: serde_json::Map<_, _> = counts
            .iter()
            .map(|(lane, count)| (lane.to_string(), json!(count.all())))
            .collect();
        output::print_json(&json!({
            "is_sample": true,
            "approximate_number_of_messages": about,
            "letters_met": seen,
            "letters_hidden": hidden,
            "reasons": reasons(&letters),
            "letters": rows,
        }));
    } else {
        let none = none_of(seen, &selection, Some(hidden));
        output::print(&readable(&letters, &none, &counts, SystemClock.now()));
    }
    if stop.is_requested() {
        return Err(stopped(&format!("{seen} letters were met")));
    }
    Ok(Exit::Fine)
}

/// The letters; or, if there are none, why.
fn readable(letters: &[Letter], none: &str, counts: &[(Lane, Counts)], now: Timestamp) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    if letters.is_empty() {
        let _ = writeln!(text, "{none}");
    } else {
        let reasons: Vec<_> = reasons(letters)
            .into_iter()
            .map(|(reason, count)| format!("{count} {reason}"))
            .collect();
        let _ = write!(
            text,
            "{}\n\n{} shown: {}.\n",
            table(letters, now),
            letters.len(),
            reasons.join(", ")
        );
    }
    for (lane, count) in counts {
        let _ = writeln!(
            text,
            "The {lane} lane's dead-letter queue holds about {}.",
            count.all()
        );
    }
    text.push_str(
        "This is a sample: SQS hands messages out in no order, and hides those that somebody else is looking at.",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::dlq::letter::tests::{PANIC, letter, note};

    #[test]
    fn a_list_says_that_it_is_a_sample() {
        let letters = [
            letter("m-1", "x", &[note(PANIC)], &[]),
            letter("m-2", "x", &[], &[]),
        ];
        let now = Timestamp::from_millis(0);
        let counts = |visible| Counts {
            visible,
            in_flight: 0,
            delayed: 0,
        };
        let lanes = [(Lane::Standard, counts(7)), (Lane::Hot, counts(0))];
        let text = readable(&letters, "", &lanes, now);
        assert!(text.contains("\n\n2 shown: 1 PANIC, 1 moved.\n"), "{text}");
        assert!(
            text.contains("The standard lane's dead-letter queue holds about 7.\n"),
            "{text}"
        );
        assert!(text.contains("This is a sample"), "{text}");
        let none = readable(&[], "None.", &[(Lane::Hot, counts(3))], now);
        assert!(none.starts_with("None.\nThe hot lane's"));
    }
}
