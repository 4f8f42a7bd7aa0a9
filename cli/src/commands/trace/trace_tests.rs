use clap::Parser;
use serde_json::{Value, json};
use sluice_order::{
    ContentHash, Order, OrderId, OrderKey, RejectReason, Timestamp, testing::secrets,
};
use sluice_store::{MemoryStore, Rejection, StoredOrder};
use sluice_testing::stand_in::StandIn;

use super::*;
use crate::{
    commands::{Arguments, Command},
    xray::{
        fake::xray,
        sample::{accepted, dead_lettered, fulfilled, on_aws, texts, whole},
    },
};

const TRACE: &str = "1-6b01c280-000000000000000000000001";

/// An order's id and its content. The id names the content by its fingerprint, so it is made from it.
fn order() -> (OrderId, Order) {
    let order = Order::sample().order();
    let key = OrderKey::random().unwrap();
    let id = secrets().seal(key, &ContentHash::of(&order), order.customer_id());
    (id, order)
}

fn asked_for(id: &OrderId, more: &[&str]) -> TraceArguments {
    let id = id.to_string();
    let line = [&["sluice", "trace", &id], more].concat();
    match Arguments::try_parse_from(line).unwrap().command {
        Command::Trace(arguments) => arguments,
        other => panic!("{other:?}"),
    }
}

/// X-Ray with one trace, of these documents, or none; a search finds it.
async fn with(documents: Vec<Value>) -> (Aws, StandIn) {
    let documents = texts(&documents);
    xray(move |body| {
        let segments = documents
            .iter()
            .map(|text| json!({"Id": "1", "Document": text}));
        let segments: Vec<_> = segments.collect();
        let found = (!segments.is_empty()).then(|| json!({"Id": TRACE, "Segments": segments}));
        let ids = found
            .iter()
            .map(|_| json!({"Id": TRACE}))
            .collect::<Vec<_>>();
        match body.get("TraceIds") {
            Some(_) => (200, json!({"Traces": Vec::from_iter(found)})),
            None => (200, json!({"TraceSummaries": ids})),
        }
    })
    .await
}

async fn holding(id: OrderId, order: Order, traceparent: Option<&str>) -> MemoryStore {
    let store = MemoryStore::default();
    let stored = StoredOrder {
        order_id: id,
        accepted_at: Timestamp::MIN,
        stored_at: Timestamp::MIN,
        content: ContentHash::of(&order),
        traceparent: traceparent.map(str::to_owned),
        order,
    };
    store.put(&stored).await.unwrap();
    store
}

const SAMPLED: &str = "00-6b01c280000000000000000000000001-53995c3f42cd8ad8-01";

#[tokio::test]
async fn a_stored_order_s_trace_is_read_without_a_search() {
    let (id, order) = order();
    let store = holding(id, order, Some(SAMPLED)).await;
    let (aws, asked) = with(whole(&id.to_string())).await;
    for (more, exit) in [
        (&[][..], Exit::Fine),
        (&["--json"], Exit::Fine),
        (&["--verify"], Exit::Wrong),
    ] {
        let told = follow(&aws, &store, &asked_for(&id, more)).await;
        assert_eq!(told, Ok(exit), "{more:?}");
    }
    assert_eq!(asked.bodies()[0], json!({"TraceIds": [TRACE]}));
    assert_eq!(asked.calls().len(), 3);
}

#[tokio::test]
async fn verify_is_fine_where_all_arrived() {
    let (id, order) = order();
    let store = holding(id, order, Some(SAMPLED)).await;
    let (aws, _xray) = with(on_aws(&id.to_string())).await;
    let told = follow(&aws, &store, &asked_for(&id, &["--verify"])).await;
    assert_eq!(told, Ok(Exit::Fine));
}

