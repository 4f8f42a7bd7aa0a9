//! Two thousand orders through a storage that fails now and then, in every way.

use std::time::{Duration, Instant};

use fastrand::Rng;
use sluice_testing::{
    consumers::kill_consumers,
    orders::{Placed, orders},
    proxy::{Fault, Proxy},
    stack::Stack,
};

const ORDERS: u32 = 2_000;
const SENT_TWICE: u32 = ORDERS / 10;
const POSTS_AT_ONCE: usize = 24;

/// A consumer is killed after each so many posts.
const POSTS_PER_KILL: usize = 400;

/// What a write meets, with the chances. One in fifteen fails.
const FAULTS: [(f64, Fault); 6] = [
    (0.02, Fault::Error),
    (0.02, Fault::Throttle),
    (0.015, Fault::Reset),
    (0.015, Fault::LoseAnswer),
    (0.10, Fault::Delay(Duration::from_millis(30))),
    (0.02, Fault::Delay(Duration::from_millis(300))),
];

/// P2, P3, P6: 2,000 orders, one in ten sent twice, faults of every kind all along, and now and then a consumer
/// that is killed.
#[tokio::test]
async fn a_flood_through_faults_is_stored_exactly_once() {
    const SEED: u64 = 3;
    let stack = Stack::take().await;
    let proxy = Proxy::start(stack.endpoint(), SEED).await.unwrap();
    stack.storage_through(&proxy).await;
    stack.short_visibility().await;
    proxy.set(FAULTS);

    let begun = Instant::now();
    let mut killed = 0;
    let placed = with_repeats(orders("flood-", 0..ORDERS), SEED);
    let accepted = stack
        .place_all(placed, POSTS_AT_ONCE, |posted| {
            if posted.is_multiple_of(POSTS_PER_KILL) {
                killed += kill_consumers(1);
            }
        })
        .await;
    println!("{} posts accepted in {:?}", accepted.len(), begun.elapsed());
    assert_eq!(accepted.len(), (ORDERS + SENT_TWICE) as usize);
    stack.assert_all_stored_once("flood-", &accepted).await;
    println!("all stored in {:?}", begun.elapsed());

    let seen = proxy.seen();
    println!("{killed} kills, {} requests", seen.requests());
    assert!(
        killed >= 3,
        "only {killed} consumers were there to be killed"
    );
    for (_, fault) in FAULTS {
        let harmed = seen.harmed_by(fault);
        println!("{harmed} met {fault:?}");
        assert!(harmed > 10, "only {harmed} writes met {fault:?}");
    }
    stack.as_deployed().await;
}

/// One in ten is there a second time: soon after the first, so that some are on their way together.
fn with_repeats(placed: Vec<Placed>, seed: u64) -> Vec<Placed> {
    let mut random = Rng::with_seed(seed);
    let repeats: Vec<_> = (0_usize..)
        .zip(&placed)
        .filter(|(n, _)| n.is_multiple_of(10))
        .map(|(n, placed)| (n + random.usize(0..100), placed.clone()))
        .collect();
    let mut all: Vec<_> = (0..).zip(placed).chain(repeats).collect();
    all.sort_by_key(|(position, _)| *position);
    all.into_iter().map(|(_, placed)| placed).collect()
}
