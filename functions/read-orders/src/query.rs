//! Reads the query of a list.

use std::collections::BTreeMap;

use lambda_http::{Request, RequestExt};
use sluice_api::ParameterError;
use sluice_order::{
    CustomerId, ListQuery, Position, Secrets, Sku, Timestamp, fields::MAX_ERRORS,
    listing::MAX_LIMIT, time::NotATimestamp,
};

/// How many orders a page has where the client does not say.
const DEFAULT_LIMIT: usize = 20;

/// The query of a request, with every rule checked; errors name the parameter.
pub(crate) fn read(request: &Request, secrets: &Secrets) -> Result<ListQuery, Vec<ParameterError>> {
    let time_rule = NotATimestamp.to_string();
    let limit_rule = format!("must be an integer from 1 to {MAX_LIMIT}");

    let mut parameters = Parameters::of(request);
    let customer_id = parameters.required(
        "customer_id",
        "is required: 1 to 128 visible ASCII characters",
        |id| CustomerId::new(id.to_owned()),
    );
    let from = parameters.optional("from", &time_rule, |text| text.parse().ok());
    let to = parameters.optional("to", &time_rule, |text| text.parse().ok());
    let sku = parameters.optional("sku", "must have 1 to 64 characters", |text| {
        Sku::new(text.to_owned())
    });
    let newest_first = parameters.optional("order", "must be asc or desc", |text| match text {
        "desc" => Some(true),
        "asc" => Some(false),
        _ => None,
    });
    let limit = parameters.optional("limit", &limit_rule, |text| {
        let limit = text.parse().ok()?;
        (1..=MAX_LIMIT).contains(&limit).then_some(limit)
    });
    let cursor = parameters.left.remove("cursor");
    let mut errors = parameters.close();

    let (from, to) = (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX));
    if from > to {
        errors.push(error("from", "must not be later than to"));
    }
    let (Some(customer_id), true) = (customer_id, errors.is_empty()) else {
        errors.truncate(MAX_ERRORS);
        return Err(errors);
    };
    let mut query = ListQuery {
        customer_id,
        from,
        to,
        sku,
        newest_first: newest_first.unwrap_or(true),
        limit: limit.unwrap_or(DEFAULT_LIMIT),
        after: None,
    };
    if let Some(cursor) = cursor {
        query.after = Position::from_cursor(cursor, &query, secrets);
        if query.after.is_none() {
            return Err(vec![error(
                "cursor",
                "is not a next_cursor of this query: pass it back unchanged, with all other parameters but limit as they were",
            )]);
        }
    }
    Ok(query)
}

/// The parameters of a query, which are taken out one by one. What is left at the end is unknown.
struct Parameters<'a> {
    left: BTreeMap<&'a str, &'a str>,
    errors: Vec<ParameterError>,
}

impl<'a> Parameters<'a> {
    fn of(request: &'a Request) -> Self {
        let mut sent: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let query = request.query_string_parameters_ref();
        for (name, value) in query.into_iter().flat_map(|query| query.iter()) {
            sent.entry(name).or_default().push(value);
        }
        let (mut left, mut errors) = (BTreeMap::new(), Vec::new());
        for (name, values) in sent {
            if let [value] = values[..] {
                left.insert(name, value);
            } else {
                errors.push(error(name, "must be given once"));
            }
        }
        Self { left, errors }
    }

    /// Reads a parameter that must be there.
    fn required<T>(
        &mut self,
        name: &str,
        rule: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.left.remove(name).and_then(read);
        if value.is_none() {
            self.errors.push(error(name, rule));
        }
        value
    }

    /// Reads a parameter that may be absent.
    fn optional<T>(
        &mut self,
        name: &str,
        rule: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let is_there = self.left.contains_key(name);
        is_there.then(|| self.required(name, rule, read)).flatten()
    }

    /// All that was wrong, with an entry for whatever was not read.
    fn close(mut self) -> Vec<ParameterError> {
        let unknown = self.left.keys();
        let unknown = unknown.map(|name| error(name, "is not a known parameter"));
        self.errors.extend(unknown);
        self.errors
    }
}

/// The name is the client's, so no more than its start is repeated.
fn error(parameter: &str, message: &str) -> ParameterError {
    ParameterError {
        parameter: parameter.chars().take(64).collect(),
        message: message.to_owned(),
    }
}
