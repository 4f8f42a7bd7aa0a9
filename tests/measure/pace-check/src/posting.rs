//! Posts orders to the API at set times.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use sluice_order::Lane;
use sluice_testing::{
    checker::Accepted,
    orders::{Placed, orders},
    stack::Stack,
};
use tokio::time::sleep_until;

use crate::{deploy::HOT_SKU, number::count};

/// Orders that wait for their time or their answer. The local AWS would start a process for each that it is sent.
const AT_ONCE: usize = 24;

/// An answer that comes later says that the API cannot keep up, and then orders do not arrive as they should: a tenth of the
/// shortest sale, which may be off by more.
const LATE: Duration = Duration::from_secs(5);

/// Orders that take this lane, of customers whose names begin with the prefix.
pub(crate) fn orders_for(lane: Lane, prefix: &str, orders_in_all: usize) -> Vec<Placed> {
    let mut placed = orders(
        prefix,
        0..u32::try_from(orders_in_all).expect("not that many"),
    );
    if lane == Lane::Hot {
        for placed in &mut placed {
            placed.order["lines"][0]["sku"] = HOT_SKU.into();
        }
    }
    placed
}

/// Posts each at its time, in seconds from a moment.
///
/// # Panics
///
/// If one is not accepted, or so late that the times mean nothing.
pub(crate) async fn post_along(
    stack: &Stack,
    begun: Instant,
    times: &[f64],
    placed: Vec<Placed>,
) -> Vec<Accepted> {
    let posts = stream::iter(times.iter().zip(placed)).map(async |(at, placed)| {
        let due = begun + Duration::from_secs_f64(*at);
        sleep_until(due.into()).await;
        let accepted = stack.place(placed).await;
        (accepted, due.elapsed())
    });
    let posts: Vec<_> = posts.buffered(AT_ONCE).collect().await;
    let (accepted, late): (Vec<_>, Vec<_>) = posts.into_iter().unzip();
    let latest = late.iter().max().copied().unwrap_or_default();
    assert!(
        latest < LATE,
        "an answer took {latest:?}: the API does not keep up"
    );
    accepted
}

/// Times of so many orders, at so many a second.
pub(crate) fn evenly(a_second: f64, orders: usize) -> Vec<f64> {
    (0..orders).map(|n| count(n) / a_second).collect()
}
