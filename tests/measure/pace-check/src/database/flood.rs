//! A flood of reads beside the writes.

use std::time::Instant;

use futures::{StreamExt, future::Either, pin_mut, stream};
use sluice_testing::{checker::Accepted, stack::Stack};

use crate::number::{count, percentile};

/// Readers that ask again as soon as they are answered.
const READERS: usize = 8;

/// What readers met.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Reads {
    /// How long each answered read took, in seconds.
    pub(crate) took: Vec<f64>,
    /// How many were answered with an error.
    pub(crate) refused: usize,
    /// For how long they asked, in seconds.
    pub(crate) seconds: f64,
}

impl Reads {
    /// Answered reads a second.
    pub(crate) fn rate(&self) -> f64 {
        count(self.took.len()) / self.seconds
    }

    /// What 99 of 100 did not exceed, in seconds.
    pub(crate) fn p99(&self) -> f64 {
        percentile(&self.took, 0.99).unwrap_or(0.0)
    }
}

/// Reads orders and lists of their customers in turns until the work is done, and tells its outcome too.
pub(crate) async fn beside<T>(
    stack: &Stack,
    orders: &[Accepted],
    work: impl Future<Output = T>,
) -> (T, Reads) {
    let begun = Instant::now();
    let mut reads = Reads {
        took: Vec::new(),
        refused: 0,
        seconds: 0.0,
    };
    let answers = stream::iter(orders.iter().cycle().enumerate())
        .map(|(n, order)| read(stack, order, n.is_multiple_of(2)))
        .buffer_unordered(READERS)
        .for_each(|answer| {
            match answer {
                Some(took) => reads.took.push(took),
                None => reads.refused += 1,
            }
            std::future::ready(())
        });
    let done = {
        pin_mut!(answers, work);
        match futures::future::select(work, answers).await {
            Either::Left((done, _)) => done,
            Either::Right(((), work)) => work.await,
        }
    };
    reads.seconds = begun.elapsed().as_secs_f64();
    (done, reads)
}

/// Asks for an order, or for the list that it is in. None, if that was refused.
async fn read(stack: &Stack, order: &Accepted, by_id: bool) -> Option<f64> {
    let path = if by_id {
        format!("/orders/{}", order.order_id)
    } else {
        let customer = order.order["customer_id"].as_str().expect("a text");
        format!("/orders?customer_id={customer}")
    };
    let begun = Instant::now();
    let answer = stack.get(&path).await;
    (answer.status == 200).then(|| begun.elapsed().as_secs_f64())
}
