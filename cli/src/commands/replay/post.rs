//! Posts the orders, in the order of the file.

use std::{cell::Cell, time::Duration};

use futures::{StreamExt, stream};
use serde::Deserialize;
use sluice_order::{Clock, OrderId, SystemClock, Timestamp};
use tokio::time::Instant;

use super::schedule::Schedule;
use crate::{
    deployment::{
        api::{Answer, Api},
        problem::Problem,
    },
    sales::invoices::Invoice,
    terminal::progress::Progress,
};

/// What the service answered to one order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// 202.
    Accepted(Receipt),
    /// The service refused it for good. With the reason.
    Refused(String),
    /// After all retries it is unknown whether the order was accepted. With the reason.
    Unanswered(String),
}

/// What a 202 promises.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Receipt {
    /// The order's id.
    pub order_id: OrderId,
    /// The total, as the service added it up.
    pub total: u64,
    /// When, by the service's clock.
    pub accepted_at: Timestamp,
    /// How long after the start of the run the answer came, by the clock here.
    #[serde(skip)]
    pub answered: Duration,
}

/// What became of all orders, in the order of the file, and how long it took.
pub(crate) struct Posted {
    pub(crate) outcomes: Vec<Outcome>,
    /// When it began, by the clock here.
    pub(crate) began: Timestamp,
    pub(crate) took: Duration,
}

/// How far the posting is, for whoever ends it in the middle.
#[derive(Default, Debug)]
pub(crate) struct Counted {
    /// Posted at least once.
    begun: Cell<usize>,
    /// The service has accepted or refused them.
    answered: Cell<usize>,
}

impl Counted {
    /// What was done of so many invoices.
    pub(crate) fn said(&self, of: usize) -> String {
        let answered = self.answered.get();
        let open = match self.begun.get() - answered {
            0 => String::new(),
            open => format!(", and {open} more may have been"),
        };
        format!("{answered} of {of} invoices were posted{open}")
    }
}

/// Posts the invoices when they are due, and has at most `in_flight` of them without an answer.
pub(crate) async fn all(
    api: &Api,
    invoices: &[Invoice],
    schedule: Schedule,
    in_flight: usize,
    counted: &Counted,
) -> Posted {
    let progress = Progress::towards(invoices.len(), "Posting orders");
    let began = SystemClock.now();
    let start = Instant::now();
    let due = stream::unfold((0, schedule), |(at, mut schedule)| async move {
        let invoice = invoices.get(at)?;
        schedule.wait(at, start).await;
        Some(((at, invoice), (at + 1, schedule)))
    });
    let mut outcomes: Vec<(usize, Outcome)> = due
        .map(|(at, invoice)| {
            let progress = &progress;
            async move {
                let body = invoice.body.to_string();
                counted.begun.update(|begun| begun + 1);
                let outcome = match api.post_order(&invoice.number, body.as_bytes()).await {
                    Ok(answer) => read(&answer, start.elapsed()),
                    Err(failure) => Outcome::Unanswered(failure.to_string()),
                };
                if !matches!(outcome, Outcome::Unanswered(_)) {
                    counted.answered.update(|answered| answered + 1);
                }
                progress.step();
                (at, outcome)
            }
        })
        .buffer_unordered(in_flight)
        .collect()
        .await;
    let took = start.elapsed();
    outcomes.sort_unstable_by_key(|(at, _)| *at);
    Posted {
        began,
        outcomes: outcomes.into_iter().map(|(_, outcome)| outcome).collect(),
        took,
    }
}

fn read(answer: &Answer, answered: Duration) -> Outcome {
    match answer.status {
        202 => match serde_json::from_slice::<Receipt>(&answer.body) {
            Ok(receipt) => Outcome::Accepted(Receipt {
                answered,
                ..receipt
            }),
            Err(error) => Outcome::Unanswered(format!("a 202 that cannot be read: {error}")),
        },
        400..=499 if !answer.is_transient() => Outcome::Refused(Problem::of(answer).reason()),
        _ => Outcome::Unanswered(Problem::of(answer).kind()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: u16, body: &str) -> Outcome {
        let body = body.as_bytes().to_vec();
        read(&Answer { status, body }, Duration::from_secs(3))
    }

    #[test]
    fn only_a_readable_202_is_accepted() {
        let id = format!("ord_{}", "A".repeat(32));
        let receipt = format!(
            r#"{{"order_id":"{id}","status":"ACCEPTED","total":255,"currency":"GBP","accepted_at":"2026-11-27T08:00:00.000Z"}}"#
        );
        let Outcome::Accepted(read) = outcome(202, &receipt) else {
            panic!("not accepted");
        };
        assert_eq!((read.order_id.to_string(), read.total), (id, 255));
        assert_eq!(read.answered, Duration::from_secs(3));
        assert!(matches!(outcome(202, "{}"), Outcome::Unanswered(_)));
        assert!(matches!(outcome(200, &receipt), Outcome::Unanswered(_)));
    }

    #[test]
    fn a_final_no_is_refused_and_everything_else_is_open() {
        let problem = r#"{"type":"urn:sluice:problem:invalid-json"}"#;
        assert_eq!(
            outcome(400, problem),
            Outcome::Refused("invalid-json".into())
        );
        for status in [301, 429, 500, 503] {
            assert!(
                matches!(outcome(status, problem), Outcome::Unanswered(_)),
                "{status}"
            );
        }
    }
}
