//! The same orders by Sluice: posted to its API, and stored at its pace.

use std::{collections::BTreeSet, time::Instant};

use sluice_order::Lane;
use sluice_testing::{checker::Accepted, stack::Stack, wait_for};

use super::{
    load::{Load, Outcome},
    server::Server,
    statements::{Statements, Write},
};
use crate::posting::{orders_for, post_along};

/// What was seen of a load.
pub(crate) struct Seen {
    /// What came of it.
    pub(crate) outcome: Outcome,
    /// Each try to write, in the order of their answers.
    pub(crate) writes: Vec<Write>,
    /// What the API has accepted: all.
    pub(crate) accepted: Vec<Accepted>,
}

/// Posts the orders of a load, each when it comes, and waits until nothing waits in the queue.
///
/// # Panics
///
/// If an order is not accepted, or one is stored that was not, or one twice.
pub(crate) async fn run(
    stack: &Stack,
    server: &mut Server,
    statements: &Statements,
    load: &Load,
    prefix: &str,
) -> Seen {
    let placed = orders_for(Lane::Standard, prefix, load.times.len());
    let begun = Instant::now();
    let accepted = post_along(stack, begun, &load.times, placed).await;
    wait_for("all orders to be stored", async || {
        stack.depth_in(Lane::Standard).await.all == 0
    })
    .await;
    let ids = server.ids(prefix).await;
    let stored: BTreeSet<_> = ids.iter().map(String::as_str).collect();
    let posted: BTreeSet<_> = accepted.iter().map(|a| a.order_id.as_str()).collect();
    assert_eq!(stored.len(), ids.len(), "an order is stored twice");
    assert!(
        stored.is_subset(&posted),
        "an order is stored that was not accepted"
    );
    let writes = statements.take();
    Seen {
        outcome: Outcome::new(load, begun, stored.len(), &writes),
        writes,
        accepted,
    }
}
