//! Each answer as a client sees it. The client is a socket, since an HTTP client would repeat what fails.

use std::time::Duration;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;

const POST: &[u8] =
    b"POST /a?b=c HTTP/1.1\r\nhost: h\r\nx-amz-target: DynamoDB_20120810.PutItem\r\n\
    content-length: 7\r\n\r\n{\"k\":1}";

async fn connect(to: &StandIn) -> TcpStream {
    TcpStream::connect(to.address()).await.unwrap()
}

/// Sends the call, and reads until the answer ends so, or the connection closes.
async fn ask(stream: &mut TcpStream, end: &str) -> String {
    stream.write_all(POST).await.unwrap();
    let mut text = String::new();
    while !text.ends_with(end) || end.is_empty() {
        let mut bytes = [0; 1_024];
        match stream.read(&mut bytes).await.unwrap() {
            0 => break,
            length => text += std::str::from_utf8(&bytes[..length]).unwrap(),
        }
    }
    text
}

#[tokio::test]
async fn what_is_asked_is_kept_and_what_is_said_is_answered() {
    let aws = StandIn::answering([
        Answer::json(200, &json!({"a": 1})).header("x-amzn-requestid", "r-1"),
        Answer::new(503, "later"),
    ])
    .await;
    let mut stream = connect(&aws).await;
    let first = ask(&mut stream, "{\"a\":1}").await;
    assert!(first.starts_with("HTTP/1.1 200 OK\r\n"), "{first}");
    assert!(first.contains("x-amzn-requestid: r-1\r\n"), "{first}");
    for _ in 0..2 {
        let again = ask(&mut stream, "later").await;
        assert!(again.starts_with("HTTP/1.1 503 "), "the last: {again}");
    }
    ask(&mut connect(&aws).await, "later").await;
    aws.called(4).await;
    assert_eq!(aws.connections(), 2);
    let calls = aws.calls();
    let places = calls
        .iter()
        .map(|call| (call.number, call.number_in_connection));
    assert_eq!(places.collect::<Vec<_>>(), [(0, 0), (1, 1), (2, 2), (3, 0)]);
    let call = &calls[0];
    assert_eq!(
        (call.operation(), call.json()),
        ("PutItem", json!({"k": 1}))
    );
    assert_eq!(
        call.to_string().lines().next(),
        Some("POST /a?b=c HTTP/1.1")
    );
}

#[tokio::test]
async fn an_answer_may_be_late_cut_off_lost_or_never_come() {
    let aws = StandIn::answering([
        Answer::new(200, "late").after(Duration::from_millis(50)),
        Answer::new(200, "half").cut_off(),
        Answer::lost(),
        Answer::never(),
    ])
    .await;
    let begun = std::time::Instant::now();
    ask(&mut connect(&aws).await, "late").await;
    assert!(begun.elapsed() >= Duration::from_millis(50));
    let half = ask(&mut connect(&aws).await, "").await;
    assert!(half.contains("content-length: 5\r\n"), "{half}");
    assert!(half.ends_with("half"), "{half}");
    assert_eq!(ask(&mut connect(&aws).await, "").await, "");
    let mut open = connect(&aws).await;
    let silent = timeout(Duration::from_millis(50), ask(&mut open, "")).await;
    assert!(silent.is_err(), "{silent:?}");
    drop(aws);
    let mut bytes = [0; 1];
    let read = timeout(PATIENCE, open.read(&mut bytes)).await.unwrap();
    assert!(matches!(read, Ok(0) | Err(_)), "it ends with the stand-in");
}
