//! What the functions write: logs, metrics and traces. Nothing of it is personal, at any level, and every line about an order
//! names the order and its trace.

#![recursion_limit = "256"] // The types of nested futures are deep.
#[path = "logs/captured.rs"]
mod captured;
#[path = "logs/emf.rs"]
mod emf;
#[path = "logs/orders.rs"]
mod orders;

use std::time::Duration;

use accept_order::{AcceptOrder, MemoryPublisher};
use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use captured::{INVOCATION, Said, said_by, trace};
use emf::{Series, series};
use lambda_runtime::Context;
use orders::{FaultyStore, MARK, NOW, accepted, body, order, trace_of};
use read_orders::ReadOrders;
use serde_json::{Value, json};
use sluice_api::{ProxyRequest, ProxyResponse};
use sluice_consumer::{Pace, queue::MemoryQueue};
use sluice_order::{Lane, Timestamp, testing::secrets};
use sluice_runtime::Https;
use sluice_store::{DynamoStore, OrderStore};
use sluice_telemetry::Calls;
use sluice_testing::{
    event::{Request, message_id, of_batch, of_request},
    stand_in::{Answer, StandIn},
};

const KEYS: [&str; 9] = [
    "level",
    "message",
    "timestamp",
    "service",
    "cold_start",
    "function_name",
    "function_memory_size",
    "function_arn",
    "function_request_id",
];

/// What holds for all that is written. `request` is the id that the API gave, where there is an API.
fn check(said: &Said, request: Option<&str>) {
    assert!(!said.lines.is_empty() && !said.documents.is_empty());
    let all = [&said.text].into_iter().chain(&said.documents);
    for text in all {
        assert!(!text.to_lowercase().contains(MARK), "personal: {text}");
    }
    for line in &said.lines {
        for key in KEYS {
            assert!(!line[key].is_null(), "no {key}: {line}");
        }
        assert!(line["cold_start"].is_boolean(), "{line}");
        let timestamp = line["timestamp"].as_str().unwrap();
        assert!(timestamp.parse::<Timestamp>().is_ok() && timestamp.len() == 24);
        assert_eq!(line["correlation_id"].as_str(), request, "{line}");
        assert!(!line["xray_trace_id"].is_null(), "{line}");
        let unknown_order = [
            "batch",
            "refused",
            "the visibility of failed messages was not set",
        ];
        let names_none = line["reason"] == "NOT_JSON"
            || unknown_order.contains(&line["message"].as_str().unwrap());
        assert_eq!(line["order_id"].is_null(), names_none, "{line}");
    }
}

async fn accepting(publisher: MemoryPublisher, events: &[Value]) -> Said {
    let clock = Timestamp::from_millis(NOW);
    let accept = AcceptOrder::new(publisher, clock, secrets(), "hot".parse().unwrap());
    let handler = async |event: ProxyRequest, context: Context| {
        let trace = context.xray_trace_id.as_deref();
        ProxyResponse::from(accept.handle(&event.into(), trace).await)
    };
    said_by("accept-order", events, handler).await
}

async fn fulfilling(
    store: impl OrderStore,
    pace: Pace,
    queue: MemoryQueue,
    events: &[Value],
) -> Said {
    let clock = Timestamp::from_millis(NOW);
    let consumer = fulfill_orders::consumer(store, queue, clock, secrets(), Lane::Standard, pace);
    let handler = async |event: SqsEvent, _: Context| {
        sluice_consumer::handle(&consumer, event, u64::MAX).await
    };
    said_by("fulfill-orders", events, handler).await
}

fn unpaced() -> Pace {
    Pace::every(Duration::ZERO)
}

/// A batch whose messages SNS sent on in one trace.
fn batch(records: &[(u32, String)]) -> Value {
    let mut event = of_batch(records);
    for record in event["Records"].as_array_mut().unwrap() {
        let header = format!("Root={};Parent=53995c3f42cd8ad8;Sampled=1", trace(SENT_ON));
        record["attributes"]["AWSTraceHeader"] = json!(header);
    }
    event
}

/// In the trace of that batch.
const SENT_ON: char = 'b';

fn post(headers: &[(&str, &str)], body: &str) -> Value {
    of_request(&Request {
        method: "POST",
        resource: "/orders",
        id: None,
        headers,
        query: &[],
        body: Some(body),
        base64: false,
    })
}

const JSON: (&str, &str) = ("Content-Type", "application/json");
const KEY: (&str, &str) = ("Idempotency-Key", "marked-key");
const REQUEST: &str = "5f2c1c7e-8f0e-4a51-9a43-0d4ad1b1e6a4";