#[tokio::test]
async fn a_stored_order_whose_trace_is_broken_exits_1() {
    let (id, order) = order();
    let store = holding(id, order, Some(SAMPLED)).await;
    let name = id.to_string();
    let mut documents = whole(&name);
    documents[1]["subsegments"] = json!([]);
    for documents in [documents, vec![accepted(&name)]] {
        let (aws, _xray) = with(documents).await;
        let told = follow(&aws, &store, &asked_for(&id, &[])).await;
        assert_eq!(told, Ok(Exit::Wrong));
    }
    let (aws, _xray) = with(whole("ord_other")).await;
    let failure = follow(&aws, &store, &asked_for(&id, &[]))
        .await
        .unwrap_err();
    assert!(
        failure.to_string().contains("has nothing of the order"),
        "{failure}"
    );
    let (aws, _xray) = with(Vec::new()).await;
    let failure = follow(&aws, &store, &asked_for(&id, &[]))
        .await
        .unwrap_err();
    assert!(
        failure.to_string().starts_with("the order is stored, but"),
        "{failure}"
    );
    assert_eq!(failure.exit(), Exit::Wrong);
}

#[tokio::test]
async fn an_order_that_was_not_sampled_is_told_without_asking_x_ray() {
    for traceparent in [None, Some(SAMPLED.replace("-01", "-00"))] {
        let (id, order) = order();
        let store = holding(id, order, traceparent.as_deref()).await;
        let (aws, asked) = with(Vec::new()).await;
        let failure = follow(&aws, &store, &asked_for(&id, &[]))
            .await
            .unwrap_err();
        assert!(failure.to_string().contains("was not sampled"), "{failure}");
        assert!(asked.bodies().is_empty());
    }
}

#[tokio::test]
async fn what_is_not_stored_is_searched_for() {
    let (id, _) = order();
    let name = id.to_string();
    let store = MemoryStore::default();
    let waiting = vec![accepted(&name), fulfilled(&name, "Transient", 1, 110)];
    let (aws, asked) = with(waiting).await;
    let arguments = asked_for(&id, &["--since", "24h"]);
    assert_eq!(follow(&aws, &store, &arguments).await, Ok(Exit::Wrong));
    let search = asked.bodies()[0].clone();
    assert_eq!(
        search["FilterExpression"],
        format!("annotation.order_id = \"{id}\"")
    );
    let time = |name: &str| search[name].as_f64().unwrap();
    assert!((time("EndTime") - time("StartTime") - 86_399.0).abs() < 0.01);

    let (aws, _xray) = with(Vec::new()).await;
    let failure = follow(&aws, &store, &asked_for(&id, &[]))
        .await
        .unwrap_err();
    let told = "no such order is stored, and X-Ray has no trace of it that began in the last 6h.";
    assert!(failure.to_string().starts_with(told), "{failure}");
    assert_eq!(failure.exit(), Exit::Wrong);
}

#[tokio::test]
async fn a_rejected_order_s_trace_is_searched_for_and_may_be_whole() {
    let (id, _) = order();
    let store = MemoryStore::default();
    let rejection = Rejection {
        order_id: id,
        reason: RejectReason::Panic,
        rejected_at: Timestamp::MIN,
        content: None,
    };
    store.record(&rejection).await.unwrap();
    let name = id.to_string();
    let (aws, _xray) = with(vec![accepted(&name), dead_lettered(&name)]).await;
    let told = follow(&aws, &store, &asked_for(&id, &[])).await;
    assert_eq!(told, Ok(Exit::Fine));
}

#[test]
fn a_window_is_a_day_at_most() {
    let (id, _) = order();
    assert!((asked_for(&id, &[]).since - 21_600.0).abs() < 1e-9);
    let id = id.to_string();
    for bad in ["25h", "2d", "0s", "x", ""] {
        let line = ["sluice", "trace", &id, "--since", bad];
        assert!(Arguments::try_parse_from(line).is_err(), "{bad}");
    }
    assert!(Arguments::try_parse_from(["sluice", "trace", &id, "--verify", "--json"]).is_err());
    assert!(Arguments::try_parse_from(["sluice", "trace", "ord_1"]).is_err());
}
