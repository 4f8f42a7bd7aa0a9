//! A service that answers as it likes, and keeps what it was asked.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

pub(crate) type Requests = Arc<Mutex<Vec<Value>>>;

/// Answers each request with what `answer` makes of its body, and 400 where that is nothing. Returns its address.
pub(crate) async fn aws(answer: fn(&Value) -> Option<Value>) -> (String, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let requests = Requests::default();
    let seen = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&seen), answer));
        }
    });
    (endpoint, requests)
}

async fn serve(stream: TcpStream, seen: Requests, answer: fn(&Value) -> Option<Value>) {
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let request: Value = serde_json::from_slice(&body).unwrap();
    let (status, body) = match answer(&request) {
        Some(body) => ("200 OK", body.to_string()),
        None => (
            "400 Bad Request",
            json!({"__type": "InvalidParameterValue", "message": "Value poison is invalid"})
                .to_string(),
        ),
    };
    seen.lock().unwrap().push(request);
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}
