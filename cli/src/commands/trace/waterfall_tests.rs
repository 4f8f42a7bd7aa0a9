use serde_json::{Value, json};

use super::*;
use crate::xray::sample::{ORDER, accepted, fulfilled, on_aws, tree, whole};

fn drawn(documents: &[Value], width: usize) -> String {
    let tree = tree(documents);
    waterfall(&View::of(&tree, ORDER).unwrap(), width)
}

#[test]
fn each_span_has_a_line_that_shows_when_and_how_long() {
    let text = drawn(&whole(ORDER), 90);
    let expected = "\
~ API Gateway                  ░░░░░░░░░░░░                           +0.0ms 40ms
  ~ Lambda                            ░░░░░                            +23ms 17ms
    accept-order                      █████                            +23ms 17ms Accepted
      SNS Publish                     ████                             +25ms 13ms
        ~ SNS topic                   ░░░░                             +25ms 14ms
          ~ queue standard                ░░░░░░░░░░░░░░░░░░           +39ms 61ms
            fulfill-orders                                     ██████ +110ms 20ms Stored
              DynamoDB PutItem                                  ████  +112ms 16ms";
    assert_eq!(text, expected, "\n{text}");
}

#[test]
fn lines_fit_the_terminal_and_bars_are_never_without_room() {
    for width in [80, 100, 200] {
        let text = drawn(&on_aws(ORDER), width);
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(width), "{longest:?}\n{text}");
    }
    assert!(drawn(&whole(ORDER), 0).contains('█'));
}

#[test]
fn an_hour_in_the_queue_leaves_every_span_a_character() {
    let mut late = fulfilled(ORDER, "Stored", 1, 3_600_110);
    late["metadata"]["first_received_ms"] = json!(1_795_294_800_100_u64);
    let text = drawn(&[accepted(ORDER), late], 80);
    assert_eq!(text.lines().count(), 8, "{text}");
    assert!(text.lines().all(|line| line.contains(['█', '░'])), "{text}");
    assert!(text.contains("░  +39ms   1h"), "{text}");
}

#[test]
fn what_went_wrong_and_came_again_is_said() {
    let mut first = fulfilled(ORDER, "Transient", 1, 110);
    first["fault"] = json!(true);
    first["annotations"]["attempts"] = json!(4);
    let call = &mut first["subsegments"][0];
    call["throttle"] = json!(true);
    call["annotations"] = json!({"retries": 2});
    call["cause"] = json!({"exceptions": [{"message": "refused \u{1b}[2J"}]});
    let text = drawn(
        &[accepted(ORDER), first, fulfilled(ORDER, "Stored", 2, 900)],
        110,
    );
    for part in [
        "✗ fault, Transient, attempts 4\n",
        "✗ throttle, retries 2\n",
        " └ refused \\u{1b}[2J\n",
        "~ queue standard (again)",
        "fulfill-orders #2",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn a_long_name_is_cut() {
    let mut documents = on_aws(ORDER);
    documents[1]["name"] = json!("x".repeat(99));
    let text = drawn(&documents, 80);
    assert!(text.contains("xxx… "), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}
