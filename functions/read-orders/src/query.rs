//! Reads the query of a list.

use std::collections::BTreeMap;

use sluice_api::{ApiRequest, ParameterError};
use sluice_order::{CustomerId, ListQuery, Position, Secrets, Sku, Timestamp, listing::MAX_LIMIT};

/// How many orders a page has where the client does not say.
const DEFAULT_LIMIT: usize = 20;

/// The query of a request, with every rule checked; errors name the parameter.
pub(crate) fn read(
    request: &ApiRequest,
    secrets: &Secrets,
) -> Result<ListQuery, Vec<ParameterError>> {
    let mut errors = Vec::new();
    let mut parameters = BTreeMap::new();
    for (name, values) in request.query() {
        if let [value] = values {
            parameters.insert(name, value.as_str());
        } else {
            errors.push(error(name, "must be given once"));
        }
    }
    let customer_id = parameters
        .remove("customer_id")
        .and_then(|id| CustomerId::new(id.to_owned()));
    if customer_id.is_none() {
        errors.push(error(
            "customer_id",
            "is required: 1 to 128 visible ASCII characters",
        ));
    }
    let mut parse = |name: &str, rule: &str, parsed: &mut dyn FnMut(&str) -> bool| {
        if parameters.remove(name).is_some_and(|value| !parsed(value)) {
            errors.push(error(name, rule));
        }
    };
    let (mut from, mut to) = (Timestamp::MIN, Timestamp::MAX);
    for (name, time) in [("from", &mut from), ("to", &mut to)] {
        parse(
            name,
            &sluice_order::time::NotATimestamp.to_string(),
            &mut |text| text.parse().map(|parsed| *time = parsed).is_ok(),
        );
    }
    let mut sku = None;
    parse("sku", "must have 1 to 64 characters", &mut |text| {
        sku = Sku::new(text.to_owned());
        sku.is_some()
    });
    let mut newest_first = true;
    parse("order", "must be asc or desc", &mut |text| {
        newest_first = text == "desc";
        newest_first || text == "asc"
    });
    let mut limit = DEFAULT_LIMIT;
    parse(
        "limit",
        &format!("must be an integer from 1 to {MAX_LIMIT}"),
        &mut |text| {
            text.parse().is_ok_and(|n| {
                limit = n;
                (1..=MAX_LIMIT).contains(&n)
            })
        },
    );
    let cursor = parameters.remove("cursor");
    errors.extend(
        parameters
            .keys()
            .map(|name| error(name, "is not a known parameter")),
    );
    if from > to {
        errors.push(error("from", "must not be later than to"));
    }
    let (Some(customer_id), true) = (customer_id, errors.is_empty()) else {
        errors.truncate(sluice_order::fields::MAX_ERRORS);
        return Err(errors);
    };
    let mut query = ListQuery {
        customer_id,
        from,
        to,
        sku,
        newest_first,
        limit,
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

/// The name is the client's, so no more than its start is repeated.
fn error(parameter: &str, message: &str) -> ParameterError {
    ParameterError {
        parameter: parameter.chars().take(64).collect(),
        message: message.to_owned(),
    }
}
