//! MySQL's protocol, as far as it shows the writes of orders.
//! <https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html>

use std::{collections::HashSet, time::Instant};

use super::{Talk, Write, has, whole};

/// How the statement begins that writes an order.
const INSERT: &str = "INSERT INTO orders ";

const PREPARE: u8 = 0x16;
const EXECUTE: u8 = 0x17;
const ERROR: u8 = 0xff;

/// What the server has to answer.
enum Asked {
    /// A write was prepared: the answer has its number.
    Prepare,
    /// It was there at this time.
    Write(Instant),
}

/// A connection. Its client waits for each answer.
#[derive(Default)]
pub(super) struct Mysql {
    questions: Vec<u8>,
    answers: Vec<u8>,
    /// The numbers under which the server has prepared writes.
    writes: HashSet<[u8; 4]>,
    asked: Option<Asked>,
}

/// Three bytes of length, the packet's number in its exchange, and so many bytes.
fn packet(bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    whole(bytes, 4, |head| {
        4 + u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize
    })
}

/// The number of a statement behind the first byte.
fn number(body: &[u8]) -> Option<[u8; 4]> {
    body.get(1..5)?.try_into().ok()
}

impl Talk for Mysql {
    fn asked(&mut self, bytes: &[u8], now: Instant) {
        self.questions.extend(bytes);
        while let Some(packet) = packet(&mut self.questions) {
            let body = &packet[4..];
            // A command begins an exchange. The login does not, and no long order's second packet.
            if packet[3] != 0 {
                continue;
            }
            self.asked = match body.first() {
                Some(&PREPARE) if has(body, INSERT) => Some(Asked::Prepare),
                Some(&EXECUTE) if number(body).is_some_and(|n| self.writes.contains(&n)) => {
                    Some(Asked::Write(now))
                }
                _ => None,
            };
        }
    }

    fn answered(&mut self, bytes: &[u8], now: Instant) -> Vec<Write> {
        self.answers.extend(bytes);
        let mut writes = Vec::new();
        while let Some(packet) = packet(&mut self.answers) {
            let body = &packet[4..];
            let failed = body.first() == Some(&ERROR);
            match self.asked.take() {
                Some(Asked::Prepare) if !failed => self.writes.extend(number(body)),
                Some(Asked::Write(begun)) => writes.push(Write {
                    begun,
                    took: now - begun,
                    failed,
                }),
                _ => {}
            }
        }
        writes
    }

    fn ended(&mut self, now: Instant) -> Vec<Write> {
        let Some(Asked::Write(begun)) = self.asked.take() else {
            return Vec::new();
        };
        vec![Write {
            begun,
            took: now - begun,
            failed: true,
        }]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn packet(number: u8, body: &[u8]) -> Vec<u8> {
        let length = u8::try_from(body.len()).unwrap();
        [&[length, 0, 0, number], body].concat()
    }

    fn told(writes: &[Write]) -> Vec<(u128, bool)> {
        let told = writes.iter().map(|w| (w.took.as_millis(), w.failed));
        told.collect()
    }

    #[test]
    fn a_write_is_prepared_once_and_timed_each_time() {
        let mut talk = Mysql::default();
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        talk.answered(&packet(0, b"\x0a10.11"), at(0));
        talk.asked(&packet(1, b"login"), at(0));
        talk.answered(&packet(2, b"\0"), at(0));
        talk.asked(&packet(0, b"\x16INSERT INTO orders (order_key)"), at(1));
        let prepared = [
            packet(1, &[0, 7, 0, 0, 0, 0, 0, 11, 0]),
            packet(2, b"a column"),
        ];
        assert_eq!(talk.answered(&prepared.concat(), at(2)), []);
        for (answer, failed) in [(&b"\0"[..], false), (b"\xff\xb1\x07", true)] {
            let execute = packet(0, b"\x17\x07\0\0\0 values");
            talk.asked(&execute[..6], at(10));
            talk.asked(&execute[6..], at(12));
            let writes = talk.answered(&packet(1, answer), at(15));
            assert_eq!(told(&writes), [(3, failed)]);
        }
        talk.asked(&packet(0, b"\x17\x07\0\0\0 values"), at(20));
        assert_eq!(told(&talk.ended(at(23))), [(3, true)]);
        assert_eq!(told(&talk.ended(at(24))), []);
    }

    #[test]
    fn what_is_not_a_write_is_not_counted() {
        let mut talk = Mysql::default();
        let now = Instant::now();
        talk.asked(&packet(0, b"\x16SELECT order_id FROM orders "), now);
        talk.answered(&packet(1, &[0, 7, 0, 0, 0]), now);
        talk.asked(&packet(0, b"\x17\x07\0\0\0"), now);
        assert_eq!(talk.answered(&packet(1, b"\0"), now), []);
        talk.asked(&packet(0, b"\x03INSERT INTO orders_else"), now);
        assert_eq!(talk.ended(now), []);
    }
}
