use super::*;
use crate::rules::Flags;

fn segment(trace_id: &str, id: &str, text: &str) -> Segment {
    Segment {
        trace_id: trace_id.to_owned(),
        id: id.to_owned(),
        is_root: false,
        start: 1.0,
        end: None,
        flags: Flags::default(),
        annotations: Vec::new(),
        text: text.to_owned(),
    }
}

fn store(documents: usize, bytes: usize) -> Store {
    Store {
        bounds: Bounds { documents, bytes },
        ..Store::default()
    }
}

fn ids(store: &Store) -> Vec<&str> {
    store.after(None).map(|(_, id, _)| id).collect()
}

#[test]
fn a_trace_has_all_its_documents() {
    let mut store = store(9, 99);
    for (trace, id) in [("t", "1"), ("u", "1"), ("t", "2")] {
        store.put(segment(trace, id, "x"));
    }
    assert_eq!(store.documents(), 3);
    assert_eq!(store.trace("t").unwrap().len(), 2);
    assert_eq!(store.trace("u").unwrap().len(), 1);
    assert!(store.trace("v").is_none());
}

#[test]
fn the_later_one_replaces_the_earlier() {
    let mut store = store(9, 99);
    store.put(segment("t", "1", "in progress"));
    store.put(segment("t", "1", "done"));
    assert_eq!(store.documents(), 1);
    assert_eq!(store.bytes, 4);
    assert_eq!(store.trace("t").unwrap()["1"].text, "done");
}

#[test]
fn the_oldest_trace_goes_first_when_they_are_too_many() {
    let mut store = store(3, 99);
    for (trace, id) in [("t", "1"), ("u", "1"), ("t", "2"), ("v", "1")] {
        store.put(segment(trace, id, "x"));
    }
    assert_eq!(ids(&store), ["u", "v"]);
    assert_eq!((store.documents, store.bytes), (2, 2));
    // It comes again: as the youngest.
    store.put(segment("t", "3", "x"));
    assert_eq!(ids(&store), ["u", "v", "t"]);
}

#[test]
fn the_oldest_trace_goes_first_when_they_are_too_long() {
    let mut store = store(9, 10);
    store.put(segment("t", "1", "1234"));
    store.put(segment("u", "1", "123456"));
    assert_eq!(ids(&store), ["t", "u"]);
    store.put(segment("v", "1", "1"));
    assert_eq!(ids(&store), ["u", "v"]);
    // One that is too long alone goes too, and all before it.
    store.put(segment("w", "1", "12345678901"));
    assert_eq!(ids(&store), [""; 0]);
    assert_eq!((store.documents, store.bytes), (0, 0));
    assert!(store.numbers.is_empty());
}

#[test]
fn a_list_goes_on_where_it_ended_though_traces_went() {
    let mut store = store(3, 99);
    for trace in ["t", "u", "v"] {
        store.put(segment(trace, "1", "x"));
    }
    let (number, id, _) = store.after(None).nth(1).unwrap();
    assert_eq!(id, "u");
    for trace in ["w", "x"] {
        store.put(segment(trace, "1", "x"));
    }
    let rest: Vec<_> = store.after(Some(number)).map(|(_, id, _)| id).collect();
    assert_eq!(rest, ["v", "w", "x"]);
}