#[tokio::test]
async fn accept_order_says_what_it_accepted_and_why_it_refused() {
    let mut unknown = order("a");
    unknown["a marked field"] = json!("marked");
    unknown["customer_id"] = json!("marked customer with spaces");
    let events = [
        post(&[JSON, KEY], &order("a").to_string()),
        post(&[JSON, KEY], &order("hot").to_string()),
        post(&[JSON], &order("a").to_string()),
        post(&[JSON, KEY], &unknown.to_string()),
        post(&[JSON, KEY], "{\"marked\": \"marked"),
        post(&[JSON, ("Idempotency-Key", "marked key")], "{}"),
        post(&[("Content-Type", "text/marked"), KEY], "marked"),
        post(&[JSON, KEY], &"marked".repeat(100_000)),
    ];
    let said = accepting(MemoryPublisher::default(), &events).await;
    check(&said, Some(REQUEST));
    assert_eq!(said.lines.len(), events.len(), "a line a request");
    let accepted = said.lines("accepted");
    let lanes: Vec<_> = accepted.iter().map(|line| line["lane"].as_str()).collect();
    assert_eq!(lanes, [Some("standard"), Some("hot"), Some("standard")]);
    let cold: Vec<_> = said.lines.iter().map(|line| &line["cold_start"]).collect();
    assert_eq!(cold[..2], [&json!(true), &json!(false)]);
    assert_eq!(said.lines[1]["function_request_id"], "request-1");
    let reasons: Vec<_> = said
        .lines("refused")
        .iter()
        .map(|line| line["reason"].clone())
        .collect();
    let expected = [
        "invalid-order",
        "invalid-json",
        "invalid-idempotency-key",
        "unsupported-media-type",
        "order-too-large",
    ];
    assert_eq!(reasons, expected);
    let mut counts = Series::from([
        (
            "ColdStart Count function_name=sluice-accept-order service=accept-order".into(),
            vec![1.0],
        ),
        (
            "OrdersAccepted Count lane=hot service=accept-order".into(),
            vec![1.0],
        ),
        (
            "OrdersAccepted Count lane=standard service=accept-order".into(),
            vec![1.0, 1.0],
        ),
    ]);
    for reason in expected {
        counts.insert(
            format!("OrdersRefused Count reason={reason} service=accept-order"),
            vec![1.0],
        );
    }
    assert_eq!(series(&said.metrics), counts);
}

#[tokio::test]
async fn an_order_that_was_not_confirmed_is_one_line_with_its_id() {
    for (publisher, error, reason) in [
        (MemoryPublisher::failing(), "set to fail", "outcome-unknown"),
        (MemoryPublisher::full(), "set to be full", "throttled"),
    ] {
        let events = [post(&[JSON, KEY], &order("a").to_string())];
        let said = accepting(publisher, &events).await;
        check(&said, Some(REQUEST));
        let [line] = &said.lines[..] else {
            panic!("one line: {}", said.text)
        };
        assert_eq!(
            (&line["level"], &line["message"]),
            (&json!("ERROR"), &json!("an order was not confirmed"))
        );
        assert!(line["error"].as_str().unwrap().contains(error));
        let refused = format!("OrdersRefused Count reason={reason} service=accept-order");
        assert_eq!(series(&said.metrics)[&refused], [1.0]);
    }
}

