//! What the API hands to a function.

use std::{borrow::Cow, collections::HashMap};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

/// A request, as API Gateway describes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiRequest {
    path_parameters: Option<HashMap<String, String>>,
    multi_value_headers: Option<HashMap<String, Vec<String>>>,
    multi_value_query_string_parameters: Option<HashMap<String, Vec<String>>>,
    body: Option<String>,
    is_base64_encoded: bool,
    request_context: RequestContext,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RequestContext {
    request_id: Option<String>,
    request_time_epoch: Option<i64>,
}

impl ApiRequest {
    /// The id under which API Gateway logs the request and that the client sees in a header.
    pub fn request_id(&self) -> &str {
        self.request_context.request_id.as_deref().unwrap_or("")
    }

    /// When API Gateway took the request, in milliseconds since 1970.
    pub fn taken_ms(&self) -> Option<i64> {
        self.request_context.request_time_epoch
    }

    /// A part of the path that the resource names, decoded.
    pub fn path_parameter(&self, name: &str) -> Option<&str> {
        self.path_parameters.as_ref()?.get(name).map(String::as_str)
    }

    /// All values of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.multi_value_headers
            .iter()
            .flatten()
            .filter(|(sent, _)| sent.eq_ignore_ascii_case(name))
            .flat_map(|(_, values)| values.iter().map(String::as_str))
            .collect()
    }

    /// The query's parameters with all their values, decoded, in no order.
    pub fn query(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.multi_value_query_string_parameters
            .iter()
            .flatten()
            .map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// The body's bytes; `None` where the event says base64 and it is not.
    pub fn body(&self) -> Option<Cow<'_, [u8]>> {
        let body = self.body.as_deref().unwrap_or("").as_bytes();
        if self.is_base64_encoded {
            STANDARD.decode(body).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(body))
        }
    }
}
