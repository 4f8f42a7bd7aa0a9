//! Reads the query of a list.

use std::collections::BTreeMap;

use lambda_http::{Request, RequestExt};
use sluice_api::ParameterError;
use sluice_order::{
    Caller, CustomerId, ListQuery, Position, Secrets, Sku, Timestamp,
    fields::{MAX_ERRORS, are_one_name},
    listing::MAX_LIMIT,
    time::NotATimestamp,
};

/// Every parameter that there is.
const KNOWN: [&str; 7] = [
    "customer_id",
    "from",
    "to",
    "sku",
    "order",
    "limit",
    "cursor",
];

/// How many orders a page has where the client does not say.
const DEFAULT_LIMIT: usize = 20;

/// The query of a request, with every rule checked; errors name the parameter.
///
/// A customer who does not say whose orders lists his own.
pub(crate) fn read(
    request: &Request,
    caller: &Caller,
    secrets: &Secrets,
) -> Result<ListQuery, Vec<ParameterError>> {
    let mut parameters = Parameters::of(request);
    let customer_id = match caller {
        Caller::Customer(own) if !parameters.has("customer_id") => Some(own.clone()),
        _ => parameters.required("customer_id", customer),
    };
    let from = parameters.optional("from", time);
    let to = parameters.optional("to", time);
    let sku = parameters.optional("sku", |text| Sku::checked(text.to_owned()));
    let newest_first = parameters.optional("order", |text| match text {
        "desc" => Ok(true),
        "asc" => Ok(false),
        _ => Err("must be asc or desc".to_owned()),
    });
    let limit = parameters.optional("limit", |text| match text.parse() {
        Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        _ => Err(format!("must be an integer from 1 to {MAX_LIMIT}")),
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

fn customer(id: &str) -> Result<CustomerId, String> {
    let of_plus = |rule| {
        if id.contains(' ') {
            format!("{rule}; in a query + means a space, so write + as %2B")
        } else {
            rule
        }
    };
    CustomerId::checked(id.to_owned()).map_err(of_plus)
}

/// A time. In a query + means a space, and in front of an offset a space can only have been +.
fn time(text: &str) -> Result<Timestamp, String> {
    let parse = |text: &str| text.parse().map_err(|e: NotATimestamp| e.to_string());
    // Behind the date and its separator.
    match text.rsplit_once(' ').filter(|(front, _)| front.len() > 10) {
        Some((front, offset)) if offset.starts_with(['+', '-']) => {
            parse(&format!("{front}{offset}"))
        }
        Some((front, offset)) if offset.starts_with(|c: char| c.is_ascii_digit()) => {
            parse(&format!("{front}+{offset}"))
        }
        _ => parse(text),
    }
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
            match values[..] {
                [value] if has_another_in(value) => errors.push(error(
                    name,
                    "must not hold another parameter: write & between parameters, and nothing else",
                )),
                [value] => drop(left.insert(name, value)),
                _ => errors.push(error(name, "must be given once")),
            }
        }
        Self { left, errors }
    }

    /// Whether a parameter was sent, right or wrong.
    fn has(&self, name: &str) -> bool {
        self.left.contains_key(name) || self.errors.iter().any(|error| error.parameter == name)
    }

    /// Reads a parameter that must be there.
    fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        if !self.has(name) {
            self.errors.push(error(name, "is required"));
        }
        self.optional(name, read)
    }

    /// Reads a parameter that may be absent.
    fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match read(self.left.remove(name)?) {
            Ok(value) => Some(value),
            Err(rule) => {
                self.errors.push(error(name, &rule));
                None
            }
        }
    }

    /// All that was wrong, with an entry for whatever was not read.
    fn close(mut self) -> Vec<ParameterError> {
        for name in self.left.keys() {
            let rule = match KNOWN.iter().find(|known| are_one_name(known, name)) {
                Some(known) => &format!("is not a known parameter: it is written {known}"),
                None if name.starts_with("amp;") => {
                    "is not a known parameter: write & between parameters, not &amp;"
                }
                None => "is not a known parameter",
            };
            self.errors.push(error(name, rule));
        }
        self.errors
    }
}

/// Whether a value goes on with another parameter, because something else than & stands between the two, or because the query
/// was encoded twice.
fn has_another_in(value: &str) -> bool {
    let begins = |name: &&str| {
        value.match_indices(*name).any(|(at, name)| {
            let before = value[..at].trim_end().chars().next_back();
            before.is_some_and(|c| ",;?&".contains(c)) && value[at + name.len()..].starts_with('=')
        })
    };
    KNOWN.iter().any(begins)
}

/// The name is the client's, so no more than its start is repeated.
fn error(parameter: &str, message: &str) -> ParameterError {
    ParameterError {
        parameter: parameter.chars().take(64).collect(),
        message: message.to_owned(),
    }
}
