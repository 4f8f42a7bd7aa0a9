//! All that a function says while it serves: lines, metrics, traces.

use std::{
    net::UdpSocket,
    panic,
    sync::{Arc, LazyLock, Mutex, Once},
};

use lambda_runtime::{Context, LambdaEvent};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sluice_order::{Clock, SystemClock, json};
use sluice_runtime::{Function, Invocations, Out, logs};
use tracing::Level;

/// A trace of today, as X-Ray writes it, with this digit in it: X-Ray refuses old ones.
pub(crate) fn trace(digit: char) -> String {
    static EPOCH: LazyLock<i64> = LazyLock::new(|| SystemClock.now().as_millis() / 1_000);
    format!("1-{:08x}-{}", *EPOCH, digit.to_string().repeat(24))
}

/// That of the invocations; each order has another.
pub(crate) const INVOCATION: char = 'a';

/// What a panic says that is meant to happen.
pub(crate) const ON_PURPOSE: &str = "on purpose";

/// What a process said.
#[derive(Default, Debug)]
pub(crate) struct Said {
    /// Every line as it was written.
    pub(crate) text: String,
    /// The lines of the log.
    pub(crate) lines: Vec<Value>,
    /// The lines that are metrics.
    pub(crate) metrics: Vec<Value>,
    /// What X-Ray's daemon got.
    pub(crate) documents: Vec<String>,
}

impl Said {
    /// The lines with this message.
    pub(crate) fn lines(&self, message: &str) -> Vec<&Value> {
        let is_it = |line: &&Value| line["message"] == message;
        self.lines.iter().filter(is_it).collect()
    }
}

/// What a process of this service says while it serves these events, set up as in production, at `TRACE`.
pub(crate) async fn said_by<E, A>(
    service: &str,
    events: &[Value],
    handler: impl AsyncFn(E, Context) -> A,
) -> Said
where
    E: DeserializeOwned,
    A: Serialize,
{
    log_panics_on_purpose();
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    daemon.set_nonblocking(true).unwrap();
    let crate_name = match service {
        "accept-order" => "accept_order",
        "read-orders" => "read_orders",
        _ => "fulfill_orders",
    };
    let function = Function {
        crate_name,
        service: service.to_owned(),
        name: Some(format!("sluice-{service}")),
        memory_mb: Some(128),
        level: Level::TRACE,
        namespace: Some("Sluice".to_owned()),
        daemon: Some(daemon.local_addr().unwrap().to_string()),
    };
    let text = Arc::new(Mutex::new(String::new()));
    let written = text.clone();
    let out: Out = Arc::new(move |lines| *written.lock().unwrap() += lines);
    let (subscriber, failure) = function.subscriber(out.clone(), None);
    assert!(failure.is_none());
    let metrics = function.metrics();
    let recorder = metrics.clone().unwrap();
    let _subscriber = tracing::subscriber::set_default(subscriber);
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let invocations = Invocations::new(function, metrics, out);
    for (n, event) in events.iter().enumerate() {
        let mut context = Context::default();
        context.request_id = format!("request-{n}");
        context.xray_trace_id = Some(format!(
            "Root={};Parent=53995c3f42cd8ad8;Sampled=1",
            trace(INVOCATION)
        ));
        context.invoked_function_arn = format!("arn:aws:lambda:eu-west-1:1:function:{service}");
        let payload = serde_json::from_value(event.clone()).unwrap();
        let event = LambdaEvent::new(payload, context);
        let _ = invocations.serve(event, &handler).await;
    }
    let text = text.lock().unwrap().clone();
    let mut said = Said::default();
    for line in text.lines() {
        // This parser refuses a name that is there twice.
        let value = json::parse(line.as_bytes()).unwrap_or_else(|e| panic!("{e}: {line}"));
        if value.get("_aws").is_some() {
            said.metrics.push(value);
        } else {
            said.lines.push(value);
        }
    }
    said.text = text;
    let mut packet = vec![0; 65_536];
    while let Ok(length) = daemon.recv(&mut packet) {
        let text = String::from_utf8(packet[..length].to_vec()).unwrap();
        said.documents.push(text);
    }
    said
}

/// Panics that are meant are logged as in production; the others say why the test failed.
fn log_panics_on_purpose() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        logs::log_panics();
        let ours = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let is_meant = panic
                .payload_as_str()
                .is_some_and(|why| why.contains(ON_PURPOSE));
            if is_meant { ours(panic) } else { usual(panic) }
        }));
    });
}
