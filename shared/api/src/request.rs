//! What the API hands to a function.

use std::{collections::HashMap, fmt};

use base64::{Engine, engine::general_purpose::STANDARD};
use lambda_http::{
    Body, Request, RequestExt,
    aws_lambda_events::apigw::ApiGatewayProxyRequestContext,
    http::{HeaderMap, HeaderName, HeaderValue},
    request::RequestContext,
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// A proxy event of the REST API, to make a [`Request`] of.
///
/// It takes whatever a client can send. `lambda_http`'s own types refuse a whole event for one header that is not ASCII, which
/// the client would get as a 502.
#[derive(Default, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyRequest {
    http_method: Option<String>,
    path: Option<String>,
    path_parameters: Option<HashMap<String, String>>,
    headers: Option<Box<RawValue>>,
    multi_value_headers: Option<Headers>,
    query_string_parameters: Option<HashMap<String, String>>,
    multi_value_query_string_parameters: Option<HashMap<String, Vec<String>>>,
    body: Option<String>,
    is_base64_encoded: bool,
    request_context: Context,
}

/// What is read of the request context. A member that is needed is added here and where the [`RequestContext`] is made.
#[derive(Default, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    request_id: Option<String>,
    request_time_epoch: Option<i64>,
}

impl From<ProxyRequest> for Request {
    /// The request has the method, the path as its URI, all values of each header and parameter, and of the request context the
    /// id and the time.
    ///
    /// It is not made by `lambda_http`, which builds the URI of headers that the client sends and panics where that is none, as it
    /// does where a body is not the base64 that it is said to be; and which keeps only the last value of a repeated header.
    fn from(event: ProxyRequest) -> Self {
        let mut context = ApiGatewayProxyRequestContext::default();
        context.request_id = event.request_context.request_id;
        context.request_time_epoch = event.request_context.request_time_epoch.unwrap_or(0);
        let (body, is_readable) = match event.body {
            None => (Body::Empty, true),
            Some(text) if !event.is_base64_encoded => (Body::Text(text), true),
            Some(text) => match STANDARD.decode(text) {
                Ok(bytes) => (Body::Binary(bytes), true),
                Err(_) => (Body::Empty, false),
            },
        };
        let mut request = Self::new(body)
            .with_request_context(RequestContext::ApiGatewayV1(context))
            .with_path_parameters(event.path_parameters.unwrap_or_default());
        request = match event.multi_value_query_string_parameters {
            Some(mut parameters) => {
                // `lambda_http` panics at a parameter without a value.
                parameters.retain(|_, values| !values.is_empty());
                request.with_query_string_parameters(parameters)
            }
            None => request
                .with_query_string_parameters(event.query_string_parameters.unwrap_or_default()),
        };
        if !is_readable {
            request.extensions_mut().insert(Unreadable);
        }
        if let Some(method) = event.http_method.and_then(|method| method.parse().ok()) {
            *request.method_mut() = method;
        }
        if let Some(path) = event.path.and_then(|path| path.try_into().ok()) {
            *request.uri_mut() = path;
        }
        // API Gateway sends both, the hand of a developer maybe one.
        let single = || Headers::of_single(event.headers.as_deref());
        *request.headers_mut() = event.multi_value_headers.unwrap_or_else(single).0;
        request
    }
}

/// The body of a request was said to be base64 and is not.
#[derive(Clone, Copy)]
struct Unreadable;

/// The body's bytes; `None` where the event says base64 and it is not.
pub fn body(request: &Request) -> Option<&[u8]> {
    let is_unreadable = request.extensions().get::<Unreadable>().is_some();
    (!is_unreadable).then_some(request.body())
}

/// The id under which API Gateway logs the request and that the client sees in a header; empty where there is none.
pub fn request_id(request: &Request) -> &str {
    let id = context(request).and_then(|context| context.request_id.as_deref());
    id.unwrap_or_default()
}

/// When API Gateway took the request, in milliseconds since 1970.
pub fn taken_ms(request: &Request) -> Option<i64> {
    let taken_ms = context(request)?.request_time_epoch;
    (taken_ms > 0).then_some(taken_ms)
}

