//! P8: each order is one trace, whole, however many share a batch and however it ends.

use std::collections::HashSet;

use serde_json::{Value, json};
use sluice_order::{Lane, Order};
use sluice_testing::{
    orders::{Placed, orders},
    proxy::{Fault, Proxy},
    stack::Stack,
    wait_for,
    xray::{OrderTrace, XRay},
};

/// How often an order comes again here before storage takes it.
const RETRIES: usize = 2;

/// Ten orders in one batch are ten traces.
#[tokio::test]
async fn ten_orders_of_one_batch_are_ten_traces() {
    let stack = Stack::take().await;
    let xray = XRay::of_stack();
    stack.deliver_in(Lane::Standard, false).await;
    let placed = orders("traces-", 0..10);
    let accepted = stack.place_all(placed, 4, |_| ()).await;
    all_wait(&stack, accepted.len()).await;
    stack.deliver_in(Lane::Standard, true).await;
    let mut ids = HashSet::new();
    let mut invocations = HashSet::new();
    for order in &accepted {
        let trace = ended(&xray, &order.order_id, "Stored").await;
        assert_whole(&trace);
        let [fulfilled] = &trace.fulfilled[..] else {
            panic!("stored at once: {trace:#?}")
        };
        assert_eq!(fulfilled["annotations"]["lane"], "standard");
        assert_eq!(fulfilled["annotations"]["receives"], 1);
        assert_eq!(
            call(fulfilled, "DynamoDB")["http"]["response"]["status"],
            200
        );
        invocations.insert(fulfilled["metadata"]["invocation"].to_string());
        let text = format!("{trace:?}");
        let customer = order.order["customer_id"].as_str().unwrap();
        assert!(
            !text.contains(customer) && !text.contains("Zürich"),
            "{text}"
        );
        assert!(ids.insert(trace.id), "a trace of its own");
    }
    assert!(
        invocations.len() <= 2,
        "they shared batches: {invocations:?}"
    );
    assert_eq!(xray.refused().await, json!({}), "X-Ray takes all of them");
}

/// Every receive is told, and why it came to nothing.
#[tokio::test]
async fn an_order_that_storage_refuses_at_first_shows_each_attempt() {
    let stack = Stack::take().await;
    let xray = XRay::of_stack();
    let proxy = Proxy::start(stack.endpoint(), 8).await.unwrap();
    stack.storage_in(Lane::Standard, &proxy).await;
    proxy.set([(1.0, Fault::Error)]);
    let order = stack.place(one("traces-retried")).await;
    wait_for("the order to be tried again", async || {
        let traces = xray.traces_of(&order.order_id).await;
        traces.iter().any(|trace| trace.fulfilled.len() >= RETRIES)
    })
    .await;
    proxy.pass();
    let trace = ended(&xray, &order.order_id, "Stored").await;
    assert_whole(&trace);
    let (stored, failed) = trace.fulfilled.split_last().unwrap();
    assert!(failed.len() >= RETRIES, "{trace:#?}");
    for (receives, attempt) in (1..).zip(failed) {
        assert_eq!(
            attempt["annotations"]["outcome"], "Transient",
            "{attempt:#}"
        );
        // Whoever comes more often is not told of until it ends.
        assert_eq!(attempt["annotations"]["receives"], receives);
        let write = call(attempt, "DynamoDB");
        assert_eq!(write["fault"], true, "{write:#}");
        assert!(
            write["cause"]["exceptions"][0]["message"].is_string(),
            "{write:#}"
        );
    }
    assert!(stored["annotations"]["receives"].as_u64() > Some(failed.len() as u64));
    assert_eq!(call(stored, "DynamoDB")["fault"], Value::Null);
    stack.as_deployed().await;
}

/// Whoever posts twice has two traces, and the second says that the order was there.
#[tokio::test]
async fn a_duplicate_is_a_trace_of_its_own() {
    let stack = Stack::take().await;
    let xray = XRay::of_stack();
    let first = stack.place(one("traces-twice")).await;
    ended(&xray, &first.order_id, "Stored").await;
    let second = stack.place(one("traces-twice")).await;
    assert_eq!(first.order_id, second.order_id);
    let repeat = ended(&xray, &first.order_id, "Duplicate").await;
    assert_whole(&repeat);
    let write = call(&repeat.fulfilled[0], "DynamoDB");
    assert_eq!(
        write["http"]["response"]["status"], 400,
        "refused by its condition"
    );
    let traces = xray.traces_of(&first.order_id).await;
    assert_eq!(traces.len(), 2);
    let stored = stack.items_of("traces-twice").await;
    let traceparent = stored[0]["traceparent"].as_s().unwrap();
    assert!(
        traceparent.contains(&traces[0].id[2..].replace('-', "")),
        "the stored order leads to its trace: {traceparent}"
    );
}

