use super::*;
use crate::xray::sample::{ORDER, tree, whole};

/// What is shown of a whole path: the chart, what arrived, and for a program.
fn told() -> (String, String, Value) {
    let tree = tree(&whole(ORDER));
    let view = View::of(&tree, ORDER).unwrap();
    let path = OrderPath {
        order_id: ORDER,
        trace_id: "1-6b01c280-000000000000000000000001",
        view: &view,
        verdict: &Verdict::of(&view, true),
    };
    (path.text(80), path.arrivals(), path.json())
}

#[test]
fn the_header_says_which_order_what_became_of_it_and_how_long_it_took() {
    let (text, ..) = told();
    let header = format!(
        "order    {ORDER}\ntrace    1-6b01c280-000000000000000000000001\nlane     standard\n\
         outcome  Stored\ntotal    128ms\n\n~ API Gateway"
    );
    assert!(text.starts_with(&header), "{text}");
    assert!(text.ends_with(
        "\n\n~ not sent by an AWS service: inferred from the times that the functions recorded"
    ));
}

#[test]
fn each_part_has_a_line_that_says_whether_it_arrived() {
    let (_, text, _) = told();
    let rows: Vec<_> = text.lines().skip(6).collect();
    assert_eq!(
        rows[..4],
        [
            "PART              STATE     UNDER",
            "API Gateway       inferred  -",
            "Lambda            inferred  API Gateway",
            "accept-order      arrived   Lambda",
        ]
    );
}

#[test]
fn json_has_the_tree() {
    let (.., json) = told();
    assert_eq!(
        (&json["whole"], &json["outcome"]),
        (&json!(true), &json!("Stored"))
    );
    assert_eq!(json["total_ms"], 128.0);
    let api = &json["nodes"][0];
    assert_eq!(
        (&api["inferred"], &api["offset_ms"]),
        (&json!(true), &json!(0.0))
    );
    let accepted = &api["children"][0]["children"][0];
    assert_eq!(
        (&accepted["name"], &accepted["outcome"]),
        (&json!("accept-order"), &json!("Accepted"))
    );
    let mut deepest = api;
    let mut names = Vec::new();
    while let Some(child) = deepest["children"].get(0) {
        names.push(child["name"].as_str().unwrap());
        deepest = child;
    }
    let last = ["queue standard", "fulfill-orders", "DynamoDB PutItem"];
    assert_eq!(names[names.len() - 3..], last);
    assert_eq!(json["nodes"].as_array().unwrap().len(), 1);
}
