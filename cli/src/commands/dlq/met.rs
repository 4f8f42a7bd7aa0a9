//! What a run met of the dead letters. A filter that matches nothing looks like an empty queue: this tells the two apart, and
//! both from a letter that somebody else is looking at.

use std::fmt::Write;

use sluice_order::Lane;

use super::{queues::Queues, select::Selection};
use crate::terminal::failure::Failure;

/// How many letters are hidden from a run before it begins: somebody else received them. `None` if SQS does not say.
pub(crate) async fn hidden(queues: &impl Queues, lanes: &[Lane]) -> Option<u64> {
    let mut hidden = 0;
    for lane in lanes {
        hidden += queues.counts(*lane).await.ok()?.in_flight;
    }
    Some(hidden)
}

/// Why a run that met this many letters found none of those that are meant.
pub(crate) fn none_of(seen: usize, selection: &Selection, hidden: Option<u64>) -> String {
    let mut text = if seen == 0 {
        "SQS handed out no dead letter.".to_owned()
    } else {
        format!("0 of {seen} letters met {}.", selection.wanted())
    };
    if let Some(hidden @ 1..) = hidden {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            " Hidden: about {hidden}, because somebody else is looking at them. Look again in a minute."
        );
    }
    text
}

/// The failure of a run that a signal ended. What it did not handle is visible again.
pub(crate) fn stopped(what: &str) -> Failure {
    Failure::wrong(
        format!("stopped: {what}, and the rest is released"),
        "run the same command again: it goes on with what is left",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_matches_nothing_is_there_and_somebody_else_has_it_are_three_things() {
        let reason = Selection::new(&[], Some("TOO_LARGE".parse().unwrap()));
        assert_eq!(
            none_of(319, &reason, Some(0)),
            "0 of 319 letters met have this reason."
        );
        assert_eq!(
            none_of(0, &reason, Some(0)),
            "SQS handed out no dead letter."
        );
        let told = none_of(319, &reason, Some(1));
        assert!(
            told.starts_with("0 of 319 letters met have this reason. Hidden: about 1,"),
            "{told}"
        );
        let told = none_of(0, &reason, Some(2));
        assert!(
            told.starts_with("SQS handed out no dead letter. Hidden: about 2,"),
            "{told}"
        );
        let ids = ["m-1".parse().unwrap()];
        let told = none_of(3, &Selection::new(&ids, None), None);
        assert_eq!(told, "0 of 3 letters met have one of these ids.");
    }
}
