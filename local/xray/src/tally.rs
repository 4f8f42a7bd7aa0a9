//! How many documents were received and refused: as counts, and as lines for standard error.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::refusal::Refusal;

/// After a line about a reason, the time until the next line about the same reason.
const QUIET: Duration = Duration::from_secs(5);

#[derive(Debug, Default, Serialize)]
pub(crate) struct Tally {
    /// All documents, with the refused ones.
    received: u64,
    refused: BTreeMap<Refusal, u64>,
    #[serde(skip)]
    written: BTreeMap<Refusal, (Instant, u64)>,
}

impl Tally {
    pub(crate) fn received(&mut self) {
        self.received += 1;
    }

    /// Counts a refusal. Returns the line to write, if it is time for one.
    pub(crate) fn refused(&mut self, refusal: Refusal, now: Instant) -> Option<String> {
        let count = self.refused.entry(refusal).or_default();
        *count += 1;
        let written = self.written.get(&refusal);
        if written.is_some_and(|(at, _)| now.duration_since(*at) < QUIET) {
            return None;
        }
        let since = *count - written.map_or(0, |(_, count)| *count);
        self.written.insert(refusal, (now, *count));
        let documents = if since == 1 { "document" } else { "documents" };
        Some(format!(
            "refused {since} {documents}, {refusal:?}: {refusal}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_told_at_once_and_then_with_its_count() {
        let mut tally = Tally::default();
        let start = Instant::now();
        let told = tally.refused(Refusal::Id, start).unwrap();
        assert_eq!(told, "refused 1 document, Id: id has 16 hexadecimal digits");
        let later = start + QUIET.checked_sub(Duration::from_millis(1)).unwrap();
        assert_eq!(tally.refused(Refusal::Id, later), None);
        assert!(
            tally.refused(Refusal::Json, later).is_some(),
            "another reason"
        );
        let told = tally.refused(Refusal::Id, start + QUIET).unwrap();
        assert!(told.starts_with("refused 2 documents, Id:"), "{told}");
    }

    #[test]
    fn the_counts_are_by_reason() {
        let mut tally = Tally::default();
        let now = Instant::now();
        for refusal in [Refusal::Id, Refusal::TraceId, Refusal::Id] {
            tally.received();
            tally.refused(refusal, now);
        }
        tally.received();
        let counts = serde_json::to_value(&tally).unwrap();
        let expected = serde_json::json!({"received": 4, "refused": {"Id": 2, "TraceId": 1}});
        assert_eq!(counts, expected);
    }
}
