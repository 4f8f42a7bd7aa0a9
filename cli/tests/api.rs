//! Calls to the API against a server that answers as it is told.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use sluice::{
    Exit,
    api::{Answer, Api},
    retry::Retry,
    sign::Signer,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

type Requests = Arc<Mutex<Vec<String>>>;

/// Answers one connection after the other, with the next of `answers` each; an empty one is a lost connection.
async fn server(answers: &'static [&'static str]) -> (Api, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let requests = Requests::default();
    let seen = requests.clone();
    tokio::spawn(async move {
        for answer in answers {
            let (mut connection, _) = listener.accept().await.unwrap();
            let request = request(&mut connection).await;
            seen.lock().unwrap().push(request);
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let retry = Retry {
        attempts: 3,
        first: Duration::from_millis(2),
        longest: Duration::from_millis(4),
    };
    let provider =
        SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test"));
    let api = Api::new(base, Signer::new(provider, "us-east-1"), retry);
    (api, requests)
}

/// Head and body of one request.
async fn request(connection: &mut TcpStream) -> String {
    let mut text = String::new();
    loop {
        let mut bytes = [0; 4096];
        let read = connection.read(&mut bytes).await.unwrap();
        text += std::str::from_utf8(&bytes[..read]).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        if body.len() == length {
            return text;
        }
    }
}

fn header<'a>(request: &'a str, name: &str) -> Vec<&'a str> {
    request
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(n, _)| *n == name)
        .map(|(_, value)| value)
        .collect()
}

const ACCEPTED: &str = "HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
const BUSY: &str =
    "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const THROTTLED: &str = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const CUT_OFF: &str = "HTTP/1.1 202 Accepted\r\ncontent-length: 99\r\nconnection: close\r\n\r\n{}";
const REFUSED: &str =
    "HTTP/1.1 422 Unprocessable Content\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const MOVED: &str = "HTTP/1.1 307 Temporary Redirect\r\nlocation: /v2\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_repeat_is_the_same_call_under_the_same_key() {
    let (api, requests) = server(&["", BUSY, ACCEPTED]).await;
    let answer = api.post_order("k-1", br#"{"a":1}"#).await.unwrap();
    let accepted = Answer {
        status: 202,
        body: b"{}".to_vec(),
    };
    assert_eq!(answer, accepted);
    let requests = requests.lock().unwrap();
    assert_eq!(requests.len(), 3);
    for request in requests.iter() {
        assert!(
            request.starts_with("POST /v1/orders HTTP/1.1\r\n"),
            "{request}"
        );
        assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
        assert_eq!(header(request, "idempotency-key"), ["k-1"]);
        assert_eq!(header(request, "content-type"), ["application/json"]);
        let [authorization] = header(request, "authorization")[..] else {
            unreachable!("{request}");
        };
        assert!(
            authorization.contains("SignedHeaders=content-type;host;idempotency-key;x-amz-date"),
            "{authorization}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_no_answer() {
    let (api, requests) = server(&[CUT_OFF, ACCEPTED]).await;
    assert_eq!(api.post_order("k", b"").await.unwrap().body, b"{}");
    assert_eq!(requests.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn what_the_service_asks_for_is_waited() {
    let (api, _) = server(&[THROTTLED, ACCEPTED]).await;
    let start = Instant::now();
    assert_eq!(api.post_order("k", b"").await.unwrap().status, 202);
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_final_answer_is_not_repeated_nor_a_redirect_followed() {
    for (answers, status) in [(&[REFUSED], 422), (&[MOVED], 307)] {
        let (api, requests) = server(answers).await;
        assert_eq!(api.post_order("k", b"").await.unwrap().status, status);
        assert_eq!(requests.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn repeats_end() {
    let (api, requests) = server(&[BUSY, BUSY, BUSY, ACCEPTED]).await;
    let answer = api.post_order("k", b"").await.unwrap();
    assert!(answer.is_transient());
    assert_eq!(requests.lock().unwrap().len(), 3);

    let (api, _) = server(&[]).await;
    let failure = api.post_order("k", b"").await.unwrap_err();
    assert_eq!(failure.exit(), Exit::Environment);
    assert!(failure.to_string().contains("does not answer"), "{failure}");
}

#[tokio::test]
async fn an_order_is_read_by_its_id() {
    let (api, requests) = server(&[ACCEPTED]).await;
    let id = format!("ord_{}", "A-_9".repeat(8));
    api.get_order(&id.parse().unwrap()).await.unwrap();
    let expected = format!("GET /v1/orders/{id} HTTP/1.1\r\n");
    assert!(requests.lock().unwrap()[0].starts_with(&expected));
}
