//! Calls to the API against a server that answers as it is told.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use backon::ExponentialBuilder;
use sluice::{
    deployment::{
        api::{self, Api},
        sign::Signer,
    },
    terminal::failure::Exit,
};
use sluice_testing::stand_in::{Answer, StandIn};

/// An API that gives these answers, and the client that asks it.
async fn server(answers: impl IntoIterator<Item = Answer>) -> (Api, StandIn) {
    let server = StandIn::answering(answers).await;
    let backoff = ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(2))
        .with_max_times(2);
    let provider =
        SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test"));
    let base = format!("{}/v1", server.url());
    let api = Api::new(base, Signer::new(provider, "us-east-1"), backoff);
    (api, server)
}

fn accepted() -> Answer {
    Answer::new(202, "{}")
}

fn busy() -> Answer {
    Answer::new(503, "")
}

#[tokio::test]
async fn a_repeat_is_the_same_call_under_the_same_key() {
    let (api, server) = server([Answer::lost(), busy(), accepted()]).await;
    let answer = api.post_order("k-1", br#"{"a":1}"#).await.unwrap();
    let accepted = api::Answer {
        status: 202,
        body: b"{}".to_vec(),
    };
    assert_eq!(answer, accepted);
    let calls = server.calls();
    assert_eq!(calls.len(), 3);
    for call in &calls {
        assert_eq!(
            (call.method.as_str(), call.uri.path()),
            ("POST", "/v1/orders")
        );
        assert_eq!(call.body, r#"{"a":1}"#);
        assert_eq!(call.header("idempotency-key"), Some("k-1"));
        assert_eq!(call.header("content-type"), Some("application/json"));
        let authorization = call.header("authorization").unwrap();
        assert!(
            authorization.contains("SignedHeaders=content-type;host;idempotency-key;x-amz-date"),
            "{authorization}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_no_answer() {
    let (api, server) = server([accepted().cut_off(), accepted()]).await;
    assert_eq!(api.post_order("k", b"").await.unwrap().body, b"{}");
    assert_eq!(server.calls().len(), 2);
}

#[tokio::test]
async fn what_the_service_asks_for_is_waited() {
    let throttled = Answer::new(429, "").header("retry-after", "1");
    let (api, _server) = server([throttled, accepted()]).await;
    let start = Instant::now();
    assert_eq!(api.post_order("k", b"").await.unwrap().status, 202);
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_final_answer_is_not_repeated_nor_a_redirect_followed() {
    let moved = Answer::new(307, "").header("location", "/v2");
    for (answer, status) in [(Answer::new(422, ""), 422), (moved, 307)] {
        let (api, server) = server([answer]).await;
        assert_eq!(api.post_order("k", b"").await.unwrap().status, status);
        assert_eq!(server.calls().len(), 1);
    }
}

#[tokio::test]
async fn repeats_end() {
    let (api, server) = server([busy()]).await;
    let answer = api.post_order("k", b"").await.unwrap();
    assert!(answer.is_transient());
    assert_eq!(server.calls().len(), 3);

    drop(server);
    let failure = api.post_order("k", b"").await.unwrap_err();
    assert_eq!(failure.exit(), Exit::Environment);
    assert!(failure.to_string().contains("does not answer"), "{failure}");
}

#[tokio::test]
async fn an_order_is_read_by_its_id() {
    let (api, server) = server([accepted()]).await;
    let id = format!("ord_{}", "A-_9".repeat(8));
    api.get_order(&id.parse().unwrap()).await.unwrap();
    let call = &server.calls()[0];
    assert_eq!(call.method, "GET");
    assert_eq!(call.uri.path(), format!("/v1/orders/{id}"));
}
