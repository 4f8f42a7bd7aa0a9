//! PostgreSQL's protocol, as far as it shows the writes of orders.
//! <https://www.postgresql.org/docs/current/protocol-message-formats.html>

use std::{collections::VecDeque, time::Instant};

use super::{Talk, Write, has, whole};

/// How the statement begins that writes an order.
const INSERT: &str = "INSERT INTO sluice.orders ";

/// A connection. Its client may ask again before it is answered; the answers come in the same order.
#[derive(Default)]
pub(super) struct Postgres {
    questions: Vec<u8>,
    answers: Vec<u8>,
    /// Whether the first message was sent, which has no letter before its length.
    has_begun: bool,
    /// A write whose messages have come in part.
    write: Option<Instant>,
    /// Each ends with the server's "ready". If it is a write, when it was there.
    asked: VecDeque<Option<Instant>>,
    failed: bool,
}

/// The letter is not counted by the length, which counts itself.
fn message(bytes: &mut Vec<u8>, letter: usize) -> Option<Vec<u8>> {
    whole(bytes, letter + 4, |head| {
        let length = head[letter..].try_into().expect("four bytes");
        letter + u32::from_be_bytes(length) as usize
    })
}

impl Talk for Postgres {
    fn asked(&mut self, bytes: &[u8], now: Instant) {
        self.questions.extend(bytes);
        while let Some(message) = message(&mut self.questions, self.has_begun.into()) {
            if !self.has_begun {
                self.has_begun = true;
                self.asked.push_back(None);
                continue;
            }
            match message[0] {
                // Parse
                b'P' if has(&message, INSERT) => self.write = Some(now),
                // Query
                b'Q' => self.asked.push_back(None),
                // Sync
                b'S' => self.asked.push_back(self.write.take()),
                _ => {}
            }
        }
    }

    fn answered(&mut self, bytes: &[u8], now: Instant) -> Vec<Write> {
        self.answers.extend(bytes);
        let mut writes = Vec::new();
        while let Some(message) = message(&mut self.answers, 1) {
            match message[0] {
                b'E' => self.failed = true,
                // Ready for the next
                b'Z' => {
                    let failed = std::mem::take(&mut self.failed);
                    if let Some(Some(begun)) = self.asked.pop_front() {
                        writes.push(Write {
                            begun,
                            took: now - begun,
                            failed,
                        });
                    }
                }
                _ => {}
            }
        }
        writes
    }

    fn ended(&mut self, now: Instant) -> Vec<Write> {
        let unanswered = self.asked.drain(..).flatten();
        unanswered
            .map(|begun| Write {
                begun,
                took: now - begun,
                failed: true,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn message(letter: &[u8], body: &str) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap() + 4;
        [letter, &length.to_be_bytes(), body.as_bytes()].concat()
    }

    fn insert() -> Vec<u8> {
        let sql = message(b"P", "\0INSERT INTO sluice.orders (order_key)\0");
        [sql, message(b"B", "values"), message(b"S", "")].concat()
    }

    fn begun() -> Postgres {
        let mut talk = Postgres::default();
        talk.asked(&message(b"", "startup"), Instant::now());
        assert_eq!(talk.answered(&message(b"Z", "I"), Instant::now()), []);
        talk
    }

    #[test]
    fn writes_are_answered_in_turn_whatever_the_pieces() {
        let mut talk = begun();
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        for byte in [insert(), insert()].concat() {
            talk.asked(&[byte], at(0));
        }
        talk.asked(&message(b"Q", "SELECT 1"), at(1));
        let ready = message(b"Z", "I");
        let error = [message(b"E", "C57014"), ready.clone()].concat();
        let done = [message(b"C", "INSERT 0 1"), ready.clone()].concat();
        let took = |writes: Vec<Write>| -> Vec<_> {
            let told = writes.iter().map(|w| (w.took.as_millis(), w.failed));
            told.collect()
        };
        assert_eq!(took(talk.answered(&error[..7], at(5))), []);
        assert_eq!(took(talk.answered(&error[7..], at(6))), [(6, true)]);
        assert_eq!(took(talk.answered(&done, at(9))), [(9, false)]);
        assert_eq!(took(talk.answered(&ready, at(10))), []);
        assert_eq!(took(talk.ended(at(11))), []);
    }

    #[test]
    fn what_is_not_a_write_is_not_counted_and_what_is_cut_has_failed() {
        let mut talk = begun();
        let now = Instant::now();
        let select = message(b"P", "\0SELECT order_id FROM sluice.orders\0");
        talk.asked(&[select, message(b"S", "")].concat(), now);
        assert_eq!(talk.answered(&message(b"Z", "I"), now), []);
        talk.asked(&insert(), now);
        let ended = talk.ended(now + Duration::from_secs(3));
        assert_eq!(ended.len(), 1);
        assert!(ended[0].failed && ended[0].took == Duration::from_secs(3));
    }
}
