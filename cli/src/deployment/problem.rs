//! Refusals, as the service reports them: problem+json (RFC 9457).

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::{deployment::api::Answer, terminal::output::tame};

/// Why the service refused a request.
#[derive(Deserialize, Default, Debug)]
#[serde(default)]
pub(crate) struct Problem {
    r#type: String,
    title: String,
    detail: String,
    request_id: String,
    errors: Vec<Offence>,
    #[serde(skip)]
    status: u16,
}

#[derive(Deserialize, Default, Debug)]
#[serde(default)]
struct Offence {
    pointer: String,
    message: String,
}

impl Problem {
    /// The problem that an answer reports. A body that is no problem document gives one without a text.
    pub(crate) fn of(answer: &Answer) -> Self {
        let read = serde_json::from_slice::<Self>(&answer.body).unwrap_or_default();
        Self {
            status: answer.status,
            ..read
        }
    }

    /// The type's last part, such as `invalid-order`; the status for a problem without a type of its own.
    pub(crate) fn kind(&self) -> String {
        match self.r#type.as_str() {
            "" | "about:blank" if self.title.is_empty() => format!("HTTP {}", self.status),
            "" | "about:blank" => format!("HTTP {} {}", self.status, tame(&self.title)),
            uri => tame(uri.rsplit([':', '/']).next().unwrap_or(uri)),
        }
    }

    /// The kind and the invalid fields, without positions in a list: the same text for all orders with the same faults.
    pub(crate) fn reason(&self) -> String {
        let fields: BTreeSet<String> = self.errors.iter().map(Offence::field).collect();
        std::iter::once(self.kind())
            .chain(fields)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The whole problem, for the operator to read.
    pub(crate) fn readable(&self) -> String {
        let title = if self.title.is_empty() {
            "The service did not say why"
        } else {
            &self.title
        };
        let mut lines = vec![format!(
            "{} (HTTP {}, {})",
            tame(title),
            self.status,
            self.kind()
        )];
        if !self.detail.is_empty() {
            lines.push(tame(&self.detail));
        }
        for Offence { pointer, message } in &self.errors {
            let place = if pointer.is_empty() {
                "the order"
            } else {
                pointer
            };
            lines.push(format!("{}: {}", tame(place), tame(message)));
        }
        if !self.request_id.is_empty() {
            lines.push(format!("request id {}", tame(&self.request_id)));
        }
        lines.join("\n  ")
    }
}

impl Offence {
    fn field(&self) -> String {
        let parts = self.pointer.split('/').map(|part| {
            let is_position = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            if is_position {
                "*".to_owned()
            } else {
                tame(part)
            }
        });
        let field = parts.collect::<Vec<_>>().join("/");
        if field.is_empty() { "/".into() } else { field }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problem(status: u16, body: &str) -> Problem {
        Problem::of(&Answer {
            status,
            body: body.as_bytes().to_vec(),
        })
    }

    #[test]
    fn a_reason_names_each_field_once_whatever_the_line() {
        let body = json!({
            "type": "urn:sluice:problem:invalid-order", "title": "The order is not valid", "status": 422,
            "detail": "Each entry …", "request_id": "r-1",
            "errors": [
                {"pointer": "/lines/0/quantity", "message": "must be an integer"},
                {"pointer": "/lines/17/quantity", "message": "must be an integer"},
                {"pointer": "/customer_id", "message": "is required"},
                {"pointer": "", "message": "must be an object"},
            ],
        });
        let problem = problem(422, &body.to_string());
        assert_eq!(
            problem.reason(),
            "invalid-order / /customer_id /lines/*/quantity"
        );
        assert_eq!(
            problem.readable(),
            "The order is not valid (HTTP 422, invalid-order)\n  Each entry …\
             \n  /lines/0/quantity: must be an integer\n  /lines/17/quantity: must be an integer\
             \n  /customer_id: is required\n  the order: must be an object\n  request id r-1"
        );
    }

    #[test]
    fn an_answer_that_is_no_problem_document_is_told_by_its_status() {
        assert_eq!(problem(502, "<html>").reason(), "HTTP 502");
        let denied = r#"{"type":"about:blank","title":"ACCESS_DENIED"}"#;
        assert_eq!(problem(403, denied).reason(), "HTTP 403 ACCESS_DENIED");
    }
}
