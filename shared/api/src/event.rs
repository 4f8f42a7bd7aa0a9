//! The event that a function is invoked with, and the request in it.

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
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::caller::Called;

/// A proxy event of the REST API, to make a [`Request`] of.
///
/// It takes whatever a client can send. `lambda_http`'s own types refuse a whole event for one header that is not ASCII, which
/// the client would get as a 502. It also takes what a developer writes by hand, and the events of an HTTP API, a function URL
/// and a load balancer, which say the same in other places.
#[derive(Default, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyRequest {
    http_method: Option<String>,
    path: Option<String>,
    path_parameters: Option<HashMap<String, Values>>,
    headers: Option<Box<RawValue>>,
    multi_value_headers: Option<Headers>,
    query_string_parameters: Option<HashMap<String, Values>>,
    multi_value_query_string_parameters: Option<HashMap<String, Values>>,
    body: Option<BodyText>,
    is_base64_encoded: Option<bool>,
    request_context: Option<Context>,
    stage_variables: Option<StageVariables>,
    /// Set by a smoke test, which invokes a function directly. API Gateway lets no client write here.
    smoke: bool,
    // Of an HTTP API, version 2.0 of its payload, and of a function URL.
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    // Of what is no request: records of SQS, SNS or S3, an event of EventBridge, an order without a request around it.
    #[serde(rename = "Records")]
    records: Option<IgnoredAny>,
    #[serde(rename = "detail-type")]
    detail_type: Option<IgnoredAny>,
    #[serde(rename = "customer_id")]
    customer_id: Option<IgnoredAny>,
}

/// What is read of the request context. A member that is needed is added here and where the [`RequestContext`] is made.
#[derive(Default, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    request_id: Option<String>,
    request_time_epoch: Option<i64>,
    /// The same time, as an HTTP API calls it.
    time_epoch: Option<i64>,
    /// An HTTP API's.
    http: Option<Http>,
    /// A load balancer's.
    elb: Option<IgnoredAny>,
    authorizer: Option<Authorizer>,
}

/// What the authorizer of the API for tokens answered.
#[derive(Default, Debug, Deserialize)]
#[serde(default)]
struct Authorizer {
    customer: Option<Values>,
    expires: Option<Values>,
}

/// What is read of the stage's variables.
#[derive(Default, Debug, Deserialize)]
#[serde(default)]
struct StageVariables {
    callers: Option<Values>,
    origin: Option<Values>,
}

#[derive(Default, Debug, Deserialize)]
#[serde(default)]
struct Http {
    method: Option<String>,
    path: Option<String>,
}

impl From<ProxyRequest> for Request {
    /// The request has the method, the path as its URI, all values of each header and parameter, and of the request context the
    /// id and the time.
    ///
    /// It is not made by `lambda_http`, which builds the URI of headers that the client sends and panics where that is none, as it
    /// does where a body is not the base64 that it is said to be; and which keeps only the last value of a repeated header.
    fn from(event: ProxyRequest) -> Self {
        let foreign = event.foreign();
        let query = event.query();
        let here = event.request_context.unwrap_or_default();
        let stage = event.stage_variables.unwrap_or_default();
        let authorizer = here.authorizer.unwrap_or_default();
        let called = Called {
            callers: stage.callers.map(Values::one),
            customer: authorizer.customer.map(Values::one),
            expires: authorizer.expires.map(Values::one),
        };
        let http = here.http.unwrap_or_default();
        let mut context = ApiGatewayProxyRequestContext::default();
        context.request_id = here.request_id;
        let taken = here.request_time_epoch.or(here.time_epoch);
        context.request_time_epoch = taken.unwrap_or(0);
        let is_base64 = event.is_base64_encoded.unwrap_or_default();
        let (body, unreadable) = match event.body {
            None => (Body::Empty, None),
            Some(BodyText::Text(text)) if !is_base64 => (Body::Text(text), None),
            Some(BodyText::Text(text)) => match STANDARD.decode(text) {
                Ok(bytes) => (Body::Binary(bytes), None),
                Err(_) => (
                    Body::Empty,
                    Some("The event says that its body is base64, and it is not."),
                ),
            },
            Some(BodyText::Other(_)) => (
                Body::Empty,
                Some("The event's body is no text: write the JSON as a string."),
            ),
        };
        let path_parameters = event.path_parameters.unwrap_or_default().into_iter();
        let path_parameters: HashMap<_, _> = path_parameters
            .map(|(name, values)| (name, values.0))
            .collect();
        let mut request = Self::new(body)
            .with_request_context(RequestContext::ApiGatewayV1(context))
            .with_path_parameters(path_parameters)
            .with_query_string_parameters(query);
        request.extensions_mut().insert(called);
        if let Some(origin) = stage.origin.map(Values::one) {
            request.extensions_mut().insert(AllowedOrigin(origin));
        }
        if event.smoke {
            request.extensions_mut().insert(Smoke);
        }
        if let Some(why) = unreadable {
            request.extensions_mut().insert(Unreadable(why));
        }
        if let Some(what) = foreign {
            request.extensions_mut().insert(Foreign(what));
        }
        let method = event.http_method.or(http.method);
        if let Some(method) = method.and_then(|method| method.parse().ok()) {
            *request.method_mut() = method;
        }
        let path = event.path.or(event.raw_path).or(http.path);
        if let Some(path) = path.and_then(|path| path.try_into().ok()) {
            *request.uri_mut() = path;
        }
        // A REST API sends both, the others and the hand of a developer one.
        let single = || Headers::of_single(event.headers.as_deref());
        let all = event
            .multi_value_headers
            .filter(|headers| !headers.0.is_empty());
        *request.headers_mut() = all.unwrap_or_else(single).0;
        request
    }
}

