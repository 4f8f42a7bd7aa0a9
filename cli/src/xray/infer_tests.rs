use serde_json::json;

use crate::xray::{
    document::Kind,
    sample::{LAMBDA, ORDER, accepted, fulfilled, on_aws, tree, whole},
    tree::Tree,
};

/// Label, what it is under, and its start and end in ms after the request, of the spans of a kind.
fn of(tree: &Tree, kind: Kind) -> Vec<(String, Option<String>, i64, i64, bool)> {
    let millis = |seconds: f64| ((seconds - 1_795_291_200.0) * 1e3).round();
    let places = tree.all(kind).into_iter();
    let told = places.map(|at| {
        let node = tree.node(at);
        let span = &node.span;
        let above = node.parent.map(|at| tree.span(at).label());
        #[expect(clippy::cast_possible_truncation, reason = "small")]
        let (start, end) = (millis(span.start) as i64, millis(span.end) as i64);
        (span.label(), above, start, end, span.is_inferred)
    });
    told.collect()
}

fn row(label: &str, above: &str, start: i64, end: i64) -> (String, Option<String>, i64, i64, bool) {
    let above = (!above.is_empty()).then(|| above.to_owned());
    (label.to_owned(), above, start, end, true)
}

#[test]
fn what_the_services_do_not_send_follows_from_the_functions() {
    let tree = tree(&whole(ORDER));
    assert_eq!(of(&tree, Kind::Api), [row("API Gateway", "", 0, 40)]);
    assert_eq!(
        of(&tree, Kind::Lambda),
        [row("Lambda", "API Gateway", 23, 40)]
    );
    assert_eq!(of(&tree, Kind::Accept)[0].1.as_deref(), Some("Lambda"));
    assert_eq!(
        of(&tree, Kind::Topic),
        [row("SNS topic", "SNS Publish", 25, 39)]
    );
    assert_eq!(
        of(&tree, Kind::Queue),
        [row("queue standard", "SNS topic", 39, 100)]
    );
    assert_eq!(
        of(&tree, Kind::Fulfill)[0].1.as_deref(),
        Some("queue standard")
    );
    let lambda = tree.span(tree.all(Kind::Lambda)[0]);
    assert_eq!(lambda.id, LAMBDA);
    let mut nodes = tree.walk().into_iter();
    assert!(nodes.all(|(_, at)| tree.node(at).broken.is_none()));
}

/// The first receive's process ended, or had no time for it: nobody tells of it.
#[test]
fn receives_that_nobody_told_of_are_a_wait() {
    let tree = tree(&[accepted(ORDER), fulfilled(ORDER, "Stored", 2, 400_000)]);
    let waits = of(&tree, Kind::Queue);
    let times: Vec<_> = waits.iter().map(|wait| (wait.2, wait.3)).collect();
    assert_eq!(times, [(39, 100), (100, 400_000)], "{waits:?}");
    assert_eq!(of(&tree, Kind::Fulfill)[0].1.as_ref(), Some(&waits[1].0));
}

#[test]
fn what_the_services_send_takes_the_place_of_it() {
    let tree = tree(&on_aws(ORDER));
    let inferred: Vec<_> = tree
        .walk()
        .into_iter()
        .filter(|(_, at)| tree.span(*at).is_inferred)
        .map(|(_, at)| tree.span(at).kind)
        .collect();
    assert_eq!(inferred, [Kind::Queue]);
    assert_eq!(
        of(&tree, Kind::Queue),
        [row("queue standard", "SNS topic", 39, 100)]
    );
    assert_eq!(of(&tree, Kind::Topic)[0].1.as_deref(), Some("SNS Publish"));
    assert_eq!(of(&tree, Kind::Api).len(), 1);
    assert_eq!(of(&tree, Kind::Lambda).len(), 2);
}

