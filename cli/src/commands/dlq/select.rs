//! Which dead letters are meant.

use std::{collections::HashSet, fmt, str::FromStr};

use sluice_order::OrderId;

use super::{letter::Letter, why::Why};
use crate::terminal::{
    failure::{Exit, Failure},
    parse::{is_trace_id, last_part, order_id},
};

/// How an operator names a letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum LetterId {
    /// By the order that its body names.
    Order(OrderId),
    /// By its message id, or the one that it had in its lane's queue.
    Message(String),
}

/// How an id was met.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
enum Met {
    No,
    /// There may be more of it.
    Yes,
    /// It is the letter's own, and there is no other.
    Wholly,
}

/// Which letters are meant, and which of them were met.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    reason: Option<Why>,
    ids: Vec<(LetterId, Met)>,
    /// The ids of messages that this run itself sent to their lane's queue.
    sent: HashSet<String>,
    came_back: usize,
}

impl FromStr for LetterId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = last_part(text);
        if id.to_ascii_lowercase().starts_with("ord_") {
            return order_id(id).map(Self::Order);
        }
        let is_plausible = (1..=100).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if is_trace_id(id) {
            Err("it is a trace id, and a letter has a message id or an order id".to_owned())
        } else if is_plausible {
            Ok(Self::Message(id.to_owned()))
        } else {
            Err("not a message id or an order id".to_owned())
        }
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(id) => id.fmt(f),
            Self::Message(id) => f.write_str(id),
        }
    }
}

impl LetterId {
    fn met_in(&self, letter: &Letter) -> Met {
        let is_met = match self {
            Self::Message(id) if *id == letter.id => return Met::Wholly,
            Self::Message(id) => {
                let note = letter.note.as_ref();
                note.is_some_and(|note| note.original_message_id == *id)
            }
            // Ids of different secrets may name one order.
            Self::Order(id) => letter.order_id.is_some_and(|named| {
                (named.key(), named.fingerprint()) == (id.key(), id.fingerprint())
            }),
        };
        if is_met { Met::Yes } else { Met::No }
    }
}

impl Selection {
    /// All letters, or those with this reason, or those of these ids, or both.
    pub(crate) fn new(ids: &[LetterId], reason: Option<Why>) -> Self {
        let ids = ids.iter().map(|id| (id.clone(), Met::No)).collect();
        Self {
            reason,
            ids,
            sent: HashSet::new(),
            came_back: 0,
        }
    }

    /// From now on this message is not meant, when it becomes a dead letter again: whoever replays a letter whose
    /// cause is not fixed would replay it for ever.
    pub(crate) fn was_sent(&mut self, message_id: String) {
        self.sent.insert(message_id);
    }

    /// How many of the messages that were sent became dead letters again meanwhile.
    pub(crate) fn came_back(&self) -> usize {
        self.came_back
    }

    /// Whether a letter is meant. Remembers the ids that it has.
    pub(crate) fn takes(&mut self, letter: &Letter) -> bool {
        let original = letter.note.as_ref().map(|note| &note.original_message_id);
        if original.is_some_and(|id| self.sent.contains(id)) {
            self.came_back += 1;
            return false;
        }
        if self.reason.is_some_and(|reason| reason != letter.why()) {
            return false;
        }
        let mut is_named = self.ids.is_empty();
        for (id, met) in &mut self.ids {
            let here = id.met_in(letter);
            if here > *met {
                *met = here;
            }
            is_named |= here != Met::No;
        }
        is_named
    }

    /// Whether it takes all there is.
    pub(crate) fn is_everything(&self) -> bool {
        self.ids.is_empty() && self.reason.is_none()
    }

    /// Whether no further letter can be meant.
    pub(crate) fn is_done(&self) -> bool {
        !self.ids.is_empty() && self.ids.iter().all(|(_, met)| *met == Met::Wholly)
    }