#[tokio::test]
async fn a_batch_with_one_of_each_outcome_is_told_record_by_record_and_counted() {
    let mut changed: Value = serde_json::from_str(&body(3, "a")).unwrap();
    changed["data"]["order"]["lines"][0]["quantity"] = json!(60);
    let mut invalid: Value = serde_json::from_str(&body(4, "a")).unwrap();
    invalid["data"]["order"]["a marked field"] = json!("marked");
    let events = [
        batch(&[(1, body(0, "a")), (1, body(1, "a"))]),
        batch(&[
            (1, body(2, "new")),
            (2, body(0, "a")),
            (1, body(1, "other content")),
            (1, "{\"customer_id\": \"marked".to_owned()),
            (1, changed.to_string()),
            (1, invalid.to_string()),
            (5, body(5, "panics")),
            (1, body(6, "panics")),
            (1, body(7, "refused")),
            (3, body(8, "unavailable")),
            (1, body(9, "throttled")),
        ]),
    ];
    let said = fulfilling(
        FaultyStore::default(),
        unpaced(),
        MemoryQueue::default(),
        &events,
    )
    .await;
    check(&said, None);
    for (n, sku, message, told) in [
        (
            0,
            "a",
            "done",
            json!({"outcome": "Stored", "wait_ms": 2_000}),
        ),
        (
            0,
            "a",
            "done",
            json!({"outcome": "Duplicate", "receives": 2}),
        ),
        (1, "other content", "done", json!({"outcome": "Conflict"})),
        (2, "new", "done", json!({"outcome": "Stored"})),
        (
            3,
            "a",
            "cannot be fulfilled",
            json!({"reason": "CONTENT_MISMATCH", "level": "ERROR"}),
        ),
        (
            4,
            "a",
            "cannot be fulfilled",
            json!({"reason": "INVALID_ORDER"}),
        ),
        (
            5,
            "panics",
            "panicked",
            json!({"receives": 5, "level": "ERROR"}),
        ),
        (
            5,
            "panics",
            "cannot be fulfilled",
            json!({"reason": "PANIC"}),
        ),
        (6, "panics", "panicked", json!({"receives": 1})),
        (
            6,
            "panics",
            "to be tried again",
            json!({"level": "WARN", "why": "processing panicked"}),
        ),
        (
            7,
            "refused",
            "cannot be fulfilled",
            json!({"reason": "REFUSED_BY_STORAGE"}),
        ),
        (
            8,
            "unavailable",
            "to be tried again",
            json!({"why": "storage is out of reach: no connection"}),
        ),
        (
            9,
            "throttled",
            "to be tried again",
            json!({"lane": "standard"}),
        ),
    ] {
        let lines = said.lines(message);
        let about = lines.iter().filter(|line| {
            line["order_id"] == accepted(n, sku).order_id.to_string()
                && told
                    .as_object()
                    .unwrap()
                    .iter()
                    .all(|(key, value)| line[key] == *value)
        });
        let [line] = &about.collect::<Vec<_>>()[..] else {
            panic!("one line of {n} with {message} and {told}: {lines:#?}")
        };
        assert_eq!(
            line["xray_trace_id"],
            trace_of(n),
            "the order's own, not the invocation's"
        );
    }
    let [poison] = &said
        .lines
        .iter()
        .filter(|line| line["reason"] == "NOT_JSON")
        .collect::<Vec<_>>()[..]
    else {
        panic!("one line")
    };
    assert_eq!(poison["message_id"], message_id(3));
    assert_eq!(poison["xray_trace_id"], trace(SENT_ON));
    let batch = said.lines("batch")[1];
    assert_eq!(batch["xray_trace_id"], trace(INVOCATION));

    let series = series(&said.metrics);
    let lane = "lane=standard service=fulfill-orders";
    let letter = |reason| {
        format!("OrdersDeadLettered Count lane=standard reason={reason} service=fulfill-orders")
    };
    for (key, expected) in [
        (format!("OrdersStored Count {lane}"), vec![2.0, 1.0]),
        (format!("OrdersDuplicate Count {lane}"), vec![1.0]),
        (format!("OrdersConflict Count {lane}"), vec![1.0]),
        (format!("OrdersRetried Count {lane}"), vec![3.0]),
        (letter("NOT_JSON"), vec![1.0]),
        (letter("CONTENT_MISMATCH"), vec![1.0]),
        (letter("INVALID_ORDER"), vec![1.0]),
        (letter("PANIC"), vec![1.0]),
        (letter("REFUSED_BY_STORAGE"), vec![1.0]),
        (format!("StoreThrottled Count {lane}"), vec![1.0]),
        (format!("AcceptToStoreSeconds Seconds {lane}"), vec![2.0; 3]),
        (format!("QueueWaitSeconds Seconds {lane}"), vec![0.6; 13]),
        (format!("BreakerOpen Count {lane}"), vec![0.0, 0.0]),
        (
            "ColdStart Count function_name=sluice-fulfill-orders service=fulfill-orders".into(),
            vec![1.0],
        ),
    ] {
        assert_eq!(series.get(&key), Some(&expected), "{key}");
    }
    // Two of the first batch. Then the new one, the duplicate, the conflict and its record, four other rejections, and what was
    // refused, unavailable and throttled. The two that panicked had their turn, and no answer.
    let all = series
        .iter()
        .map(|(key, values)| (key.as_str(), values.len()));
    let lengths: Vec<_> = all
        .filter(|(key, _)| key.contains("Milliseconds"))
        .collect();
    let (waited, wrote) = (
        format!("PaceWaitMs Milliseconds {lane}"),
        format!("StoreWriteMs Milliseconds {lane}"),
    );
    assert_eq!(lengths, [(&*waited, 15), (&*wrote, 13)]);
    assert_eq!(series.len(), 16, "{:?}", series.keys());
}

/// P6. At this pace one write fits into an invocation.
#[tokio::test(start_paused = true)]
async fn what_waits_is_counted_and_how_long() {
    let event = batch(&[(1, body(0, "a")), (1, body(1, "a")), (1, body(2, "a"))]);
    let pace = Pace::every(Duration::from_secs(40));
    let said = fulfilling(
        FaultyStore::default(),
        pace,
        MemoryQueue::failing(),
        &[event],
    )
    .await;
    check(&said, None);
    assert_eq!(
        said.lines("the visibility of failed messages was not set")
            .len(),
        1
    );
    let series = series(&said.metrics);
    let lane = "lane=standard service=fulfill-orders";
    assert_eq!(
        series[&format!("PaceWaitMs Milliseconds {lane}")],
        [40_000.0]
    );
    assert_eq!(series[&format!("OrdersStored Count {lane}")], [1.0]);
    assert_eq!(series[&format!("OrdersRetried Count {lane}")], [2.0]);
}

