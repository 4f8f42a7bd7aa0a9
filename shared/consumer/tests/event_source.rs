//! The pace of a lane under an event source as AWS documents it. It gathers the next batch of an invocation only when that has
//! ended: for at most the window, at most so many messages a second, and no more than a batch.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html>
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::join_all;
use sluice_consumer::{
    Consumer, Envelope, Message, Pace, Sink, SinkError, Written, queue::MemoryQueue,
};
use sluice_order::{
    LaneSettings, Timestamp,
    lane_settings::{GATHERED_PER_SECOND, LEAST_SHARE, WINDOW_SECONDS, share},
};
use tokio::time::{Instant, sleep, timeout};

/// How long a lane is watched.
const WATCHED: Duration = Duration::from_mins(6);

/// Storage that notes when each write began.
#[derive(Clone, Default)]
struct Storage(Arc<Mutex<Vec<Instant>>>);

impl Sink for Storage {
    type Item = ();

    async fn write(&self, items: &mut [()], _: Timestamp) -> Result<Vec<Written>, SinkError> {
        self.0.lock().unwrap().push(Instant::now());
        sleep(Duration::from_millis(10)).await;
        Ok(vec![Written::Stored; items.len()])
    }
}

fn read(_: &str) -> Envelope<()> {
    Envelope {
        traceparent: None,
        order_id: None,
        customer_hash: None,
        accepted_at: None,
        item: Ok(()),
    }
}

/// One of the lane's invocations after the other, with a backlog that never ends.
async fn invocations(storage: &Storage, settings: &LaneSettings, batch: u32) {
    let queue = MemoryQueue::default();
    let now = Timestamp::from_millis(1_795_766_400_000);
    let deadline = Timestamp::from_millis(now.as_millis() + 60_000);
    let consumer = Consumer::new(
        "lane",
        read,
        storage.clone(),
        &queue,
        now,
        Pace::of(settings),
    );
    let messages = f64::from(batch).min(GATHERED_PER_SECOND * WINDOW_SECONDS);
    loop {
        sleep(Duration::from_secs_f64(messages / GATHERED_PER_SECOND)).await;
        let message = |number: u32| Message {
            id: number.to_string(),
            receives: 1,
            ..Message::default()
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is a small number"
        )]
        let gathered = (0..messages as u32).map(message).collect();
        let undone = consumer.consume(gathered, deadline).await;
        assert!(undone.is_empty(), "a batch fits an invocation");
    }
}

/// The writes of a lane, each with its time since the start in seconds.
async fn writes(pace: f64, concurrency: u32, batch: u32) -> Vec<f64> {
    let settings = LaneSettings::fitting(pace, concurrency, batch).unwrap();
    let (storage, begun) = (Storage::default(), Instant::now());
    let lane = (0..concurrency).map(|_| invocations(&storage, &settings, batch));
    assert!(timeout(WATCHED, join_all(lane)).await.is_err());
    let writes = storage.0.lock().unwrap();
    writes
        .iter()
        .map(|at| (*at - begun).as_secs_f64())
        .collect()
}

/// P4. The settings that `sluice plan` prints for these paces, and the template's defaults.
#[tokio::test(start_paused = true)]
async fn with_a_backlog_a_lane_keeps_its_least() {
    for (pace, concurrency, batch) in [
        (100.0, 14, 140),
        (3.0, 2, 30),
        (20.0, 3, 130),
        (400.0, 56, 140),
    ] {
        let writes = writes(pace, concurrency, batch).await;
        let least = LEAST_SHARE * pace * 60.0 - f64::from(concurrency);
        for from in 60..300 {
            let window = f64::from(from)..f64::from(from + 60);
            let count = writes.iter().filter(|at| window.contains(at)).count();
            assert!(
                f64::from(u32::try_from(count).unwrap()) >= least,
                "{count} of {least} from second {from} at {pace}/s by {concurrency}"
            );
        }
    }
}

/// What the plan says is what the consumer does under this event source, also where it is less than the promise.
#[tokio::test(start_paused = true)]
async fn the_share_that_is_foretold_is_the_one_that_is_reached() {
    for (pace, concurrency, batch) in [
        (100.0, 2, 1_000),
        (100.0, 6, 400),
        (100.0, 14, 140),
        (3.0, 2, 30),
    ] {
        let writes = writes(pace, concurrency, batch).await;
        let count = writes.iter().filter(|at| **at >= 60.0).count();
        let reached = f64::from(u32::try_from(count).unwrap()) / (300.0 * pace);
        let foretold = share(pace, concurrency, batch, GATHERED_PER_SECOND);
        assert!(
            (reached - foretold).abs() < 0.02,
            "{reached} reached, {foretold} foretold at {pace}/s by {concurrency}"
        );
    }
}
