//! Whatever stands in an event, and what the request says then.

use lambda_http::http::{Method, header};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{NotOneText, body, foreign, order_id, request_id, taken_ms};

fn request(event: Value) -> Request {
    serde_json::from_value::<ProxyRequest>(event)
        .unwrap()
        .into()
}

/// `lambda_http` unwraps a URL that it builds of these two.
#[test]
fn a_strange_host_is_a_header_like_others() {
    for (host, proto) in [
        ("[", "https"),
        ("a b", "https"),
        ("a:99999", "https"),
        ("a", "ht tp"),
        ("", ""),
    ] {
        let headers = json!({"Host": [host], "X-Forwarded-Proto": [proto]});
        let single = json!({"Host": host, "X-Forwarded-Proto": proto});
        let request =
            request(json!({"path": "/orders", "headers": single, "multiValueHeaders": headers}));
        assert_eq!(crate::header(&request, &header::HOST), Ok(Some(host)));
        assert_eq!(request.uri(), "/orders");
    }
}

/// `lambda_http` keeps the last one only.
#[test]
fn a_header_that_is_sent_twice_is_seen_twice() {
    for headers in [json!({"X": ["1", "2"]}), json!({"X": ["1"], "x": ["2"]})] {
        let request = request(json!({"headers": {"X": "2"}, "multiValueHeaders": headers}));
        let name = HeaderName::from_static("x");
        let values: Vec<_> = request.headers().get_all(&name).iter().collect();
        assert_eq!(values, ["1", "2"]);
        assert_eq!(crate::header(&request, &name), Err(NotOneText));
    }
}

/// `lambda_http` refuses the whole event.
#[test]
fn a_header_that_is_not_ascii_is_text_and_a_forbidden_one_is_there_but_none() {
    let name = HeaderName::from_static("x");
    let of = |value| request(json!({"multiValueHeaders": {"X": [value], "no name": ["y"]}}));
    assert_eq!(crate::header(&of("é"), &name), Ok(Some("é")));
    assert_eq!(crate::header(&of("a\n"), &name), Err(NotOneText));
    assert_eq!(crate::header(&request(json!({})), &name), Ok(None));
}

#[test]
fn single_values_do_where_there_are_no_others() {
    let request = request(
        json!({"headers": {"X": "1"}, "queryStringParameters": {"q": "2"}, "multiValueHeaders": null}),
    );
    assert_eq!(
        crate::header(&request, &HeaderName::from_static("x")),
        Ok(Some("1"))
    );
    assert_eq!(request.query_string_parameters().all("q"), Some(vec!["2"]));
}

#[test]
fn a_body_is_text_or_base64_or_unreadable_or_absent() {
    let of = |text: Value, is_base64: Value| {
        request(json!({"body": text, "isBase64Encoded": is_base64}))
    };
    for (text, is_base64, expected) in [
        (json!("{}"), json!(false), Some(&b"{}"[..])),
        (json!("{}"), json!(null), Some(b"{}")),
        (json!("e30="), json!(true), Some(b"{}")),
        (json!("e30"), json!(true), None),
        (json!("{}"), json!(true), None),
        (json!(null), json!(false), Some(b"")),
        (json!(null), json!(true), Some(b"")),
        (json!({"a": [1]}), json!(false), None),
        (json!([{}]), json!(false), None),
        (json!(7), json!(false), None),
    ] {
        assert_eq!(body(&of(text, is_base64)).ok(), expected);
    }
}

#[test]
fn the_rest_of_the_event_is_there() {
    let request = request(json!({
        "httpMethod": "POST", "path": "/orders/a", "pathParameters": {"id": "a"},
        "multiValueQueryStringParameters": {"q": ["1", "2"], "none": []},
        "requestContext": {"requestId": "r", "requestTimeEpoch": 7},
    }));
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.uri(), "/orders/a");
    assert_eq!(request.path_parameters().first("id"), Some("a"));
    let query = request.query_string_parameters();
    assert_eq!(query.iter().collect::<Vec<_>>(), [("q", "1"), ("q", "2")]);
    assert_eq!((request_id(&request), taken_ms(&request)), ("r", Some(7)));
    let empty = self::request(json!({}));
    assert_eq!((request_id(&empty), taken_ms(&empty)), ("", None));
}