    /// What a letter must have to be meant.
    pub(crate) fn wanted(&self) -> &'static str {
        match (self.reason.is_some(), self.ids.is_empty()) {
            (true, true) => "have this reason",
            (true, false) => "have this reason and one of these ids",
            (false, false) => "have one of these ids",
            (false, true) => "are meant",
        }
    }

    /// Whether every letter that was asked for by its id was met, among the `seen` letters that were met. So many were
    /// `hidden` from the run.
    ///
    /// # Errors
    /// Some were not. The failure names them.
    pub(crate) fn all_found(&self, seen: usize, hidden: Option<u64>) -> Result<Exit, Failure> {
        let missing = self.missing();
        if missing.is_empty() {
            return Ok(Exit::Fine);
        }
        Err(Failure::wrong(
            format!(
                "not found among {seen} letters{}: {}",
                match hidden {
                    Some(hidden @ 1..) => format!(", with about {hidden} more hidden"),
                    _ => String::new(),
                },
                missing.join(", ")
            ),
            "look again in a minute: SQS hands messages out in no order, and hides those that somebody else is looking at",
        ))
    }

    /// The ids that no letter had.
    pub(crate) fn missing(&self) -> Vec<String> {
        let missing = self.ids.iter().filter(|(_, met)| *met == Met::No);
        missing.map(|(id, _)| id.to_string()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::dlq::letter::tests::{PANIC, letter, note};

    fn ids(texts: &[&str]) -> Vec<LetterId> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn order_id(digit: char) -> String {
        // The end is the MAC and the secret's number: another one names the same order.
        format!("ord_{}{}", "A".repeat(22), digit.to_string().repeat(10))
    }

    #[test]
    fn a_letter_is_named_by_each_of_its_ids() {
        let order = order_id('A');
        let body = format!(r#"{{"id":"{order}"}}"#);
        let letter = letter("m-1", &body, &[note(PANIC)], &[]);
        for id in ["m-1", "m-0", &order, &order_id('B')] {
            assert!(Selection::new(&ids(&[id]), None).takes(&letter), "{id}");
        }
        let other = format!("ord_B{}", "A".repeat(31));
        for id in ["m-2", &other] {
            assert!(!Selection::new(&ids(&[id]), None).takes(&letter), "{id}");
        }
    }

    #[test]
    fn reason_and_ids_hold_both() {
        let letter = letter("m-1", "x", &[note(PANIC)], &[]);
        let takes = |id: &[&str], reason: Option<&str>| {
            let reason = reason.map(|reason| reason.parse().unwrap());
            Selection::new(&ids(id), reason).takes(&letter)
        };
        assert!(takes(&[], None) && takes(&[], Some("panic")) && takes(&["m-1"], Some("PANIC")));
        assert!(!takes(&[], Some("moved")) && !takes(&["m-1"], Some("NOT_JSON")));
        assert!(!takes(&["m-2"], Some("PANIC")));
    }

    #[test]
    fn what_was_not_met_is_known_and_what_can_still_come() {
        let mut selection = Selection::new(&ids(&["m-1", "m-0", "m-9"]), None);
        assert!(!selection.is_done() && !selection.is_everything());
        selection.takes(&letter("m-1", "x", &[note(PANIC)], &[]));
        assert_eq!(selection.missing(), ["m-9"]);
        let mut selection = Selection::new(&ids(&["m-1"]), None);
        selection.takes(&letter("m-1", "x", &[], &[]));
        assert!(selection.is_done() && selection.missing().is_empty());
        // Its copies all have the id that it had before.
        let mut selection = Selection::new(&ids(&["m-0"]), None);
        selection.takes(&letter("m-1", "x", &[note(PANIC)], &[]));
        assert!(!selection.is_done() && selection.missing().is_empty());
        assert!(Selection::new(&[], None).is_everything());
        assert!(!Selection::new(&[], None).is_done());
    }

    #[test]
    fn an_id_has_one_of_two_forms() {
        let order = super::tests::order_id('A');
        for (text, id) in [
            (" m-1\r\n".to_owned(), "m-1"),
            (format!("orders/{order}"), order.as_str()),
            (format!("https://api/v1/orders/{order}\r"), &order),
        ] {
            assert_eq!(
                text.parse::<LetterId>().unwrap().to_string(),
                id,
                "{text:?}"
            );
        }
        let trace = "1-5759e988-bd862e3fe1be46a994272793";
        for bad in ["", "ord_1", "m 1", "\u{1b}[2J", "ORD_1", trace] {
            assert!(bad.parse::<LetterId>().is_err(), "{bad:?}");
        }
    }
}