#[test]
fn a_segment_of_sqs_takes_the_place_of_the_wait() {
    let mut documents = on_aws(ORDER);
    documents.push(json!({
        "name": "sluice-standard", "id": "5959000000000001", "parent_id": "5e5e000000000001",
        "origin": "AWS::SQS::Queue", "start_time": 1_795_291_200.04, "end_time": 1_795_291_200.1,
    }));
    let tree = tree(&documents);
    let [queue] = &of(&tree, Kind::Queue)[..] else {
        panic!("one queue");
    };
    assert!(!queue.4);
    assert_eq!(of(&tree, Kind::Fulfill)[0].1.as_ref(), Some(&queue.0));
}

#[test]
fn a_receive_waits_from_the_end_of_the_one_before() {
    let documents = [
        fulfilled(ORDER, "Stored", 2, 1_140),
        accepted(ORDER),
        fulfilled(ORDER, "Transient", 1, 110),
    ];
    let expected = [
        row("queue standard", "SNS topic", 39, 100),
        row("queue standard (again)", "SNS topic", 130, 1_140),
    ];
    assert_eq!(of(&tree(&documents), Kind::Queue), expected);
}

#[test]
fn another_message_of_the_order_has_a_wait_of_its_own() {
    let mut second = fulfilled(ORDER, "Duplicate", 1, 500);
    second["id"] = json!("f0f0f0f0f0f0f0f0");
    second["subsegments"][0]["id"] = json!("dbdbdbdbdbdbdbdb");
    second["metadata"] =
        json!({"sent_ms": 1_795_291_200_045_u64, "first_received_ms": 1_795_291_200_490_u64});
    let documents = [accepted(ORDER), fulfilled(ORDER, "Stored", 1, 110), second];
    let expected = [
        row("queue standard", "SNS topic", 39, 100),
        row("queue standard", "SNS topic", 45, 490),
    ];
    assert_eq!(of(&tree(&documents), Kind::Queue), expected);
}

#[test]
fn clocks_that_differ_take_no_time_and_do_no_harm() {
    let mut late = accepted(ORDER);
    late["metadata"]["api_started_ms"] = json!(1_795_291_209_000_u64);
    let mut early = fulfilled(ORDER, "Transient", 1, -5_000);
    early["metadata"]["first_received_ms"] = json!(1_795_291_190_000_u64);
    let overlapping = fulfilled(ORDER, "Stored", 2, -4_990);
    let tree = tree(&[late, early, overlapping]);
    for (_, at) in tree.walk() {
        assert!(tree.span(at).duration() >= 0.0);
    }
    assert_eq!(of(&tree, Kind::Api), [row("API Gateway", "", 9_000, 9_000)]);
    assert_eq!(
        of(&tree, Kind::Queue)[0],
        row("queue standard", "SNS topic", 39, 39)
    );
}

#[test]
fn receives_whose_accept_order_is_not_there_keep_their_wait() {
    let tree = tree(&[fulfilled(ORDER, "Stored", 1, 110)]);
    assert_eq!(of(&tree, Kind::Queue), [row("queue standard", "", 39, 100)]);
    assert!(of(&tree, Kind::Topic).is_empty());
}

#[test]
fn a_receive_whose_parent_is_not_there_is_its_order_s() {
    let mut documents = whole(ORDER);
    documents[1]["parent_id"] = json!("5e5e000000000009");
    let tree = tree(&documents);
    assert_eq!(
        of(&tree, Kind::Queue),
        [row("queue standard", "SNS topic", 39, 100)]
    );
    let fulfilled = tree.node(tree.all(Kind::Fulfill)[0]);
    assert_eq!(fulfilled.broken, Some(super::Broken::Missing));
}

#[test]
fn orders_of_one_trace_keep_their_own_way() {
    let mut documents: Vec<_> = (0..10).flat_map(|n| whole(&format!("ord_{n}"))).collect();
    documents.reverse();
    let tree = tree(&documents);
    for at in tree.all(Kind::Fulfill) {
        let accepted = tree
            .above(at)
            .find(|at| tree.span(*at).kind == Kind::Accept);
        assert_eq!(
            tree.span(accepted.unwrap()).order_id,
            tree.span(at).order_id
        );
    }
    assert_eq!(tree.all(Kind::Queue).len(), 10);
}
