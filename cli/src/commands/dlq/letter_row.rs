//! A letter on one line: ids and reasons, never what was ordered.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use sluice_order::{OrderId, Timestamp};

use super::{letter::Letter, why::Why};
use crate::terminal::{
    output::{columns, tame},
    units::duration,
};

const HEADINGS: [&str; 8] = [
    "MESSAGE", "LANE", "REASON", "RECEIVES", "REPLAYS", "AGE", "ORDER", "DETAIL",
];

/// What a list shows of a letter.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct LetterRow {
    message_id: String,
    lane: &'static str,
    reason: Why,
    detail: String,
    receives: Option<u32>,
    replays: u32,
    sent_at: Option<Timestamp>,
    order_id: Option<OrderId>,
}

impl LetterRow {
    pub(crate) fn of(letter: &Letter) -> Self {
        // Storage's error texts may repeat what was ordered, so only `dlq show` prints them.
        let may_quote = matches!(letter.why(), Why::Rejected(reason) if reason.may_quote());
        let detail = (!may_quote).then(|| letter.detail());
        Self {
            message_id: letter.id.clone(),
            lane: letter.lane.as_str(),
            reason: letter.why(),
            detail: detail.unwrap_or_default(),
            receives: letter.receives(),
            replays: letter.replays(),
            sent_at: letter.sent_at,
            order_id: letter.order_id,
        }
    }

    fn cells(&self, now: Timestamp) -> Vec<String> {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        vec![
            tame(&self.message_id),
            self.lane.to_owned(),
            self.reason.to_string(),
            or_dash(self.receives.map(|n| n.to_string())),
            self.replays.to_string(),
            or_dash(self.sent_at.map(|at| age(at, now))),
            or_dash(self.order_id.map(|id| id.to_string())),
            tame(&self.detail),
        ]
    }
}

/// The letters as a table.
pub(crate) fn table(letters: &[Letter], now: Timestamp) -> String {
    let headings = HEADINGS.map(str::to_owned).to_vec();
    let rows = letters
        .iter()
        .map(|letter| LetterRow::of(letter).cells(now));
    columns(&std::iter::once(headings).chain(rows).collect::<Vec<_>>())
}

/// One letter, for a line that says what became of it.
pub(crate) fn line(letter: &Letter) -> String {
    let LetterRow {
        message_id,
        lane,
        reason,
        order_id,
        ..
    } = LetterRow::of(letter);
    let order = order_id.map_or_else(|| "names no order".to_owned(), |id| id.to_string());
    format!("{}  {lane}  {reason}  {order}", tame(&message_id))
}

/// How many letters there are of each reason, as `2 PANIC, 1 moved`.
pub(crate) fn reasons(letters: &[Letter]) -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::new();
    for letter in letters {
        *reasons.entry(letter.why().to_string()).or_default() += 1;
    }
    reasons
}

/// How long ago that was.
pub(crate) fn age(then: Timestamp, now: Timestamp) -> String {
    let millis = now.as_millis().saturating_sub(then.as_millis());
    let age = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    duration(age.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::MessageSystemAttributeName as System;

    use super::*;
    use crate::commands::dlq::letter::tests::{PANIC, letter, note, text};

    #[test]
    fn a_row_tells_why_and_nothing_of_the_content() {
        let id = format!("ord_{}", "A".repeat(32));
        let body = format!(r#"{{"id":"{id}","data":"12 High Street"}}"#);
        let sent = [(System::SentTimestamp, "1000")];
        let letters = [
            letter("m-1", &body, &[note(PANIC)], &sent),
            letter("m-2", "High", &[("ErrorCode", text("\u{1b}[2J"))], &[]),
        ];
        let table = table(&letters, Timestamp::from_millis(62_000));
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines.len(), 3);
        let cells = |line: &str| {
            line.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            cells(lines[1]),
            [
                "m-1",
                "standard",
                "PANIC",
                "5",
                "1",
                "1m",
                "1s",
                &id,
                "processing",
                "panicked"
            ]
        );
        assert!(lines[2].starts_with("m-2      standard  moved   -         0        -"));
        assert!(lines[2].ends_with("SNS could not deliver it: \\u{1b}[2J"));
        assert!(!table.contains("High"));
        assert_eq!(line(&letters[1]), "m-2  standard  moved  names no order");
        let counts: Vec<_> = reasons(&letters).into_iter().collect();
        assert_eq!(counts, [("PANIC".to_owned(), 1), ("moved".to_owned(), 1)]);
    }

    #[test]
    fn what_storage_said_is_not_on_the_row() {
        let body = format!(r#"{{"id":"ord_{}"}}"#, "A".repeat(32));
        for (reason, is_told) in [
            ("REFUSED_BY_STORAGE", false),
            ("TOO_LARGE", false),
            ("PANIC", true),
        ] {
            let letter = letter("m-1", &body, &[note(&PANIC.replace("PANIC", reason))], &[]);
            let row = LetterRow::of(&letter);
            assert_eq!(row.reason.to_string(), reason);
            assert_eq!(row.detail.contains("panicked"), is_told, "{reason}");
        }
    }

    #[test]
    fn an_age_is_never_below_zero() {
        let now = Timestamp::from_millis(2_000_000);
        assert_eq!(age(Timestamp::from_millis(2_005_000), now), "0s");
        assert_eq!(age(Timestamp::from_millis(1_939_000), now), "1m 1s");
    }
}
