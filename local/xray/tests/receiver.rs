//! `receive-traces` as a process: documents sent by UDP are found through X-Ray's SDK, and only a signal ends it.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpStream, UdpSocket},
    process::{Child, Command, ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use aws_sdk_xray::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    error::ProvideErrorMetadata,
    primitives::DateTime,
    types::AnnotationValue,
};
use serde_json::{Value, json};

const HEADER: &str = r#"{"format": "json", "version": 1}"#;

/// The running program. It is killed when it is dropped.
struct Receiver {
    child: Child,
    address: String,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(listen: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_receive-traces"));
    command
        .args(["--listen", listen])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Receiver {
    fn start() -> Self {
        let mut child = command("127.0.0.1:0").spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim_end()
            .strip_prefix("receiving traces on ")
            .and_then(|rest| rest.strip_suffix(", UDP and TCP"))
            .map(str::to_owned);
        let Some(address) = address else {
            unreachable!("{line}");
        };
        Self { child, address }
    }

    fn udp(&self) -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(&self.address).unwrap();
        socket
    }

    fn sdk(&self) -> Client {
        let config = aws_sdk_xray::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(format!("http://{}", self.address))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        Client::from_conf(config)
    }

    async fn counts(&self) -> Value {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.get(format!("http://{}/", self.address)).send().await;
        serde_json::from_slice(&answer.unwrap().bytes().await.unwrap()).unwrap()
    }

    /// Waits until so many documents have come.
    async fn received(&self, count: u64) -> Value {
        let start = Instant::now();
        loop {
            let counts = self.counts().await;
            if counts["received"] == count {
                return counts;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{counts}");
            sleep(Duration::from_millis(10));
        }
    }

    /// Asks it to end, and gives how it did and what it wrote to standard error.
    fn terminate(mut self) -> (ExitStatus, String) {
        let kill = format!("kill -TERM {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success());
        let start = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < Duration::from_secs(20), "it goes on");
            sleep(Duration::from_millis(10));
        }
        let mut told = String::new();
        let stderr = self.child.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut told).unwrap();
        (self.child.wait().unwrap(), told)
    }
}

fn now() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap().as_secs_f64()
}

fn document(number: usize) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a time of this century"
    )]
    let seconds = now() as u64;
    json!({
        "name": "fulfill-orders", "id": format!("{number:016x}"),
        "trace_id": format!("1-{seconds:08x}-{number:024x}"),
        "start_time": now() - 0.25, "end_time": now(),
        "annotations": {"order_id": format!("ord_{number}"), "receives": 1},
        "metadata": {"invocation": "Root=1-00000000-000000000000000000000000;Sampled=1"},
    })
}

fn datagram(document: &Value) -> Vec<u8> {
    format!("{HEADER}\n{document}").into_bytes()
}

/// What is known of the last `seconds`.
fn since(seconds: f64) -> (DateTime, DateTime) {
    let at = |seconds| DateTime::from_secs_f64(seconds);
    (at(now() - seconds), at(now() + 1.0))
}