fn context(request: &Request) -> Option<&ApiGatewayProxyRequestContext> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => Some(context),
        _ => None,
    }
}

/// The value of a header that may be sent once; `None` where it was not.
///
/// # Errors
/// It was sent more than once, or is no text.
pub fn header<'a>(request: &'a Request, name: &HeaderName) -> Result<Option<&'a str>, NotOneText> {
    let mut values = request.headers().get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => std::str::from_utf8(value.as_bytes())
            .map(Some)
            .map_err(|_| NotOneText),
        (Some(_), Some(_)) => Err(NotOneText),
    }
}

/// A header was sent more than once, or is no text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotOneText;

/// Headers, each with all its values.
#[derive(Default, Debug)]
struct Headers(HeaderMap);

impl Headers {
    /// Those of a map with one value a header.
    fn of_single(map: Option<&RawValue>) -> Self {
        let map =
            map.and_then(|map| serde_json::from_str::<HashMap<String, String>>(map.get()).ok());
        let mut headers = Self::default();
        for (name, value) in map.into_iter().flatten() {
            headers.add(&name, value);
        }
        headers
    }

    fn add(&mut self, name: &str, value: String) {
        // Nobody asks for a header whose name HTTP does not allow.
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            return;
        };
        // A value that it does not allow becomes one that is no text, so that the header is not taken for absent.
        if let Ok(value) =
            HeaderValue::try_from(value).or_else(|_| HeaderValue::from_bytes(b"\xff"))
        {
            // There are never as many as to be refused.
            let _ = self.0.try_append(name, value);
        }
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self::default())
    }
}

impl<'de> Visitor<'de> for Headers {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of headers with their values")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<Self, M::Error> {
        while let Some((name, values)) = map.next_entry::<String, Vec<String>>()? {
            for value in values {
                self.add(&name, value);
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::http::{Method, header};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

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
            let request = request(
                json!({"path": "/orders", "headers": single, "multiValueHeaders": headers}),
            );
            assert_eq!(header(&request, &header::HOST), Ok(Some(host)));
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
            assert_eq!(super::header(&request, &name), Err(NotOneText));
        }
    }

    /// `lambda_http` refuses the whole event.
    #[test]
    fn a_header_that_is_not_ascii_is_text_and_a_forbidden_one_is_there_but_none() {
        let name = HeaderName::from_static("x");
        let of = |value| request(json!({"multiValueHeaders": {"X": [value], "no name": ["y"]}}));
        assert_eq!(super::header(&of("é"), &name), Ok(Some("é")));
        assert_eq!(super::header(&of("a\n"), &name), Err(NotOneText));
        assert_eq!(super::header(&request(json!({})), &name), Ok(None));
    }

    #[test]
    fn single_values_do_where_there_are_no_others() {
        let request = request(
            json!({"headers": {"X": "1"}, "queryStringParameters": {"q": "2"}, "multiValueHeaders": null}),
        );
        assert_eq!(
            super::header(&request, &HeaderName::from_static("x")),
            Ok(Some("1"))
        );
        assert_eq!(request.query_string_parameters().all("q"), Some(vec!["2"]));
    }

    #[test]
    fn a_body_is_text_or_base64_or_unreadable_or_absent() {
        let of =
            |text: Value, is_base64| request(json!({"body": text, "isBase64Encoded": is_base64}));
        for (text, is_base64, expected) in [
            (json!("{}"), false, Some(&b"{}"[..])),
            (json!("e30="), true, Some(b"{}")),
            (json!("e30"), true, None),
            (json!("{}"), true, None),
            (json!(null), false, Some(b"")),
            (json!(null), true, Some(b"")),
        ] {
            assert_eq!(body(&of(text, is_base64)), expected);
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
        let empty = super::tests::request(json!({}));
        assert_eq!((request_id(&empty), taken_ms(&empty)), ("", None));
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
            let _ = (body(&request), super::header(&request, &header::HOST));
            prop_assert_eq!(request.query_string_parameters().iter().count(), values.len());
        }
    }
}
