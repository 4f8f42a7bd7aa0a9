use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use sluice_order::{ContentHash, IdError, Order, OrderId, OrderKey};

use super::*;

/// As the template sets it.
const MAX_AGE: Duration = Duration::from_mins(5);
/// A fifth of that.
const PAUSE: Duration = Duration::from_mins(1);
const ONE: &str = r#"{"1":"11111111111111111111111111111111"}"#;
const BOTH: &str =
    r#"{"1":"11111111111111111111111111111111","2":"22222222222222222222222222222222"}"#;

/// Secrets Manager, which answers this until it is told otherwise, and counts.
#[derive(Clone)]
struct Manager(Arc<(Mutex<Result<&'static str, &'static str>>, AtomicUsize)>);

impl Manager {
    fn with(answer: Result<&'static str, &'static str>) -> (Self, LiveSecrets) {
        let manager = Self(Arc::new((Mutex::new(answer), AtomicUsize::new(0))));
        let this = manager.clone();
        let live = LiveSecrets::read_by(MAX_AGE, move || {
            this.0.1.fetch_add(1, Relaxed);
            let answer = *this.0.0.lock().unwrap();
            Box::pin(async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                answer.map(str::to_owned).map_err(str::to_owned)
            })
        });
        (manager, live)
    }

    fn now_says(&self, answer: Result<&'static str, &'static str>) {
        *self.0.0.lock().unwrap() = answer;
    }

    fn reads(&self) -> usize {
        self.0.1.load(Relaxed)
    }
}

fn id(secrets: &str) -> OrderId {
    let order = Order::sample().order();
    let secrets = Secrets::from_json(secrets).unwrap();
    secrets.seal(
        OrderKey::from([7; 12]),
        &ContentHash::of(&order),
        order.customer_id(),
    )
}

/// What becomes of an id that was sealed under the newest of these.
async fn verify(
    live: &LiveSecrets,
    sealed: &str,
) -> Result<Result<(), IdError>, SecretsUnavailable> {
    let id = id(sealed);
    let secrets = live.knowing(id.secret_number()).await?;
    Ok(secrets.verify(&id))
}

