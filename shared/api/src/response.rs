//! What a function hands back to the API.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::Problem;

/// An answer, as API Gateway wants it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiResponse {
    status_code: u16,
    headers: BTreeMap<&'static str, String>,
    body: String,
    is_base64_encoded: bool,
}

impl ApiResponse {
    /// An answer with a JSON body, which no cache may keep: orders are personal and change.
    pub fn json(status_code: u16, body: &impl Serialize) -> Self {
        match serde_json::to_string(body) {
            Ok(body) => Self {
                status_code,
                headers: BTreeMap::from([
                    ("content-type", "application/json".to_owned()),
                    ("cache-control", "no-store".to_owned()),
                ]),
                body,
                is_base64_encoded: false,
            },
            // No type that is answered with can fail to be written; if one ever does, the client hears so.
            Err(_) => Self {
                status_code: 500,
                headers: BTreeMap::new(),
                body: String::new(),
                is_base64_encoded: false,
            },
        }
    }

    /// An error, as `application/problem+json` (RFC 9457).
    pub fn problem(problem: &Problem<'_>) -> Self {
        Self::json(problem.status, problem).with_header("content-type", "application/problem+json")
    }

    /// The answer with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    /// The HTTP status.
    pub fn status_code(&self) -> u16 {
        self.status_code
    }
}
