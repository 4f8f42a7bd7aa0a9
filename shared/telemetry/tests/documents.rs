//! What the daemon gets.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

#[path = "documents/whole.rs"]
mod whole;

use std::{
    net::UdpSocket,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;
use sluice_telemetry::{Segments, Statement, TARGET, TraceContext, invocation, layer, order};
use tracing::{Span, field::Empty, subscriber::with_default};
use tracing_subscriber::layer::SubscriberExt;

const HEADER: &str = r#"{"format": "json", "version": 1}"#;

/// How long a document may be. X-Ray cuts a trace off at 500 KB, and an order may come again many times.
const MOST: usize = 2_048;

/// The trace header of somebody before us, of today: X-Ray refuses old traces.
fn header(sampled: u8) -> String {
    let epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    format!("Root=1-{epoch:08x}-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled={sampled}")
}

/// A call as [`sluice_telemetry::Calls`] makes it.
fn call() -> Span {
    call_of("PutItem")
}

fn call_of(operation: &str) -> Span {
    tracing::info_span!(
        target: TARGET,
        "call",
        otel.name = "DynamoDB",
        otel.kind = "client",
        otel.status_code = Empty,
        aws.service = "DynamoDB",
        aws.operation = operation,
        aws.table.name = "sluice-OrdersTable-1ABCDEFGHIJKL",
        aws.region = "ap-southeast-1",
        aws.request_id = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEF",
        http.response.status_code = Empty,
    )
}

/// The documents that this sends to the daemon.
fn sent_by(work: impl FnOnce()) -> Vec<Value> {
    sent_without(None, work)
}

/// The same, with segments going elsewhere.
fn sent_without(segments: Option<Segments>, work: impl FnOnce()) -> Vec<Value> {
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    daemon.set_nonblocking(true).unwrap();
    let address = daemon.local_addr().unwrap().to_string();
    let subscriber =
        tracing_subscriber::registry().with(layer(&address, "fulfill-orders", segments).unwrap());
    with_default(subscriber, work);
    let mut documents = Vec::new();
    let mut packet = vec![0; 65_536];
    while let Ok(length) = daemon.recv(&mut packet) {
        let text = std::str::from_utf8(&packet[..length]).unwrap();
        let (head, document) = text.split_once('\n').unwrap();
        assert_eq!(head, HEADER);
        assert!(
            document.len() <= MOST,
            "{} bytes: {document}",
            document.len()
        );
        documents.push(serde_json::from_str(document).unwrap());
    }
    documents
}

/// P8.
#[test]
fn an_order_is_a_segment_of_its_own_trace_with_its_calls_in_it() {
    let header = header(1);
    let mut here = String::new();
    let documents = sent_by(|| {
        let order = order(Some(&header), None, 1);
        order.record("order_id", "ord_1");
        order.record("receives", 2_i64);
        order.in_scope(|| {
            let call = call();
            call.record("http.response.status_code", 200_i64);
            here = TraceContext::of_span(&call).unwrap().header();
        });
    });
    let [segment] = &documents[..] else {
        panic!("one document: {documents:#?}")
    };
    let root = header
        .split(';')
        .next()
        .unwrap()
        .strip_prefix("Root=")
        .unwrap();
    assert_eq!(segment["trace_id"], root);
    assert_eq!(segment["parent_id"], "53995c3f42cd8ad8");
    assert_eq!(segment["name"], "fulfill-orders");
    assert_eq!(segment["type"], Value::Null, "a segment, no subsegment");
    assert_eq!(segment["annotations"]["order_id"], "ord_1");
    assert_eq!(segment["annotations"]["receives"], 2);
    let call = &segment["subsegments"][0];
    assert_eq!(
        (&call["name"], &call["namespace"]),
        (&"DynamoDB".into(), &"aws".into())
    );
    assert_eq!(call["aws"]["operation"], "PutItem");
    assert_eq!(call["http"]["response"]["status"], 200);
    assert_eq!(
        here,
        format!(
            "Root={root};Parent={};Sampled=1",
            call["id"].as_str().unwrap()
        )
    );
}

/// A trace of 500 KB is cut off by X-Ray, and an order may be tried a thousand times.
#[test]
fn of_many_tries_the_first_three_and_the_last_two_are_told() {
    let documents = sent_by(|| {
        let invocation = invocation("fulfill-orders", Some(&header(1)), "r-1", true);
        let order = invocation.in_scope(|| order(Some(&header(1)), None, 1));
        order.record("order_id", "ord_u9N1G90ywT_czvS0SudxmQF2Yl1-8wq3");
        order.record("customer_hash", "pvfvR-6NyEr5BWowUd3DAg");
        order.record("lane", "standard");
        order.record("outcome", "Stored");
        order.record("receives", 1_000_i64);
        order.in_scope(|| {
            for n in 0..9 {
                let call = call();
                if n < 8 {
                    call.record("otel.status_code", "ERROR");
                }
                call.record(
                    "http.response.status_code",
                    if n < 8 { 500 + n } else { 200 },
                );
            }
        });
    });
    let calls = documents[0]["subsegments"].as_array().unwrap();
    let statuses: Vec<_> = calls
        .iter()
        .map(|call| call["http"]["response"]["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [500, 501, 502, 507, 200]);
    assert_eq!(
        (&calls[0]["fault"], &calls[4]["fault"]),
        (&true.into(), &Value::Null)
    );
    assert_eq!(documents[0]["annotations"]["attempts"], 9);
}

#[test]
fn calls_of_other_operations_do_not_repeat_each_other() {
    let documents = sent_by(|| {
        let order = order(Some(&header(1)), None, 1);
        order.in_scope(|| {
            drop(call_of("GetItem"));
            drop(call_of("PutItem"));
        });
    });
    let operation = |n: usize| &documents[0]["subsegments"][n]["aws"]["operation"];
    assert_eq!(
        (operation(0), operation(1)),
        (&"GetItem".into(), &"PutItem".into())
    );
    assert_eq!(documents[0]["annotations"]["attempts"], Value::Null);
}

#[test]
fn whether_an_order_is_traced_its_own_header_says() {
    let (yes, no) = (header(1), header(0));
    let documents = sent_by(|| {
        let unsampled = invocation("fulfill-orders", Some(&no), "r-1", true);
        unsampled.in_scope(|| {
            order(Some(&yes), None, 1).record("order_id", "ord_yes");
            order(None, None, 1);
        });
        let sampled = invocation("fulfill-orders", Some(&yes), "r-1", true);
        sampled.in_scope(|| {
            order(Some(&no), None, 1).in_scope(call);
            // The one is malformed; of the time of the other X-Ray takes nothing.
            let old = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
            let new = order(Some("Root=nonsense"), Some(old), 1);
            new.record("order_id", "ord_new");
        });
    });
    let ids: Vec<_> = documents
        .iter()
        .map(|segment| segment["annotations"]["order_id"].as_str())
        .collect();
    assert_eq!(
        ids,
        [Some("ord_yes"), Some("ord_new"), None],
        "{documents:#?}"
    );
    let (new, invocation) = (&documents[1], &documents[2]);
    assert_ne!(
        new["trace_id"], invocation["trace_id"],
        "an order without a trace gets a new one"
    );
    assert_eq!(
        invocation["type"], "subsegment",
        "it lies under Lambda's segment"
    );
    assert!(
        new["metadata"]
            .to_string()
            .contains(invocation["id"].as_str().unwrap()),
        "{new:#}"
    );
}

/// P8: what the header says is kept, and what it does not say is not made up for X-Ray.
#[test]
fn a_trace_whose_header_names_no_parent_goes_on() {
    let whole = header(1);
    let header = whole.replace("Parent=53995c3f42cd8ad8;", "");
    let mut behind = String::new();
    let documents = sent_by(|| {
        let first = invocation("accept-order", Some(&header), "r-1", true);
        first.in_scope(|| behind = TraceContext::of_span(&call()).unwrap().header());
        drop(first);
        drop(order(Some(&header), None, 1));
        let unsampled = header.replace("Sampled=1", "Sampled=0");
        drop(order(Some(&unsampled), None, 1));
    });
    assert_eq!(documents.len(), 2, "{documents:#?}");
    let root = whole.split(';').next().unwrap();
    for document in &documents {
        assert_eq!(
            format!("Root={}", document["trace_id"].as_str().unwrap()),
            root
        );
        // X-Ray takes no subsegment without a parent.
        for name in ["parent_id", "type"] {
            assert_eq!(document[name], Value::Null, "{name} of {document:#}");
        }
    }
    let call = documents[0]["subsegments"][0]["id"].as_str().unwrap();
    assert_eq!(behind, format!("{root};Parent={call};Sampled=1"));
}

/// Lambda finds a loop by it, so what an invocation sends has the invocation's, whatever message it is about.
#[test]
fn a_lineage_is_handed_on() {
    let (yes, no) = (header(1), header(0));
    let lineage = |text: &str, of: &str| format!("{of};Lineage={text}");
    let mut seen = Vec::new();
    sent_by(|| {
        for head in [&yes, &no] {
            let first = invocation("f", Some(&lineage("a:2|b:1", head)), "r-1", true);
            let own = first.in_scope(|| order(Some(&lineage("a:1", &yes)), None, 1));
            let plain = invocation("f", Some(head), "r-1", true);
            let message = plain.in_scope(|| order(Some(&lineage("a:1", &yes)), None, 1));
            for span in [&own, &message] {
                seen.push(TraceContext::of_span(span).unwrap().header());
            }
        }
    });
    let ends: Vec<_> = seen
        .iter()
        .map(|header| header.split(';').nth(3).unwrap())
        .collect();
    let (own, message) = ("Lineage=a:2|b:1", "Lineage=a:1");
    assert_eq!(ends, [own, message, own, message]);
}

#[test]
fn orders_of_one_trace_do_not_take_each_others_calls() {
    let header = header(1);
    let documents = sent_by(|| {
        let (first, second) = (order(Some(&header), None, 1), order(Some(&header), None, 1));
        for order in [&first, &second, &second] {
            order.in_scope(call);
        }
        first.record("order_id", "first");
        drop(first);
    });
    let count = |segment: &Value| segment["subsegments"].as_array().map_or(0, Vec::len);
    assert_eq!(documents.iter().map(count).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(documents[0]["annotations"]["order_id"], "first");
}

#[test]
fn what_is_dropped_is_not_sent() {
    let documents = sent_by(|| {
        let order = order(Some(&header(1)), None, 1);
        order.in_scope(call);
        order.record("sluice.is_dropped", true);
    });
    assert!(documents.is_empty(), "{documents:#?}");
}

#[test]
fn segments_of_the_orders_own_traces_can_go_another_way() {
    let segments = Segments::default();
    let documents = sent_without(Some(segments.clone()), || {
        let invocation = invocation("fulfill-orders", Some(&header(1)), "r-1", true);
        invocation.in_scope(|| order(Some(&header(1)), None, 1).in_scope(call));
    });
    let [invocation] = &documents[..] else {
        panic!("the invocation's: {documents:#?}")
    };
    assert_eq!(invocation["type"], "subsegment");
    let kept: Vec<Value> = segments
        .take()
        .iter()
        .map(|document| serde_json::from_str(document).unwrap())
        .collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["subsegments"][0]["name"], "DynamoDB");
    assert!(segments.take().is_empty(), "they are taken once");
}

#[test]
fn a_dead_daemon_is_nobody_s_concern() {
    let gone = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let subscriber = tracing_subscriber::registry().with(layer(&gone, "s", None).unwrap());
    with_default(subscriber, || {
        for _ in 0..100 {
            order(Some(&header(1)), None, 1).in_scope(call);
        }
    });
    assert!(layer::<tracing_subscriber::Registry>("nonsense", "s", None).is_err());
}

/// What the socket learns of a daemon that was away must not cost the next document.
#[test]
fn a_daemon_that_is_back_misses_nothing() {
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = daemon.local_addr().unwrap();
    let subscriber =
        tracing_subscriber::registry().with(layer(&address.to_string(), "s", None).unwrap());
    drop(daemon);
    with_default(subscriber, || {
        drop(order(Some(&header(1)), None, 1));
        let daemon = UdpSocket::bind(address).unwrap();
        daemon
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        drop(order(Some(&header(1)), None, 1));
        assert!(daemon.recv(&mut [0; 4_096]).is_ok());
    });
}

/// As X-Ray's SDKs tell of a database: remote, with the kind of the database and a statement without values.
#[test]
fn a_statement_says_what_it_was_and_how_it_ended() {
    let sent = sent_by(|| {
        let order = order(Some(&header(1)), None, 1);
        let _in_order = order.enter();
        Statement::begin("PostgreSQL", "INSERT orders").end(&Ok::<_, &str>(()));
        Statement::begin("PostgreSQL", "INSERT orders").end(&Err::<(), _>("SQLSTATE 25006"));
        drop(Statement::begin("PostgreSQL", "SELECT orders"));
    });
    let statements = sent[0]["subsegments"].as_array().unwrap();
    let summaries = ["INSERT orders", "INSERT orders", "SELECT orders"];
    let causes = [
        None,
        Some("SQLSTATE 25006"),
        Some("cut off: the function had no more time for it"),
    ];
    assert_eq!(statements.len(), summaries.len());
    for (statement, (summary, cause)) in statements.iter().zip(summaries.into_iter().zip(causes)) {
        assert_eq!(statement["name"], "PostgreSQL");
        assert_eq!(statement["namespace"], "remote");
        assert_eq!(
            statement["sql"],
            serde_json::json!({"database_type": "PostgreSQL", "sanitized_query": summary})
        );
        assert_eq!(
            statement["fault"].as_bool().unwrap_or_default(),
            cause.is_some()
        );
        let told = statement.pointer("/cause/exceptions/0/message");
        assert_eq!(told.and_then(Value::as_str), cause);
    }
}