async fn after(time: Duration) {
    tokio::time::sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn they_are_read_once_at_the_start() {
    let (manager, live) = Manager::with(Ok(ONE));
    live.read_while(async {}).await;
    assert_eq!(verify(&live, ONE).await, Ok(Ok(())));
    assert!(live.ready().await.is_ok());
    assert_eq!(manager.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn where_there_are_none_each_invocation_tries_again() {
    let (manager, live) = Manager::with(Err("timed out"));
    live.read_while(async {}).await;
    assert_eq!(manager.reads(), 2, "whom to trust is known the second time");
    assert_eq!(live.ready().await.unwrap_err(), SecretsUnavailable);
    assert_eq!(verify(&live, ONE).await, Err(SecretsUnavailable));
    manager.now_says(Ok(ONE));
    assert_eq!(verify(&live, ONE).await, Ok(Ok(())));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_used_is_not_used() {
    for text in ["", "{}", r#"{"1":"short"}"#] {
        let (manager, live) = Manager::with(Ok(text));
        live.read_while(async {}).await;
        assert!(live.ready().await.is_err(), "{text}");
        manager.now_says(Ok(ONE));
        assert!(live.ready().await.is_ok());
    }
}

/// A function that only seals ids never meets an unknown one, and changes too.
#[tokio::test(start_paused = true)]
async fn old_ones_are_read_again_when_an_invocation_begins() {
    let (manager, live) = Manager::with(Ok(ONE));
    live.read_while(async {}).await;
    manager.now_says(Ok(BOTH));
    after(MAX_AGE * 9 / 10).await;
    assert_eq!(format!("{:?}", live.ready().await), "Ok({1})");
    after(MAX_AGE / 10).await;
    assert_eq!(manager.reads(), 1, "they are not old yet");
    assert_eq!(format!("{:?}", live.ready().await), "Ok({1, 2})");
    assert_eq!(manager.reads(), 2);
}

/// A process that was frozen with the answer on its way takes it for as old as it is.
#[tokio::test(start_paused = true)]
async fn how_old_they_are_counts_from_the_question() {
    let (manager, live) = Manager::with(Ok(ONE));
    let (_, ()) = tokio::join!(live.ready(), async {
        // The sleep of the answer is over long before it is looked at.
        tokio::time::advance(MAX_AGE).await;
    });
    manager.now_says(Ok(BOTH));
    assert_eq!(verify(&live, BOTH).await, Ok(Ok(())));
}

/// An invocation is answered before its timeout, whatever Secrets Manager does.
#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_two_seconds() {
    let live = LiveSecrets::read_by(MAX_AGE, || Box::pin(std::future::pending()));
    let begun = Instant::now();
    let (one, two) = tokio::join!(live.ready(), live.ready());
    assert!(one.is_err() && two.is_err());
    assert_eq!(begun.elapsed(), LONGEST);
}

#[tokio::test(start_paused = true)]
async fn the_last_good_ones_stay_and_a_failed_read_is_not_repeated_at_once() {
    let (manager, live) = Manager::with(Ok(ONE));
    live.read_while(async {}).await;
    manager.now_says(Err("ThrottlingException"));
    after(MAX_AGE).await;
    for _ in 0..50 {
        assert_eq!(verify(&live, ONE).await, Ok(Ok(())));
        after(Duration::from_secs(1)).await;
    }
    assert_eq!(manager.reads(), 2);
    after(PAUSE).await;
    assert_eq!(verify(&live, ONE).await, Ok(Ok(())));
    after(Duration::from_secs(1)).await;
    assert_eq!(manager.reads(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_number_is_looked_for_at_most_once_a_minute() {
    let (manager, live) = Manager::with(Ok(ONE));
    live.read_while(async {}).await;
    let unknown = Ok(Err(IdError::UnknownSecret(2)));
    // They are young, so they hold what there is.
    assert_eq!(verify(&live, BOTH).await, unknown);
    assert_eq!(manager.reads(), 1);
    after(PAUSE).await;
    for _ in 0..50 {
        assert_eq!(verify(&live, BOTH).await, unknown);
        after(Duration::from_secs(1)).await;
    }
    assert_eq!(manager.reads(), 2);
    manager.now_says(Ok(BOTH));
    after(PAUSE).await;
    assert_eq!(verify(&live, BOTH).await, Ok(Ok(())));
}

/// A genuine id is never called made up because Secrets Manager is down.
#[tokio::test(start_paused = true)]
async fn whether_an_unknown_number_is_ours_stays_open_while_they_cannot_be_read() {
    let (manager, live) = Manager::with(Ok(ONE));
    live.read_while(async {}).await;
    manager.now_says(Err("no connection"));
    after(PAUSE).await;
    for _ in 0..3 {
        assert_eq!(verify(&live, BOTH).await, Err(SecretsUnavailable));
        assert_eq!(verify(&live, ONE).await, Ok(Ok(())));
    }
    assert_eq!(manager.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn two_that_need_them_at_once_make_one_call() {
    let (manager, live) = Manager::with(Ok(ONE));
    let (one, two) = tokio::join!(live.ready(), live.ready());
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(manager.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn fixed_ones_never_change() {
    let live = LiveSecrets::from(Secrets::from_json(ONE).unwrap());
    live.read_while(async {}).await;
    after(MAX_AGE * 2).await;
    assert!(live.ready().await.is_ok());
    assert_eq!(
        verify(&live, BOTH).await,
        Ok(Err(IdError::UnknownSecret(2)))
    );
}

/// A consumer reads its messages with what it has. The next batch has the new secret.
#[tokio::test(start_paused = true)]
async fn who_missed_one_has_it_the_next_time() {
    let (manager, live) = Manager::with(Ok(ONE));
    live.refresh().await;
    manager.now_says(Ok(BOTH));
    after(PAUSE).await;
    live.refresh().await;
    assert!(!live.current().unwrap().knows(2), "nothing asked for it");
    live.miss_one();
    live.refresh().await;
    assert!(live.current().unwrap().knows(2));
    live.miss_one();
    live.refresh().await;
    assert_eq!(manager.reads(), 2, "they are young");
}

/// An alarm counts on it.
#[tokio::test(start_paused = true)]
async fn a_read_that_failed_is_counted_also_where_the_last_good_ones_are_used() {
    let metrics = crate::metrics::Metrics::new("shop", "fulfill-orders");
    let _recorder = ::metrics::set_default_local_recorder(&metrics);
    let now = sluice_order::Timestamp::from_millis(0);
    let (manager, live) = Manager::with(Ok(ONE));
    live.read_while(async {}).await;
    assert!(!metrics.take(now).contains("SecretUnreadable"));
    manager.now_says(Err("AccessDeniedException"));
    after(MAX_AGE).await;
    assert!(live.ready().await.is_ok());
    assert!(metrics.take(now).contains("\"SecretUnreadable\":1"));
}