/// An order that was spoilt on its way.
#[tokio::test]
async fn a_dead_letter_is_the_end_of_its_trace() {
    let stack = Stack::take().await;
    let xray = XRay::of_stack();
    stack.deliver_in(Lane::Standard, false).await;
    let order = stack.place(one("traces-dead")).await;
    all_wait(&stack, 1).await;
    let queue = stack.output("StandardQueueUrl");
    let messages = stack.receive_all(queue).await;
    let mut body: Value = serde_json::from_str(messages[0].body().unwrap()).unwrap();
    body["data"]["order"]["lines"][0]["quantity"] = json!(60);
    stack.purge(Lane::Standard).await;
    stack.enqueue(&body.to_string()).await;
    stack.deliver_in(Lane::Standard, true).await;
    let trace = ended(&xray, &order.order_id, "DeadLettered").await;
    assert_whole(&trace);
    let letter = call(&trace.fulfilled[0], "SQS");
    assert_eq!(letter["aws"]["operation"], "SendMessage");
    assert_eq!(letter["http"]["response"]["status"], 200);
}

fn one(customer: &str) -> Placed {
    Placed {
        key: "k".to_owned(),
        order: Order::sample().customer(customer).json(),
    }
}

async fn all_wait(stack: &Stack, count: usize) {
    wait_for("all to be in the queue", async || {
        stack.depth_in(Lane::Standard).await.visible == count
    })
    .await;
}

/// The trace in which the order ended so.
async fn ended(xray: &XRay, order_id: &str, outcome: &str) -> OrderTrace {
    let found = std::cell::RefCell::new(None);
    wait_for(
        &format!("the trace of {order_id} to end as {outcome}"),
        async || {
            let traces = xray.traces_of(order_id).await;
            let trace = traces
                .into_iter()
                .find(|trace| trace.outcomes().contains(&outcome));
            *found.borrow_mut() = trace;
            found.borrow().is_some()
        },
    )
    .await;
    found.into_inner().unwrap()
}

/// It begins at accept-order, which published, and all the rest hangs under that.
fn assert_whole(trace: &OrderTrace) {
    let [accepted] = &trace.accepted[..] else {
        panic!("accepted once: {trace:#?}")
    };
    assert_eq!(accepted["type"], "subsegment", "Lambda has the segment");
    assert_eq!(accepted["annotations"]["outcome"], "Accepted");
    assert!(
        accepted["metadata"]["api_started_ms"].is_i64(),
        "{accepted:#}"
    );
    let publish = call(accepted, "SNS");
    assert_eq!(publish["aws"]["operation"], "Publish");
    assert!(publish["aws"]["request_id"].is_string(), "{publish:#}");
    assert!(!trace.fulfilled.is_empty());
    for fulfilled in &trace.fulfilled {
        assert_eq!(fulfilled["type"], Value::Null, "a segment");
        assert_eq!(fulfilled["name"], "fulfill-orders");
        assert_eq!(
            fulfilled["parent_id"], accepted["id"],
            "the parent is there"
        );
        for time in ["sent_ms", "first_received_ms"] {
            assert!(fulfilled["metadata"][time].is_i64(), "{fulfilled:#}");
        }
        for call in fulfilled["subsegments"].as_array().into_iter().flatten() {
            assert_eq!(call["namespace"], "aws");
            assert!(call["aws"]["operation"].is_string(), "{call:#}");
            assert!(call["end_time"].as_f64() >= call["start_time"].as_f64());
        }
    }
}

fn call<'a>(document: &'a Value, service: &str) -> &'a Value {
    let calls = document["subsegments"].as_array();
    let call = calls.and_then(|calls| calls.iter().find(|call| call["name"] == service));
    call.unwrap_or_else(|| panic!("no call to {service}: {document:#}"))
}
