use serde_json::{Value, json};

use super::*;
use crate::{
    commands::trace::view::View,
    xray::sample::{LAMBDA, ORDER, accepted, dead_lettered, fulfilled, on_aws, tree, whole},
};

fn verdict_of(documents: &[Value], order: &str, is_settled: bool) -> Verdict {
    let tree = tree(documents);
    Verdict::of(&View::of(&tree, order).unwrap(), is_settled)
}

fn verdict(documents: &[Value]) -> Verdict {
    verdict_of(documents, ORDER, true)
}

fn parts(verdict: &Verdict) -> Vec<(&str, State, Option<&str>)> {
    let steps = verdict.steps.iter();
    steps
        .map(|step| (step.name.as_str(), step.state, step.under.as_deref()))
        .collect()
}

#[test]
fn a_whole_way() {
    let verdict = verdict(&whole(ORDER));
    assert!(verdict.is_whole(), "{:?}", verdict.wrong);
    assert_eq!(verdict.outcome, "Stored");
    assert_eq!(verdict.lane.as_deref(), Some("standard"));
    // From the request to the end of the call of storage.
    assert!((verdict.total.unwrap() - 0.128).abs() < 1e-6);
    assert_eq!(
        parts(&verdict),
        [
            ("API Gateway", State::Inferred, None),
            ("Lambda", State::Inferred, Some("API Gateway")),
            ("accept-order", State::Arrived, Some("Lambda")),
            ("SNS Publish", State::Arrived, Some("accept-order")),
            ("SNS topic", State::Inferred, Some("SNS Publish")),
            ("queue standard", State::Inferred, Some("SNS topic")),
            ("fulfill-orders", State::Arrived, Some("queue standard")),
            ("DynamoDB PutItem", State::Arrived, Some("fulfill-orders")),
        ]
    );
    let not_arrived: Vec<_> = verdict.not_arrived().iter().map(|s| &s.name).collect();
    assert_eq!(not_arrived, ["API Gateway", "Lambda", "SNS topic"]);
}

#[test]
fn on_aws_all_arrives_but_for_the_queue() {
    let verdict = verdict(&on_aws(ORDER));
    assert!(verdict.is_whole(), "{:?}", verdict.wrong);
    assert!(
        verdict.not_arrived().is_empty(),
        "{:?}",
        verdict.not_arrived()
    );
    let of_queue = verdict.steps.iter().find(|step| step.kind == Kind::Queue);
    assert_eq!(of_queue.unwrap().state, State::Inferred);
    assert_eq!(parts(&verdict)[0], ("API Gateway", State::Arrived, None));
    assert_eq!(
        parts(&verdict)[3],
        ("accept-order", State::Arrived, Some("Invocation"))
    );
}

#[test]
fn on_aws_a_service_s_segment_that_is_not_there_did_not_arrive() {
    for (gone, name) in [(1, "Lambda sluice-AcceptOrder"), (3, "SNS topic")] {
        let mut documents = on_aws(ORDER);
        documents.remove(gone);
        let verdict = verdict(&documents);
        assert!(!verdict.is_whole(), "{name}");
        assert!(
            verdict.wrong[0].starts_with("the parent "),
            "{:?}",
            verdict.wrong
        );
    }
    let mut documents = on_aws(ORDER);
    documents.remove(0);
    let told = verdict(&documents).wrong;
    assert_eq!(
        told,
        ["the parent a91a000000000002 of Lambda sluice-AcceptOrder is missing"]
    );
}

#[test]
fn what_api_gateway_is_under_is_the_storefront_s() {
    let mut documents = on_aws(ORDER);
    documents[0]["parent_id"] = json!("c11e000000000001");
    assert!(verdict(&documents).is_whole());
}

