//! P8: each order is one trace, whole, however many share a batch.

use std::collections::HashSet;

use serde_json::{Value, json};
use sluice_order::Lane;
use sluice_tests::{
    orders::orders,
    stack::{Stack, wait_for},
    xray::XRay,
};

/// What X-Ray got about an order: from accept-order a subsegment, from fulfill-orders segments.
struct Trace<'a> {
    accepted: &'a Value,
    fulfilled: Vec<&'a Value>,
}

fn traces_of<'a>(documents: &'a [Value], id: &str) -> Option<Trace<'a>> {
    let about: Vec<_> = documents
        .iter()
        .filter(|document| document["annotations"]["order_id"] == id)
        .collect();
    let (accepted, fulfilled): (Vec<&Value>, Vec<&Value>) = about
        .into_iter()
        .partition(|document| document["name"] == "accept-order");
    let accepted = accepted.first().copied()?;
    (!fulfilled.is_empty()).then_some(Trace {
        accepted,
        fulfilled,
    })
}

fn call<'a>(document: &'a Value, service: &str) -> &'a Value {
    let calls = document["subsegments"].as_array();
    let call = calls.and_then(|calls| calls.iter().find(|call| call["name"] == service));
    call.unwrap_or_else(|| panic!("no call to {service}: {document:#}"))
}

/// Ten orders in one batch are ten traces.
#[tokio::test]
async fn ten_orders_of_one_batch_are_ten_traces() {
    let stack = Stack::take().await;
    let xray = XRay::of_stack();
    stack.deliver_in(Lane::Standard, false).await;
    let accepted = stack.place_all(orders("traces-", 0..10), 4, |_| ()).await;
    wait_for("all to be in the queue", async || {
        stack.depth_in(Lane::Standard).await.visible == accepted.len()
    })
    .await;
    stack.deliver_in(Lane::Standard, true).await;
    let mut documents = Vec::new();
    for order in &accepted {
        let id = &order.order_id;
        wait_for("the order's documents", async || {
            traces_of(&xray.documents_of(id).await, id).is_some()
        })
        .await;
        documents.extend(xray.documents_of(id).await);
    }
    assert_eq!(xray.refused().await, json!({}), "X-Ray takes all of them");
    let mut ids = HashSet::new();
    let mut invocations = HashSet::new();
    for order in &accepted {
        let Trace {
            accepted,
            fulfilled,
        } = traces_of(&documents, &order.order_id).unwrap();
        let [fulfilled] = fulfilled[..] else {
            panic!("stored at once: {fulfilled:#?}")
        };
        assert_eq!(accepted["type"], "subsegment");
        assert_eq!(fulfilled["type"], Value::Null, "a segment");
        assert_eq!(fulfilled["name"], "fulfill-orders");
        assert_eq!(accepted["trace_id"], fulfilled["trace_id"]);
        assert_eq!(
            fulfilled["parent_id"], accepted["id"],
            "the parent is there"
        );
        assert!(
            ids.insert(accepted["trace_id"].to_string()),
            "a trace of its own"
        );
        let annotations = &fulfilled["annotations"];
        assert_eq!(annotations["lane"], "standard");
        assert_eq!(annotations["outcome"], "Stored");
        assert_eq!(annotations["receives"], 1);
        assert_eq!(
            annotations["customer_hash"],
            accepted["annotations"]["customer_hash"]
        );
        let (publish, write) = (call(accepted, "SNS"), call(fulfilled, "DynamoDB"));
        for (call, operation) in [(publish, "Publish"), (write, "PutItem")] {
            assert_eq!(call["namespace"], "aws");
            assert_eq!(call["aws"]["operation"], operation);
            assert_eq!(call["http"]["response"]["status"], 200);
            assert!(call["aws"]["request_id"].is_string(), "{call:#}");
            assert!(call["end_time"].as_f64() >= call["start_time"].as_f64());
        }
        invocations.insert(fulfilled["metadata"].to_string());
        for document in [accepted, fulfilled] {
            let text = document.to_string();
            let customer = order.order["customer_id"].as_str().unwrap();
            assert!(
                !text.contains(customer) && !text.contains("Zürich"),
                "{text}"
            );
        }
    }
    assert!(
        invocations.len() <= 2,
        "they shared batches: {invocations:?}"
    );
}
