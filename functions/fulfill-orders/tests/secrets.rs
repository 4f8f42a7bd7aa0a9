//! The secrets of the order ids change while the consumer runs.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use sluice_consumer::{Message, Pace, queue::MemoryQueue};
use sluice_order::{Lane, Order, Secrets, Timestamp, testing::SECRETS};
use sluice_runtime::LiveSecrets;
use sluice_store::MemoryStore;

const BOTH: &str =
    r#"{"1":"11111111111111111111111111111111","2":"22222222222222222222222222222222"}"#;

const NOW: i64 = 1_795_766_400_000;

/// The message of an order that was sealed under the newest of these secrets.
fn message(key: &str, secrets: &str) -> Message {
    let order = Order::sample().key(key);
    let order = order.message(&Secrets::from_json(secrets).unwrap());
    Message {
        id: key.to_owned(),
        body: order.to_body().unwrap(),
        receives: 1,
        ..Message::default()
    }
}

/// P2: an order waits while the secret of its id cannot be read, or is one that was added a moment ago. It is never rejected.
#[tokio::test(start_paused = true)]
async fn messages_wait_for_their_secret() {
    let says = Arc::new(Mutex::new(Err("timed out")));
    let asked = Arc::clone(&says);
    let live = LiveSecrets::read_by(Duration::from_mins(5), move || {
        let says: Result<&str, &str> = *asked.lock().unwrap();
        Box::pin(async move { says.map(str::to_owned).map_err(str::to_owned) })
    });
    let (store, queue) = (MemoryStore::default(), MemoryQueue::default());
    let clock = Timestamp::from_millis(NOW);
    let consumer = fulfill_orders::consumer(
        &store,
        &queue,
        clock,
        live.clone(),
        Lane::Standard,
        Pace::every(Duration::ZERO),
    );
    let batch = async || {
        live.refresh().await;
        let deadline = Timestamp::from_millis(NOW + 60_000);
        let batch = vec![message("a", SECRETS), message("b", BOTH)];
        consumer.consume(batch, deadline).await
    };
    assert_eq!(batch().await, ["a", "b"], "there are no secrets yet");
    *says.lock().unwrap() = Ok(SECRETS);
    assert_eq!(batch().await, ["b"], "its secret is newer");
    *says.lock().unwrap() = Ok(BOTH);
    // Long before the secrets are old: one was missed.
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert!(batch().await.is_empty());
    assert_eq!(store.orders().len(), 2);
    assert!(queue.dead_letters().is_empty());
}