#[test]
fn each_of_ten_orders_of_a_trace_is_whole_and_alone() {
    let orders: Vec<String> = (0..10).map(|n| format!("ord_{n}")).collect();
    let documents: Vec<_> = orders.iter().flat_map(|order| whole(order)).collect();
    for order in &orders {
        let verdict = verdict_of(&documents, order, true);
        assert!(verdict.is_whole(), "{:?}", verdict.wrong);
        assert_eq!(verdict.steps.len(), 8, "{:?}", parts(&verdict));
    }
    let without: Vec<_> = documents.into_iter().skip(1).collect();
    assert!(!verdict_of(&without, &orders[0], true).is_whole());
    assert!(verdict_of(&without, &orders[1], true).is_whole());
}

#[test]
fn orders_that_a_traced_storefront_posts_are_told_apart() {
    let shop = json!({
        "name": "shop", "id": "c11e000000000001", "origin": "AWS::Lambda::Function",
        "start_time": 1_795_291_199, "end_time": 1_795_291_201,
    });
    let its_api = json!({
        "name": "shop/prod", "id": "c11e000000000000", "origin": "AWS::ApiGateway::Stage", "parent_id": "gone",
        "start_time": 1_795_291_198, "end_time": 1_795_291_202, "subsegments": [shop],
    });
    let mut documents = vec![its_api];
    for (order, zeros) in [("ord_1", "00000000000"), ("ord_2", "10000000000")] {
        let texts = json!(on_aws(order)).to_string();
        let mut posted: Vec<Value> =
            serde_json::from_str(&texts.replace("00000000000", zeros)).unwrap();
        posted[0]["parent_id"] = shop["id"].clone();
        documents.extend(posted);
    }
    let tree = tree(&documents);
    for order in ["ord_1", "ord_2"] {
        let view = View::of(&tree, order).unwrap();
        let verdict = Verdict::of(&view, true);
        assert!(verdict.is_whole(), "{:?}", verdict.wrong);
        assert!(verdict.not_arrived().is_empty());
        assert_eq!(verdict.steps.len(), 9, "{:?}", parts(&verdict));
        // The storefront's API and function, API Gateway's call, and what Lambda did beside the function.
        assert!(verdict.total < Some(1.0), "{:?}", verdict.total);
        assert_eq!(view.rows.len(), 14, "{view:?}");
    }
}

#[test]
fn an_order_that_is_not_in_the_trace_has_no_view() {
    assert!(View::of(&tree(&whole(ORDER)), "ord_other").is_none());
}

#[test]
fn a_retried_order_is_whole_with_each_receive() {
    let documents = [
        accepted(ORDER),
        fulfilled(ORDER, "Transient", 1, 110),
        fulfilled(ORDER, "Stored", 2, 1_140),
    ];
    let verdict = verdict(&documents);
    assert!(verdict.is_whole(), "{:?}", verdict.wrong);
    assert_eq!(verdict.outcome, "Stored");
    let receives: Vec<_> = parts(&verdict)[6..].iter().map(|part| part.0).collect();
    let expected = ["fulfill-orders", "fulfill-orders #2", "DynamoDB PutItem"];
    assert_eq!(receives, expected);
}

#[test]
fn every_outcome_needs_its_call() {
    for outcome in ["Stored", "Duplicate", "Conflict"] {
        let mut documents = [accepted(ORDER), fulfilled(ORDER, outcome, 1, 110)];
        let whole = verdict(&documents);
        assert!(whole.is_whole(), "{:?}", whole.wrong);
        assert_eq!(whole.outcome, outcome);
        documents[1]["subsegments"] = json!([]);
        let told = verdict(&documents).wrong;
        assert_eq!(told, ["storage's call under fulfill-orders is missing"]);
    }
    let mut documents = [accepted(ORDER), dead_lettered(ORDER)];
    let whole = verdict(&documents);
    assert!(whole.is_whole(), "{:?}", whole.wrong);
    assert_eq!(whole.outcome, "DeadLettered");
    assert_eq!(parts(&whole)[7].0, "SQS SendMessage");
    documents[1]["subsegments"].as_array_mut().unwrap().pop();
    let told = verdict(&documents).wrong;
    assert_eq!(
        told,
        ["the call of SQS SendMessage under fulfill-orders is missing"]
    );
}