/// P6.
#[tokio::test(start_paused = true)]
async fn an_open_breaker_is_one_also_if_it_closes_again_until_storage_answers() {
    let good = |n| batch(&[(1, body(n, "a"))]);
    let down: Vec<_> = (0..6).map(|n| (1, body(n, "unavailable"))).collect();
    let mut short = down[..5].to_vec();
    short.push((1, body(6, "a")));
    let events = [
        good(7),
        batch(&short),
        good(7),
        batch(&down),
        good(8),
        good(9),
    ];
    let said = fulfilling(
        FaultyStore::default(),
        unpaced(),
        MemoryQueue::default(),
        &events,
    )
    .await;
    check(&said, None);
    let opened = said.lines("storage is out of reach: orders are held");
    assert_eq!(opened.len(), 2);
    let series = series(&said.metrics);
    let lane = "lane=standard service=fulfill-orders";
    let is_open = &series[&format!("BreakerOpen Count {lane}")];
    assert_eq!(*is_open, [0.0, 1.0, 0.0, 1.0, 1.0, 0.0]);
    assert_eq!(series[&format!("OrdersRetried Count {lane}")], [5.0, 6.0]);
}

/// A `DynamoDB` that answers every call with this error, and repeats what it was sent. The client says all that it does at
/// `TRACE`.
async fn repeating(code: &'static str) -> (DynamoStore, StandIn) {
    let dynamodb = StandIn::start(move |call| {
        Answer::json(400, &json!({"__type": code, "message": call.to_string()}))
    })
    .await;
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(Credentials::new("id", "marked-secret", None, None, "test"))
        .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled())
        .interceptor(Calls::to("DynamoDB", "orders"))
        .endpoint_url(dynamodb.url())
        .http_client(Https::new())
        .build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    (DynamoStore::new(client, "orders"), dynamodb)
}

#[tokio::test]
async fn what_storage_says_is_not_repeated() {
    for (code, message) in [
        ("ValidationException", "cannot be fulfilled"),
        ("ThrottlingException", "to be tried again"),
        ("InternalServerError", "to be tried again"),
    ] {
        let events = [batch(&[(1, body(0, "a"))])];
        let (store, _dynamodb) = repeating(code).await;
        let said = fulfilling(store, unpaced(), MemoryQueue::default(), &events).await;
        check(&said, None);
        let [line] = &said.lines(message)[..] else {
            panic!("one line: {}", said.text)
        };
        // A rejection cannot be recorded either.
        assert!(
            line["why"].as_str().or(line["error"].as_str()).is_some(),
            "{line}"
        );
    }
}

#[tokio::test]
async fn read_orders_says_which_order_it_could_not_read() {
    let id = accepted(0, "a").order_id.to_string();
    let get = |id, resource, query: &[_]| {
        of_request(&Request {
            method: "GET",
            resource,
            id,
            headers: &[],
            query,
            body: None,
            base64: false,
        })
    };
    let (store, _dynamodb) = repeating("ValidationException").await;
    let reader = ReadOrders::new(store, secrets());
    let handler = async |event: ProxyRequest, _: Context| {
        ProxyResponse::from(reader.handle(&event.into()).await)
    };
    let events = [get(Some(&id), "/orders/{id}", &[])];
    let said = said_by("read-orders", &events, handler).await;
    check(&said, Some(REQUEST));
    let [line] = &said.lines[..] else {
        panic!("one line: {}", said.text)
    };
    assert_eq!(line["order_id"], id);
    let list = [get(None, "/orders", &[("customer_id", "marked-customer")])];
    let said = said_by("read-orders", &list, handler).await;
    assert!(!said.text.contains(MARK), "{}", said.text);
    assert_eq!(said.lines("a read cannot be answered").len(), 1);
}

#[tokio::test]
async fn a_handler_that_panics_is_one_line_and_its_metrics_are_sent() {
    let handler = async |_: Value, _: Context| panic!("on purpose: {MARK}");
    let said: Said = said_by::<Value, ()>("accept-order", &[json!({})], handler).await;
    let [line] = &said.lines[..] else {
        panic!("one line: {}", said.text)
    };
    assert_eq!(line["message"], "panicked");
    assert!(
        line["location"]
            .as_str()
            .unwrap()
            .contains("/whole/logs.rs:")
    );
    assert!(!said.text.contains(MARK), "{}", said.text);
    assert_eq!(said.metrics.len(), 1, "{:?}", said.metrics);
}
