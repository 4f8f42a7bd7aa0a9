use serde_json::{Value, json};

use super::*;
use crate::xray::sample::{ORDER, accepted, on_aws, tree};

fn segment(id: &str, parent: Option<&str>, start: f64) -> Value {
    json!({"id": id, "name": id, "parent_id": parent, "start_time": start, "end_time": start + 1.0})
}

fn names(tree: &Tree) -> Vec<(usize, &str)> {
    let walk = tree.walk().into_iter();
    walk.map(|(depth, at)| (depth, tree.span(at).name.as_str()))
        .collect()
}

#[test]
fn spans_are_under_their_parents_in_order_of_time() {
    let mut root = segment("root", None, 0.0);
    root["subsegments"] = json!([segment("late", None, 8.0), segment("early", None, 1.0)]);
    let documents = [
        segment("own", Some("late"), 9.0),
        root,
        segment("mid", Some("root"), 5.0),
    ];
    let expected = [
        (0, "root"),
        (1, "early"),
        (1, "mid"),
        (1, "late"),
        (2, "own"),
    ];
    assert_eq!(names(&tree(&documents)), expected);
}

#[test]
fn a_parent_that_is_not_there_is_noted() {
    let tree = tree(&[segment("a", Some("gone"), 0.0), segment("b", None, 0.0)]);
    assert_eq!(tree.node(NodeId(0)).broken, Some(Broken::Missing));
    assert_eq!(tree.node(NodeId(1)).broken, None);
    assert_eq!(names(&tree), [(0, "a"), (0, "b")]);
}

#[test]
fn parents_in_a_circle_end() {
    let tree = tree(&[
        segment("a", Some("c"), 0.0),
        segment("b", Some("a"), 1.0),
        segment("c", Some("b"), 2.0),
        segment("self", Some("self"), 3.0),
        segment("below", Some("c"), 4.0),
    ]);
    assert_eq!(tree.walk().len(), 5, "{:?}", names(&tree));
    let broken: Vec<_> = (0..5)
        .filter(|at| tree.node(NodeId(*at)).broken.is_some())
        .collect();
    assert_eq!(broken, [2, 3]);
    assert_eq!(tree.node(NodeId(3)).broken, Some(Broken::Circle));
}

#[test]
fn a_circle_through_what_a_document_holds_ends_too() {
    let mut outer = segment("outer", Some("inner"), 0.0);
    outer["subsegments"] = json!([segment("inner", None, 1.0)]);
    let tree = tree(&[outer]);
    assert_eq!(tree.walk().len(), 2);
}

#[test]
fn a_span_that_came_twice_is_the_one_that_ended_later() {
    let mut begun = accepted(ORDER);
    begun.as_object_mut().unwrap().remove("end_time");
    for documents in [
        [begun.clone(), accepted(ORDER)],
        [accepted(ORDER), begun.clone()],
    ] {
        let tree = tree(&documents);
        let [at] = tree.all(Kind::Accept)[..] else {
            panic!("one");
        };
        assert!(tree.span(at).duration() > 0.0);
    }
}

#[test]
fn what_x_ray_made_up_is_its_call() {
    let mut documents = on_aws(ORDER);
    let made_up = documents.last().unwrap()["id"].clone();
    let mut below = segment("below", None, 0.0);
    below["parent_id"] = made_up;
    documents.push(below);
    let tree = tree(&documents);
    let [call] = tree.all(Kind::Storage)[..] else {
        panic!("one call");
    };
    let under: Vec<_> = tree
        .under(Some(call))
        .iter()
        .map(|at| &tree.span(*at).name)
        .collect();
    assert_eq!(under, ["below"]);
}
