use hyper::header::{HeaderName, HeaderValue};
use sluice_reference::{clock::Moment, job};

use super::*;
use crate::events;

const SECRET: &str = "only-for-measuring-and-nothing-else";

fn signer(service: &'static str) -> Signer {
    Signer {
        key_id: KEY_ID.into(),
        secret: SECRET_KEY.into(),
        token: Some(TOKEN.into()),
        region: REGION.into(),
        service,
    }
}

fn headers(service: &'static str, body: &[u8]) -> HeaderMap {
    let lines = signer(service).headers("127.0.0.1:1", &[], body, Moment::now());
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("127.0.0.1:1"));
    for line in lines.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    headers
}

fn checked(call: Call, headers: &HeaderMap, body: impl Into<Vec<u8>>) -> String {
    match check(call, headers, &Bytes::from(body.into())) {
        Ok(()) => "good".into(),
        Err(error) => error.to_string(),
    }
}

fn form() -> String {
    let request: Value = serde_json::from_str(&events::request(events::LINES).unwrap()).unwrap();
    let order = request["body"].as_str().unwrap();
    let accepted = job::accept(order, "key-1", SECRET, Moment::now()).unwrap();
    job::publish(&accepted, "arn:aws:sns:eu-west-1:123456789012:orders")
}

#[test]
fn what_the_floors_send_is_what_the_functions_send() {
    let form = form();
    assert_eq!(
        checked(Call::Publish, &headers("sns", form.as_bytes()), form),
        "good"
    );
    let message = events::stored().unwrap().to_body().unwrap();
    let item = job::put_item(&message, "orders", SECRET, Moment::now()).unwrap();
    assert_eq!(
        checked(Call::PutItem, &headers("dynamodb", &item), item),
        "good"
    );
}

#[test]
fn another_body_or_service_is_not_signed() {
    let form = form();
    let signed = headers("sns", form.as_bytes());
    assert_eq!(
        checked(Call::Publish, &signed, format!("{form}&")),
        "the signature is wrong"
    );
    let signed = headers("sqs", form.as_bytes());
    let error = checked(Call::Publish, &signed, form.clone());
    assert!(error.starts_with("signed for another scope"), "{error}");
    let error = checked(Call::Publish, &HeaderMap::new(), form);
    assert_eq!(error, "no header authorization");
}

#[test]
fn a_message_that_no_consumer_would_store_is_refused() {
    let bad = form().replace("%22quantity%22%3A6", "%22quantity%22%3A7");
    let error = checked(Call::Publish, &headers("sns", bad.as_bytes()), bad);
    assert!(error.contains("the hash or the id"), "{error}");
}

#[test]
fn an_item_without_an_attribute_is_refused() {
    let message = events::stored().unwrap().to_body().unwrap();
    let item = job::put_item(&message, "orders", SECRET, Moment::now()).unwrap();
    let item = String::from_utf8(item)
        .unwrap()
        .replace("content_hash", "content");
    let error = checked(Call::PutItem, &headers("dynamodb", item.as_bytes()), item);
    assert!(error.starts_with("no content_hash"), "{error}");
}

#[test]
fn an_item_that_lacks_a_line_is_refused() {
    let message = events::stored().unwrap().to_body().unwrap();
    let item = job::put_item(&message, "orders", SECRET, Moment::now()).unwrap();
    let mut item: Value = serde_json::from_slice(&item).unwrap();
    let lines = item["Item"]["lines"]["L"].as_array_mut().unwrap();
    lines.pop();
    let item = item.to_string();
    let error = checked(Call::PutItem, &headers("dynamodb", item.as_bytes()), item);
    assert!(error.starts_with("the total is"), "{error}");
}
