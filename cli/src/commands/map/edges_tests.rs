use serde_json::json;

use super::*;
use crate::xray::sample::{ORDER, accepted, dead_lettered, fulfilled, on_aws, read, tree, whole};

fn of(edges: &Edges) -> Vec<(String, String, usize)> {
    let figures = edges.figures().into_iter();
    figures
        .map(|edge| (edge.from, edge.to, edge.calls))
        .collect()
}

fn rows(rows: &[(&str, &str, usize)]) -> Vec<(String, String, usize)> {
    let rows = rows.iter();
    rows.map(|(from, to, calls)| ((*from).to_owned(), (*to).to_owned(), *calls))
        .collect()
}

const WHOLE: [(&str, &str, usize); 6] = [
    ("API Gateway", "accept-order", 1),
    ("SNS topic", "queue standard", 1),
    ("accept-order", "SNS topic", 1),
    ("client", "API Gateway", 1),
    ("fulfill-orders", "DynamoDB", 1),
    ("queue standard", "fulfill-orders", 1),
];

#[test]
fn an_order_makes_the_same_map_here_and_on_aws() {
    for documents in [whole(ORDER), on_aws(ORDER)] {
        let mut edges = Edges::default();
        assert!(edges.add(&tree(&documents)));
        assert_eq!(of(&edges), rows(&WHOLE));
    }
}

#[test]
fn a_wait_is_the_queue_s_time() {
    let mut edges = Edges::default();
    edges.add(&tree(&whole(ORDER)));
    let figures = edges.figures();
    let queue = figures
        .iter()
        .find(|edge| edge.to == "queue standard")
        .unwrap();
    assert!((queue.p50_ms - 61.0).abs() < 0.1, "{queue:?}");
}

#[test]
fn calls_are_counted_over_traces_and_failures_have_their_share() {
    let mut edges = Edges::default();
    for n in 1..=100_i64 {
        let mut documents = [accepted(ORDER), fulfilled(ORDER, "Stored", 1, 110)];
        let call = &mut documents[1]["subsegments"][0];
        let start = call["start_time"].as_f64().unwrap();
        call["end_time"] = json!(start + f64::from(i32::try_from(n).unwrap()) / 1e3);
        call["error"] = json!(n > 75);
        edges.add(&tree(&documents));
    }
    let figures = edges.figures();
    let storage = figures.iter().find(|edge| edge.to == "DynamoDB").unwrap();
    assert_eq!(storage.calls, 100);
    assert!((storage.error_rate - 0.25).abs() < 1e-9);
    assert!((storage.p50_ms - 50.0).abs() < 0.2, "{storage:?}");
    assert!((storage.p99_ms - 99.0).abs() < 0.2, "{storage:?}");
}

#[test]
fn reads_dead_letters_and_messages_that_come_back_are_on_the_map() {
    let mut edges = Edges::default();
    assert!(edges.add(&tree(&[read()])));
    let reads = rows(&[("client", "read-orders", 1), ("read-orders", "DynamoDB", 1)]);
    assert_eq!(of(&edges), reads);

    let mut edges = Edges::default();
    edges.add(&tree(&[accepted(ORDER), dead_lettered(ORDER)]));
    assert!(of(&edges).contains(&rows(&[("fulfill-orders", "dead letters", 1)])[0]));

    let mut edges = Edges::default();
    edges.add(&tree(&[
        accepted(ORDER),
        fulfilled(ORDER, "Transient", 1, 110),
        fulfilled(ORDER, "Stored", 2, 900),
    ]));
    let expected = rows(&[
        ("SNS topic", "queue standard", 1),
        ("fulfill-orders", "queue standard", 1),
        ("queue standard", "fulfill-orders", 2),
    ]);
    let all = of(&edges);
    assert!(expected.iter().all(|edge| all.contains(edge)), "{all:?}");
}

/// `DynamoDB` says by an error that the order is there.
#[test]
fn a_duplicate_is_no_failure_of_storage() {
    for (outcome, rate) in [("Duplicate", 0.0), ("Conflict", 0.0), ("Transient", 1.0)] {
        let mut receive = fulfilled(ORDER, outcome, 1, 110);
        receive["subsegments"][0]["error"] = json!(true);
        let mut edges = Edges::default();
        edges.add(&tree(&[accepted(ORDER), receive]));
        let figures = edges.figures();
        let storage = figures.iter().find(|edge| edge.to == "DynamoDB").unwrap();
        assert!(
            (storage.error_rate - rate).abs() < 1e-9,
            "{outcome}: {storage:?}"
        );
    }
}

#[test]
fn batches_and_other_services_are_not_on_it() {
    let mut batch = fulfilled(ORDER, "Stored", 1, 0);
    batch.as_object_mut().unwrap().remove("annotations");
    let call = |name: &str, operation: &str| json!({"id": name, "name": name, "start_time": 1, "aws": {"operation": operation}});
    let documents = [
        batch,
        json!({"id": "1", "name": "shop", "start_time": 1, "origin": "AWS::ApiGateway::Stage",
               "subsegments": [call("DynamoDB", "GetItem"), call("SQS", "SendMessage"), call("SNS", "Publish")]}),
        json!({"id": "2", "name": "other-queue", "start_time": 1, "origin": "AWS::SQS::Queue"}),
    ];
    let mut edges = Edges::default();
    assert!(!edges.add(&tree(&documents)));
    assert_eq!(of(&edges), []);
}