impl ProxyRequest {
    /// Every parameter of the query with its values. A REST API decodes them; of an HTTP API only the raw query tells two values
    /// from one with a comma; and a load balancer decodes nothing.
    fn query(&self) -> HashMap<String, Vec<String>> {
        let is_raw = |context: &Context| context.elb.is_some();
        let (all, single) = (
            &self.multi_value_query_string_parameters,
            &self.query_string_parameters,
        );
        let map = [all, single]
            .into_iter()
            .flatten()
            .find(|map| !map.is_empty());
        let pairs = map.into_iter().flatten();
        let raw = match (&self.raw_query_string, map) {
            (Some(raw), _) if !raw.is_empty() => raw.clone(),
            (_, Some(_)) if self.request_context.as_ref().is_some_and(is_raw) => {
                let raw = pairs.flat_map(|(name, values)| {
                    values.0.iter().map(move |value| format!("{name}={value}&"))
                });
                raw.collect()
            }
            _ => {
                // `lambda_http` panics at a parameter without a value.
                let pairs = pairs.filter(|(_, values)| !values.0.is_empty());
                return pairs
                    .map(|(name, values)| (name.clone(), values.0.clone()))
                    .collect();
            }
        };
        let mut query: HashMap<String, Vec<String>> = HashMap::new();
        for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
            query
                .entry(name.into_owned())
                .or_default()
                .push(value.into_owned());
        }
        query
    }

    /// What the event is, where it is no request.
    fn foreign(&self) -> Option<&'static str> {
        let is_request = self.http_method.is_some()
            || self.headers.is_some()
            || self.multi_value_headers.is_some()
            || self.query_string_parameters.is_some()
            || self.path_parameters.is_some()
            || self.body.is_some()
            || self
                .request_context
                .as_ref()
                .is_some_and(|context| context.http.is_some());
        if is_request {
            return None;
        }
        Some(if self.records.is_some() {
            "The event is a batch of records, and not a request to the API."
        } else if self.detail_type.is_some() {
            "The event is one of EventBridge, and not a request to the API."
        } else if self.customer_id.is_some() {
            "The event is an order without a request around it: it belongs into the event's body, as text."
        } else {
            "The event is not a request to the API: it has neither headers nor a body."
        })
    }
}

/// The origin whose pages may read the answers (the stage variable `origin`).
#[derive(Clone)]
pub(crate) struct AllowedOrigin(pub(crate) String);

/// The request is a smoke test's.
#[derive(Clone, Copy)]
pub(crate) struct Smoke;

/// Why the body of a request cannot be read.
#[derive(Clone, Copy)]
pub(crate) struct Unreadable(pub(crate) &'static str);

/// What the event is, where it is no request.
#[derive(Clone, Copy)]
pub(crate) struct Foreign(pub(crate) &'static str);

/// A body as text, or as something else, which only a hand writes.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum BodyText {
    Text(String),
    Other(IgnoredAny),
}

/// The values of a header or a parameter: a list, or one alone.
#[derive(Default, Debug)]
struct Values(Vec<String>);

impl Values {
    /// What stands where one value belongs: nothing, where there are several.
    fn one(self) -> String {
        <[String; 1]>::try_from(self.0).map_or_else(|_| String::new(), |[one]| one)
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self::default())
    }
}

impl<'de> Visitor<'de> for Values {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or a list of values")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(mut self, value: &str) -> Result<Self, E> {
        self.0.push(value.to_owned());
        Ok(self)
    }

    fn visit_string<E>(mut self, value: String) -> Result<Self, E> {
        self.0.push(value);
        Ok(self)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self, E> {
        self.visit_string(value.to_string())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self, E> {
        self.visit_string(value.to_string())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self, E> {
        self.visit_string(value.to_string())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self, E> {
        self.visit_string(value.to_string())
    }

    fn visit_seq<S: SeqAccess<'de>>(mut self, mut values: S) -> Result<Self, S::Error> {
        while let Some(Self(more)) = values.next_element()? {
            self.0.extend(more);
        }
        Ok(self)
    }
}

/// Headers, each with all its values.
#[derive(Default, Debug)]
struct Headers(HeaderMap);

impl Headers {
    /// Those of a map with one value a header.
    fn of_single(map: Option<&RawValue>) -> Self {
        let headers = map.and_then(|map| serde_json::from_str(map.get()).ok());
        headers.unwrap_or_default()
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
        while let Some((name, values)) = map.next_entry::<String, Values>()? {
            for value in values.0 {
                self.add(&name, value);
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
