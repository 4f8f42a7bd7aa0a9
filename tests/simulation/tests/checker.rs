//! The checker on histories written by hand: one that is fine, and the same one with one thing wrong.

use serde_json::{Value, json};
use sluice_simulation::{history::Event, judge};

const ID: &str = "ord_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn order() -> Value {
    json!({"customer_id": "c", "lines": [{"sku": "plain-0-0"}]})
}

fn body() -> std::sync::Arc<str> {
    json!({"id": ID, "data": {"order": order()}})
        .to_string()
        .into()
}

fn sent() -> Event {
    Event::Sent {
        request: 0,
        customer: "c".into(),
        key: Some("k".into()),
        order: order(),
    }
}

fn answered(status: u64) -> Event {
    Event::Answered {
        request: 0,
        status,
        order_id: (status == 202).then(|| ID.to_owned()),
        retry_after: false,
    }
}

fn stored() -> Event {
    Event::Stored {
        order_id: ID.into(),
        order: order(),
    }
}

fn acknowledged() -> Event {
    Event::Acknowledged {
        queue: "standard queue",
        message: "m".into(),
        body: body(),
    }
}

fn at_rest() -> Event {
    Event::AtRest {
        fixed: false,
        left: vec![],
    }
}

#[track_caller]
fn finds(events: &[Event], wanted: &str) {
    let history: Vec<_> = events.iter().cloned().map(|event| (0, event)).collect();
    let violations = judge(&history);
    assert!(
        violations
            .iter()
            .any(|violation| violation.contains(wanted)),
        "{wanted:?} is not among {violations:#?}"
    );
}

#[test]
fn a_fine_history_is_fine() {
    let history = [sent(), answered(202), stored(), acknowledged(), at_rest()];
    assert_eq!(judge(&history.map(|event| (0, event))), [""; 0]);
}

#[test]
fn what_is_wrong_is_told() {
    finds(
        &[sent(), answered(202), at_rest()],
        "P2: request 0 was answered 202",
    );
    finds(&[sent(), answered(422)], "P1: request 0 was answered 422");
    finds(&[sent(), answered(500)], "P1: request 0 was answered 500");
    finds(&[sent(), answered(503)], "P1: request 0 was answered 503");
    finds(&[stored()], "P3: ");
    finds(
        &[sent(), stored(), answered(422), at_rest()],
        "P3: plain-0-0 is stored, and was refused",
    );
    finds(&[sent(), stored(), stored()], "written over itself");
    finds(&[sent(), acknowledged()], "P2: m was acknowledged");
    let removed = Event::Removed {
        order_id: ID.into(),
    };
    finds(&[sent(), stored(), removed], "storage lost");
    let left = Event::AtRest {
        fixed: false,
        left: vec![body()],
    };
    finds(&[sent(), stored(), left], "P6: still queued");
    let letter = Event::Queued {
        queue: "standard dead letters",
        message: "m".into(),
        body: body(),
        letter: None,
    };
    finds(&[sent(), letter], "P6: dead-lettered without a cause");
}

/// An order that was answered 503 and then repeated is stored once, whatever its names.
#[test]
fn an_order_stored_under_two_names_is_doubled() {
    let other = Event::Stored {
        order_id: "ord_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB".into(),
        order: order(),
    };
    finds(
        &[sent(), stored(), other, at_rest()],
        "is stored 2 times, and was meant 1 times",
    );
}

/// A conflict has to be kept with its content.
#[test]
fn a_second_content_under_a_key_must_not_vanish() {
    let mut second = order();
    second["lines"][0]["sku"] = json!("plain-0-1");
    let rejected = |order| Event::Rejected {
        order_id: ID.into(),
        reason: "KEY_REUSED".into(),
        order,
    };
    let sent_second = Event::Sent {
        request: 1,
        customer: "c".into(),
        key: Some("k".into()),
        order: second.clone(),
    };
    let accepted = Event::Answered {
        request: 1,
        status: 202,
        order_id: Some(ID.into()),
        retry_after: false,
    };
    let first = [sent(), stored(), sent_second, accepted];
    let with = |more: Event| [first.as_slice(), &[more, at_rest()]].concat();
    finds(
        &with(rejected(None)),
        "request 1 was answered 202, and plain-0-1 is lost",
    );
    let kept = with(rejected(Some(second)))
        .into_iter()
        .map(|event| (0, event))
        .collect::<Vec<_>>();
    assert_eq!(judge(&kept), [""; 0]);
}