/// What the documentation of each shows, without what is not read.
#[test]
fn events_of_others_that_are_requests_say_the_same() {
    let id = "ord_AQEBAQEBAQEBAQEBebW-HQF1fOdecxgh";
    let http_api = json!({
        "version": "2.0", "routeKey": "GET /orders/{id}", "rawPath": format!("/v1/orders/{id}"),
        "rawQueryString": "q=a%2Cb&q=c+d&e", "headers": {"x-one": "1", "content-type": "application/json"},
        "queryStringParameters": {"q": "a,b,c d", "e": ""},
        "requestContext": {"requestId": "r", "timeEpoch": 7, "http": {"method": "GET", "path": format!("/orders/{id}")}},
        "isBase64Encoded": false,
    });
    let balancer = |many: bool| {
        let (headers, query) = if many {
            ("multiValueHeaders", "multiValueQueryStringParameters")
        } else {
            ("headers", "queryStringParameters")
        };
        let one = |value: &str| if many { json!([value]) } else { json!(value) };
        json!({
            "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:x"}, "requestId": "r", "requestTimeEpoch": 7},
            "httpMethod": "GET", "path": format!("/orders/{id}"), "body": "", "isBase64Encoded": false,
            headers: {"x-one": one("1"), "content-type": one("application/json")},
            query: {"q": one("a%2Cb"), "%65": one("")},
        })
    };
    for (event, values) in [
        (http_api, vec!["a,b", "c d"]),
        (balancer(false), vec!["a,b"]),
        (balancer(true), vec!["a,b"]),
    ] {
        let request = request(event);
        assert_eq!(request.method(), Method::GET);
        assert_eq!(order_id(&request), Some(id));
        assert_eq!(
            crate::header(&request, &header::CONTENT_TYPE),
            Ok(Some("application/json"))
        );
        let query = request.query_string_parameters();
        assert_eq!(query.all("q"), Some(values));
        assert_eq!(query.all("e"), Some(vec![""]));
        assert_eq!((request_id(&request), taken_ms(&request)), ("r", Some(7)));
        assert_eq!(foreign(&request), None);
    }
}

#[test]
fn what_a_hand_writes_is_read_as_far_as_it_means_something() {
    let request = request(json!({
        "headers": {"X": "1", "Y": ["2", "3"], "Z": null, "N": 4, "B": true},
        "multiValueHeaders": {}, "multiValueQueryStringParameters": {},
        "queryStringParameters": {"q": "1", "limit": 5, "none": null},
        "path": "/orders/a", "pathParameters": null, "requestContext": null, "isBase64Encoded": null,
    }));
    let values = |name: &str| -> Vec<_> {
        let all = request.headers().get_all(name).iter();
        all.map(|value| value.to_str().unwrap()).collect()
    };
    assert_eq!(
        [values("x"), values("n"), values("b")],
        [["1"], ["4"], ["true"]]
    );
    assert_eq!(values("y"), ["2", "3"]);
    assert_eq!(values("z"), [""; 0]);
    let query = request.query_string_parameters();
    assert_eq!(query.all("q"), Some(vec!["1"]));
    assert_eq!(query.all("limit"), Some(vec!["5"]));
    assert_eq!(order_id(&request), Some("a"));
    let one = self::request(
        json!({"multiValueHeaders": {"X": "1"}, "multiValueQueryStringParameters": {"q": "1"}}),
    );
    assert_eq!(
        crate::header(&one, &HeaderName::from_static("x")),
        Ok(Some("1"))
    );
    assert_eq!(one.query_string_parameters().all("q"), Some(vec!["1"]));
    let no_raw = self::request(json!({"rawQueryString": "", "queryStringParameters": {"q": "1"}}));
    assert_eq!(no_raw.query_string_parameters().all("q"), Some(vec!["1"]));
}

#[test]
fn only_an_order_s_path_has_an_id() {
    for (path, id) in [
        ("/orders", None),
        ("/orders/", None),
        ("/orders/a", Some("a")),
        ("/v1/orders/a", Some("a")),
        ("/orders/a/b", None),
        ("/reorders/a", None),
    ] {
        assert_eq!(order_id(&request(json!({"path": path}))), id, "{path}");
    }
}

#[test]
fn what_is_no_request_is_named() {
    for (event, said) in [
        (json!({"key1": "value1"}), "neither headers nor a body"),
        (json!({}), "neither headers nor a body"),
        (json!({"Records": [{"body": "{}"}]}), "a batch of records"),
        (json!({"Records": null}), "neither headers nor a body"),
        (
            json!({"version": "0", "detail-type": "t", "detail": {}}),
            "one of EventBridge",
        ),
        (
            json!({"customer_id": "c", "lines": []}),
            "an order without a request",
        ),
    ] {
        let request = request(event.clone());
        assert!(foreign(&request).unwrap().contains(said), "{event}");
    }
    for event in [
        json!({"body": "{}"}),
        json!({"headers": {}}),
        json!({"httpMethod": "GET"}),
    ] {
        assert_eq!(foreign(&request(event)), None);
    }
}

proptest! {
    #[test]
    fn nothing_that_a_client_sends_makes_it_fail(
        text in ".*", path in ".*", values in prop::collection::vec(any::<String>(), 0..3), is_base64: bool,
    ) {
        let event = json!({
            "httpMethod": text, "path": path, "pathParameters": {"id": text}, "headers": {&*text: path},
            "multiValueHeaders": {"Host": values, "X-Forwarded-Proto": values, &*text: values},
            "multiValueQueryStringParameters": {&*text: values}, "body": text, "isBase64Encoded": is_base64,
        });
        let request = request(event);
        let _ = (body(&request), crate::header(&request, &header::HOST));
        prop_assert_eq!(request.query_string_parameters().iter().count(), values.len());
    }
}