#[test]
fn a_duplicate_after_the_first_does_not_hide_that_it_is_stored() {
    let mut second = fulfilled(ORDER, "Duplicate", 2, 500);
    second["metadata"]["sent_ms"] = json!(1_795_291_200_041_u64);
    let documents = [accepted(ORDER), second, fulfilled(ORDER, "Stored", 1, 110)];
    let verdict = verdict(&documents);
    assert!(verdict.is_whole(), "{:?}", verdict.wrong);
    assert_eq!(verdict.outcome, "Stored");
    assert!((verdict.total.unwrap() - 0.128).abs() < 1e-6);
}

#[test]
fn each_part_that_is_missing_is_named() {
    let told = verdict(&whole(ORDER)[1..]).wrong;
    let parent = whole(ORDER)[1]["parent_id"].as_str().unwrap().to_owned();
    assert_eq!(
        told,
        [
            "API Gateway is missing".to_owned(),
            "accept-order is missing".to_owned(),
            "SNS Publish is missing".to_owned(),
            format!("the parent {parent} of fulfill-orders is missing"),
        ]
    );
    assert_eq!(
        verdict(&whole(ORDER)[..1]).wrong,
        ["the queue is missing", "fulfill-orders is missing"]
    );
    let mut documents = whole(ORDER);
    documents[0]["subsegments"] = json!([]);
    assert_eq!(verdict(&documents).wrong, ["SNS Publish is missing"]);
    let mut documents = whole(ORDER);
    documents[0]["metadata"] = json!({});
    let verdict = verdict(&documents);
    assert_eq!(verdict.wrong, ["API Gateway is missing"]);
    assert_eq!(verdict.total, None);
}

#[test]
fn a_parent_that_is_missing_or_below_is_named() {
    let mut documents = whole(ORDER);
    documents[1]["parent_id"] = json!("5e5e000000000009");
    assert_eq!(
        verdict(&documents).wrong,
        ["the parent 5e5e000000000009 of fulfill-orders is missing"]
    );
    let id = documents[1]["id"].as_str().unwrap().to_owned();
    documents[1]["parent_id"] = json!(id);
    assert_eq!(
        verdict(&documents).wrong,
        [format!("the parent {id} of fulfill-orders is under it")]
    );
}

#[test]
fn lambda_s_own_segment_is_the_only_parent_that_may_be_missing() {
    let verdict = verdict(&whole(ORDER));
    assert!(verdict.is_whole());
    let mut documents = whole(ORDER);
    documents[1]["parent_id"] = json!(LAMBDA);
    // A receive may be under what Lambda's segment would be, which is inferred.
    assert!(!super::tests::verdict(&documents).is_whole());
}

#[test]
fn an_order_in_the_buffer_is_not_whole_and_says_so() {
    let waiting = ["the order is in the buffer: it is not fulfilled yet"];
    let accepted_only = verdict_of(&whole(ORDER)[..1], ORDER, false);
    assert_eq!(accepted_only.wrong, waiting);
    assert_eq!(
        (accepted_only.outcome.as_str(), accepted_only.total),
        ("in the buffer", None)
    );
    for again in ["Transient", "HandedBack"] {
        let documents = [accepted(ORDER), fulfilled(ORDER, again, 3, 110)];
        let verdict = verdict_of(&documents, ORDER, false);
        assert_eq!(verdict.wrong, waiting);
        // Later ones are not told until the order ends.
        let expected =
            format!("in the buffer: comes again after receive 3 or a later one ({again})");
        assert_eq!(verdict.outcome, expected);
    }
}

#[test]
fn an_order_that_was_not_accepted_is_not_in_the_buffer() {
    let mut document = accepted(ORDER);
    document["annotations"]["outcome"] = json!("Unavailable");
    let verdict = verdict_of(&[document], ORDER, false);
    assert_eq!(verdict.outcome, "Unavailable");
    let last = verdict.wrong.last().unwrap();
    assert_eq!(last, "the order was not accepted (Unavailable)");
}