#[tokio::test]
async fn documents_by_udp_are_found_through_the_sdk_and_garbage_is_counted() {
    let receiver = Receiver::start();
    let socket = receiver.udp();
    let documents = [1, 2, 3].map(document);
    for document in &documents {
        socket.send(&datagram(document)).unwrap();
    }
    let mut broken = document(4);
    broken["id"] = json!("secret-content");
    socket.send(&datagram(&broken)).unwrap();
    socket.send(b"secret-content").unwrap();
    socket.send(&datagram(&json!("secret-content"))).unwrap();
    socket.send(&datagram(&broken)).unwrap();
    let counts = receiver.received(7).await;
    let refused = json!({"Header": 1, "Json": 1, "Id": 2});
    let expected = json!({"received": 7, "refused": refused, "kept": 3});
    assert_eq!(counts, expected);

    let sdk = receiver.sdk();
    let (start, end) = since(60.0);
    let found = sdk
        .get_trace_summaries()
        .start_time(start)
        .end_time(end)
        .filter_expression(r#"annotation[order_id] = "ord_2""#)
        .send()
        .await
        .unwrap();
    let [summary] = found.trace_summaries() else {
        panic!("{found:?}")
    };
    assert_eq!(summary.id(), documents[1]["trace_id"].as_str());
    let took = summary.duration().unwrap();
    assert!((0.2..1.0).contains(&took), "{took}");
    let started = summary.start_time().unwrap().as_secs_f64();
    assert!((0.0..60.0).contains(&(now() - started)), "{started}");
    let annotation = &summary.annotations().unwrap()["receives"][0];
    let value = AnnotationValue::NumberValue(1.0);
    assert_eq!(annotation.annotation_value(), Some(&value));

    let unknown = "1-58406520-a006649127e371903a2de979";
    let traces = sdk
        .batch_get_traces()
        .trace_ids(summary.id().unwrap())
        .trace_ids(unknown)
        .send()
        .await
        .unwrap();
    assert_eq!(traces.unprocessed_trace_ids(), [unknown]);
    let [trace] = traces.traces() else {
        panic!("{traces:?}")
    };
    assert_eq!(trace.id(), summary.id());
    let [segment] = trace.segments() else {
        panic!("{trace:?}")
    };
    assert_eq!(segment.id(), documents[1]["id"].as_str());
    assert_eq!(segment.document(), Some(&documents[1].to_string()[..]));

    let (status, told) = receiver.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(told.contains("refused 1 document, Id: id has 16"), "{told}");
    let refused = told.lines().filter(|line| line.starts_with("refused"));
    assert_eq!(refused.count(), 3, "once a reason: {told}");
    assert!(!told.contains("secret"), "{told}");
}

#[tokio::test]
async fn documents_come_through_the_sdk_too() {
    let receiver = Receiver::start();
    let sdk = receiver.sdk();
    let mut broken = document(2);
    broken["start_time"] = json!("today");
    let put = sdk
        .put_trace_segments()
        .trace_segment_documents(document(1).to_string())
        .trace_segment_documents(broken.to_string())
        .send()
        .await
        .unwrap();
    let [unprocessed] = put.unprocessed_trace_segments() else {
        panic!("{put:?}")
    };
    assert_eq!(unprocessed.id(), broken["id"].as_str());
    assert_eq!(unprocessed.error_code(), Some("StartTime"));
    assert!(unprocessed.message().unwrap().contains("seconds"));
    let (start, end) = since(60.0);
    let all = sdk.get_trace_summaries().start_time(start).end_time(end);
    let found = all.clone().send().await.unwrap();
    assert_eq!(found.trace_summaries().len(), 1);

    let refused = all.filter_expression("fault").send().await.unwrap_err();
    let refused = refused.into_service_error();
    assert!(refused.is_invalid_request_exception(), "{refused:?}");
    let message = refused.message().unwrap();
    assert!(
        message.contains(r#"annotation[key] = "value""#),
        "{message}"
    );
}

/// As many as a batch of the largest size makes, at once; less where the system has no room for them.
#[tokio::test]
async fn a_burst_is_not_dropped() {
    let receiver = Receiver::start();
    let socket = receiver.udp();
    // Linux gives twice what it is set to; a datagram like these takes 1,280 bytes of it.
    let room = std::fs::read_to_string("/proc/sys/net/core/rmem_max");
    let room = room.map_or(212_992, |room| room.trim().parse().unwrap());
    let count = 1_000.min(2 * room / 2_048);
    let datagrams: Vec<_> = (0..count).map(|n| datagram(&document(n))).collect();
    for datagram in &datagrams {
        socket.send(datagram).unwrap();
    }
    let counts = receiver.received(count as u64).await;
    assert_eq!(counts["kept"], count);
}

#[tokio::test]
async fn nothing_that_is_sent_ends_it() {
    let receiver = Receiver::start();
    let socket = receiver.udp();
    socket.send(b"").unwrap();
    for length in 1..200 {
        let mut bytes = vec![0; length * 7];
        getrandom::fill(&mut bytes).unwrap();
        socket.send(&bytes).unwrap();
        let with_header = [HEADER.as_bytes(), b"\n", &bytes].concat();
        socket.send(&with_header).unwrap();
        if length % 50 == 0 {
            // No more at once than there is room for on any system.
            receiver.received(1 + 2 * length as u64).await;
        }
    }
    socket.send(&vec![b'['; 65_507]).unwrap();
    let deep = [HEADER.as_bytes(), b"\n", "[".repeat(60_000).as_bytes()].concat();
    socket.send(&deep).unwrap();
    receiver.received(401).await;

    let mut open = Vec::new();
    for request in [
        &b""[..],
        b"\x16\x03\x01\x02\x00",
        b"POST /Traces HTTP/1.1\r\n",
        b"POST /Traces HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{\"Tr",
        b"POST /Traces HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"POST /Traces HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let mut stream = TcpStream::connect(&receiver.address).unwrap();
        stream.write_all(request).unwrap();
        open.push(stream);
    }
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let huge = http
        .post(format!("http://{}/TraceSegments", receiver.address))
        .body(vec![b' '; 9 * 1024 * 1024]);
    // The connection may be gone before the answer is read.
    if let Ok(answer) = huge.send().await {
        assert_eq!(answer.status(), 413);
    }
    socket.send(&datagram(&document(1))).unwrap();
    assert_eq!(receiver.received(402).await["kept"], 1);
    drop(open);
}

#[test]
fn a_port_that_is_taken_is_the_environments_failure() {
    let receiver = Receiver::start();
    let output = command(&receiver.address).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout, b"");
    let told = String::from_utf8(output.stderr).unwrap();
    let expected = format!("error: {} is taken. Next: ", receiver.address);
    assert!(told.starts_with(&expected), "{told}");
}
