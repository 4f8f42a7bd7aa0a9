//! Each fault, seen from both sides: what the client gets, and what reaches the upstream.

use std::{error::Error, io::ErrorKind, time::Instant};

use tokio::time::timeout;

use super::*;
use crate::stand_in::{self, StandIn};

/// Answers what it was asked.
async fn upstream() -> StandIn {
    StandIn::start(|call| {
        let told = format!("{} {} {:?}", call.method, call.uri, call.body);
        stand_in::Answer::new(404, told).header("x-upstream", "seen")
    })
    .await
}

struct Bench {
    upstream: StandIn,
    proxy: Proxy,
    http: reqwest::Client,
}

impl Bench {
    async fn new() -> Self {
        let upstream = upstream().await;
        Self {
            proxy: Proxy::start(&upstream.url(), 7).await.unwrap(),
            upstream,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    fn put(&self) -> impl Future<Output = reqwest::Result<reqwest::Response>> + use<> {
        self.http
            .post(format!("{}/some?query=1", self.proxy.url()))
            .header("x-amz-target", "DynamoDB_20120810.PutItem")
            .body("item")
            .send()
    }

    /// How many requests have reached the upstream.
    fn forwarded(&self) -> usize {
        self.upstream.calls().len()
    }

    /// Waits until the proxy has seen this.
    async fn until(&self, condition: impl Fn(&Seen) -> bool) {
        let begun = Instant::now();
        while !condition(&self.proxy.seen()) {
            assert!(begun.elapsed() < Duration::from_secs(10));
            sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The client's connection was reset, not closed in good order.
fn assert_reset(answer: reqwest::Result<reqwest::Response>) {
    let error = answer.expect_err("no answer");
    let mut cause: Option<&dyn Error> = Some(&error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
        cause = error.source();
    }
    panic!("no reset: {error:?}");
}

async fn assert_refused(answer: reqwest::Response, status: u16, error: &str) {
    assert_eq!(answer.status(), status);
    assert_eq!(
        answer.headers()["content-type"],
        "application/x-amz-json-1.0"
    );
    let body: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(
        body["__type"],
        format!("com.amazonaws.dynamodb.v20120810#{error}")
    );
}

#[tokio::test]
async fn without_a_fault_all_goes_through_unchanged() {
    let bench = Bench::new().await;
    let answer = bench.put().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.headers()["x-upstream"], "seen");
    assert_eq!(
        answer.text().await.unwrap(),
        "POST /some?query=1 b\"item\"".to_owned()
    );
    let plain = bench.http.get(bench.proxy.url()).send().await.unwrap();
    assert_eq!(plain.text().await.unwrap(), "GET / b\"\"");
    let seen = bench.proxy.seen();
    assert_eq!((seen.requests(), seen.waiting), (2, 0));
    assert_eq!(seen.arrivals("PutItem").len(), 1);
    assert_eq!(bench.forwarded(), 2);
}

#[tokio::test]
async fn errors_are_answered_in_the_services_words() {
    let bench = Bench::new().await;
    bench.proxy.always(Fault::Error);
    assert_refused(bench.put().await.unwrap(), 500, "InternalServerError").await;
    bench.proxy.always(Fault::Throttle);
    let throttled = "ProvisionedThroughputExceededException";
    assert_refused(bench.put().await.unwrap(), 400, throttled).await;
    assert_eq!(bench.forwarded(), 0);
    assert_eq!(bench.proxy.seen().harmed_by(Fault::Error), 1);
    assert_eq!(bench.proxy.seen().harmed_by(Fault::Throttle), 1);
}

#[tokio::test]
async fn a_delay_comes_before_the_upstream() {
    const DELAY: Duration = Duration::from_millis(100);
    let bench = Bench::new().await;
    bench.proxy.always(Fault::Delay(DELAY));
    let begun = Instant::now();
    let asked = tokio::spawn(bench.put());
    bench.until(|seen| seen.waiting == 1).await;
    assert_eq!(bench.forwarded(), 0);
    assert_eq!(asked.await.unwrap().unwrap().status(), 404);
    assert!(begun.elapsed() >= DELAY);
    assert_eq!(bench.forwarded(), 1);
}

#[tokio::test]
async fn a_reset_reaches_nobody_and_a_lost_answer_does() {
    let bench = Bench::new().await;
    bench.proxy.always(Fault::Reset);
    assert_reset(bench.put().await);
    assert_eq!(bench.forwarded(), 0);
    bench.proxy.always(Fault::LoseAnswer);
    assert_reset(bench.put().await);
    assert_eq!(bench.forwarded(), 1);
    bench.proxy.pass();
    assert_eq!(bench.put().await.unwrap().status(), 404);
}

#[tokio::test]
async fn what_is_held_waits_until_the_faults_are_changed() {
    for (fault, forwarded) in [(Fault::HoldRequest, 0), (Fault::HoldAnswer, 3)] {
        let bench = Bench::new().await;
        bench.proxy.always(fault);
        let asked: Vec<_> = (0..3).map(|_| tokio::spawn(bench.put())).collect();
        bench.until(|seen| seen.waiting == 3).await;
        let begun = Instant::now();
        while bench.forwarded() < forwarded {
            assert!(begun.elapsed() < Duration::from_secs(10));
            sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(bench.forwarded(), forwarded, "{fault:?}");
        assert!(asked.iter().all(|asked| !asked.is_finished()));
        bench.proxy.pass();
        for asked in asked {
            assert_eq!(asked.await.unwrap().unwrap().status(), 404);
        }
        assert_eq!(bench.forwarded(), 3, "{fault:?}");
    }
}

#[tokio::test]
async fn what_is_on_its_way_arrives_even_if_the_client_goes() {
    let bench = Bench::new().await;
    bench.proxy.always(Fault::HoldRequest);
    let asked = tokio::spawn(bench.put());
    bench.until(|seen| seen.waiting == 1).await;
    asked.abort();
    bench.until(|seen| seen.waiting == 0).await;
    assert_eq!(bench.forwarded(), 0);
    bench.proxy.pass();
    let begun = Instant::now();
    while bench.forwarded() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(10));
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn the_seed_decides_who_is_harmed() {
    let outcomes = async |seed| {
        let bench = Bench::new().await;
        let proxy = Proxy::start(&bench.upstream.url(), seed).await.unwrap();
        proxy.set([(0.3, Fault::Error), (0.3, Fault::Throttle)]);
        let mut outcomes = Vec::new();
        for _ in 0..50 {
            let answer = bench.http.get(proxy.url()).send().await.unwrap();
            outcomes.push(answer.status().as_u16());
        }
        outcomes
    };
    let first = outcomes(1).await;
    for status in [500, 400, 404] {
        assert!(first.contains(&status), "{first:?}");
    }
    assert_eq!(outcomes(1).await, first);
    assert_ne!(outcomes(2).await, first);
}

#[tokio::test]
async fn dropped_it_listens_no_more() {
    let bench = Bench::new().await;
    let url = bench.proxy.url();
    drop(bench.proxy);
    let refused = async {
        while bench.http.get(&url).send().await.is_ok() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), refused)
        .await
        .expect("refused");
}
