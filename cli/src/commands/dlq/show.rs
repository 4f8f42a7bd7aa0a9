//! `sluice dlq show`: everything about a letter.

use std::fmt::Write;

use aws_sdk_sqs::types::MessageAttributeValue;
use serde_json::{Value, json};
use sluice_order::{Clock, SystemClock, Timestamp};

use super::{
    arguments::ShowArguments,
    collect::collect,
    held::Held,
    letter::Letter,
    letter_row::age,
    met::{hidden, stopped},
    queues::Queues,
    select::Selection,
    sweep::Sweep,
};
use crate::terminal::{
    failure::{Exit, Failure},
    output::{self, aligned, tame},
    stop::Stop,
};

pub(crate) async fn run<Q: Queues>(
    queues: &Q,
    arguments: &ShowArguments,
    stop: &Stop,
) -> Result<Exit, Failure> {
    let lanes = arguments.filter.lanes();
    let hidden = hidden(queues, &lanes).await;
    let held = Held::default();
    let mut selection = Selection::new(&arguments.ids, arguments.filter.reason);
    let mut sweep = Sweep::new(queues, &lanes, &held, stop);
    let collected = collect(&mut sweep, &mut selection, usize::MAX);
    let letters = held.during(queues, collected).await?;
    if arguments.json {
        output::print_json(&letters.iter().map(as_json).collect::<Vec<_>>());
    } else if !letters.is_empty() {
        let now = SystemClock.now();
        let shown: Vec<_> = letters.iter().map(|l| readable(l, now)).collect();
        output::print(&shown.join("\n\n"));
    }
    let seen = sweep.seen();
    if stop.is_requested() && !selection.missing().is_empty() {
        return Err(stopped(&format!("{seen} letters were met")));
    }
    selection.all_found(seen, hidden)
}

fn readable(letter: &Letter, now: Timestamp) -> String {
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut row = |name: &str, value: String| rows.push((name.to_owned(), tame(&value)));
    row("message_id", letter.id.clone());
    row("lane", letter.lane.to_string());
    row("reason", letter.why().to_string());
    row("detail", letter.detail());
    if let Some(id) = letter.order_id {
        row("order_id", format!("{id} (as the body says)"));
    }
    if let Some(at) = letter.sent_at {
        row("sent_at", format!("{at} ({} ago)", age(at, now)));
    }
    if let Some(receives) = letter.receives() {
        row("receives", format!("{receives} in its lane's queue"));
    }
    row(
        "received",
        format!(
            "{} times by SQS's count, which includes looks like this one",
            letter.received
        ),
    );
    row("replays", letter.replays().to_string());
    if let Some(note) = &letter.note {
        row("original_message_id", note.original_message_id.clone());
    }
    for (name, value) in [
        ("moved_from", letter.moved_from.as_deref()),
        ("group", letter.group.as_deref()),
        ("trace", letter.trace()),
    ] {
        if let Some(value) = value {
            row(name, value.to_owned());
        }
    }
    for (name, value) in &letter.attributes {
        row(
            "attribute",
            format!("{name} ({}): {}", value.data_type(), value_of(value)),
        );
    }
    row("body", letter.body.clone());
    aligned(&rows)
}

fn as_json(letter: &Letter) -> Value {
    let attributes: serde_json::Map<_, _> = letter
        .attributes
        .iter()
        .map(|(name, value)| {
            let form = if value.binary_value().is_some() {
                "hex"
            } else {
                "value"
            };
            let value = json!({"type": value.data_type(), form: value_of(value)});
            (name.clone(), value)
        })
        .collect();
    json!({
        "message_id": letter.id,
        "lane": letter.lane.as_str(),
        "reason": letter.why(),
        "detail": letter.detail(),
        "order_id": letter.order_id,
        "sent_at": letter.sent_at,
        "receives": letter.receives(),
        "received": letter.received,
        "replays": letter.replays(),
        "letter": letter.note,
        "moved_from": letter.moved_from,
        "group": letter.group,
        "trace": letter.trace(),
        "attributes": attributes,
        "body": letter.body,
    })
}

/// Text as it is, bytes in hexadecimal.
fn value_of(value: &MessageAttributeValue) -> String {
    if let Some(bytes) = value.binary_value() {
        let mut hex = String::new();
        for byte in bytes.as_ref() {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        return hex;
    }
    value.string_value().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::MessageSystemAttributeName as System;

    use super::*;
    use crate::commands::dlq::letter::tests::{PANIC, binary, letter, note, text};

    #[test]
    fn everything_is_shown_and_nothing_steers_the_terminal() {
        let letter = letter(
            "m-1",
            "\u{1b}[2J12 High Street\n",
            &[
                note(PANIC),
                ("raw", binary(&[0, 255])),
                ("ErrorCode", text("\u{9b}7")),
            ],
            &[
                (System::MessageGroupId, "c-1"),
                (System::SentTimestamp, "0"),
            ],
        );
        let shown = readable(&letter, Timestamp::from_millis(60_000));
        for part in [
            "reason               PANIC\n",
            "sent_at              1970-01-01T00:00:00.000Z (1m ago)\n",
            "original_message_id  m-0\n",
            "group                c-1\n",
            "trace                Root=1-a\n",
            "attribute            raw (Binary.x): 00ff\n",
            "attribute            ErrorCode (String): \\u{9b}7\n",
            "body                 \\u{1b}[2J12 High Street\\n",
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        assert!(!shown.contains(['\u{1b}', '\u{9b}']));
        let json = as_json(&letter);
        assert_eq!(json["body"], letter.body);
        assert_eq!(json["attributes"]["raw"]["hex"], "00ff");
        assert_eq!(json["letter"]["original_message_id"], "m-0");
    }
}
