//! An order: what a customer wants, as the storefront sends it.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    Currency, FieldError,
    fields::{Errors, MAX_INTEGER, Members, integer, text},
};

/// The most lines an order has.
pub const MAX_LINES: usize = 1_000;

/// A customer, by an id that is unique within a deployment: 1 to 128 visible ASCII characters.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct CustomerId(String);

impl CustomerId {
    /// The id, if it keeps the rule.
    pub fn new(id: String) -> Option<Self> {
        ((1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()))
            .then_some(Self(id))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The `MessageGroupId` of the customer's orders: a hash, since SNS refuses many characters. Queues
    /// with fair delivery keep one customer's bulk from delaying the others.
    pub fn message_group(&self) -> String {
        let hash: [u8; 32] = Sha256::digest(self.0.as_bytes()).into();
        URL_SAFE_NO_PAD.encode(&hash[..16])
    }
}

/// A product, by its stock keeping unit: 1 to 64 characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Sku(String);

impl Sku {
    /// The unit, if it keeps the rule.
    pub fn new(sku: String) -> Option<Self> {
        text(Value::String(sku), 64, "", &mut Errors::default()).map(Self)
    }

    /// The unit as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A valid order. It can only be built from content that keeps every rule.
///
/// The fields stand in alphabetical order, here and in what it holds: so written as JSON it is in
/// canonical form (RFC 8785), which [`crate::ContentHash`] builds on and a test compares.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct Order {
    currency: Currency,
    customer_id: CustomerId,
    lines: Vec<OrderLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ship_to: Option<ShipTo>,
    #[serde(skip)]
    total: u64,
}

/// One product of an order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OrderLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    quantity: u64,
    sku: Sku,
    unit_price: u64,
}

/// Where an order goes. All fields are free text of up to 256 characters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ShipTo {
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line2: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
}

impl Order {
    /// Reads an order, with every rule checked.
    ///
    /// # Errors
    /// One entry for each field that breaks a rule (at most [`crate::fields::MAX_ERRORS`]); for the client.
    pub fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let mut errors = Errors::default();
        let order = read_order(value, &mut errors);
        errors.unless_any(order)
    }

    /// Who ordered.
    pub fn customer_id(&self) -> &CustomerId {
        &self.customer_id
    }

    /// The currency of all amounts.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The lines, in the order sent.
    pub fn lines(&self) -> &[OrderLine] {
        &self.lines
    }

    /// The sum over all lines of quantity × unit price, in the currency's minor unit; at most 2^53 − 1.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The different products in the order.
    pub fn skus(&self) -> BTreeSet<&Sku> {
        self.lines.iter().map(OrderLine::sku).collect()
    }
}

impl OrderLine {
    /// The product.
    pub fn sku(&self) -> &Sku {
        &self.sku
    }
}

impl TryFrom<Value> for Order {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        Self::from_json(value).map_err(|errors| {
            errors
                .iter()
                .map(FieldError::without_content)
                .collect::<Vec<_>>()
                .join("; ")
        })
    }
}

fn read_order(value: Value, errors: &mut Errors) -> Option<Order> {
    let mut members = Members::of(value, "", errors)?;
    let customer_id = members.required("customer_id", errors, read_customer_id);
    let currency = members.required("currency", errors, |v, p, e| read_currency(&v, p, e));
    let lines = members.required("lines", errors, read_lines);
    let ship_to = members.optional("ship_to", errors, read_ship_to);
    members.close(errors);
    let (lines, total) = lines?;
    Some(Order {
        currency: currency?,
        customer_id: customer_id?,
        lines,
        ship_to,
        total,
    })
}

fn read_customer_id(value: Value, pointer: &str, errors: &mut Errors) -> Option<CustomerId> {
    let id = match value {
        Value::String(id) => CustomerId::new(id),
        _ => None,
    };
    if id.is_none() {
        errors.add(
            pointer,
            "must be a string of 1 to 128 visible ASCII characters",
        );
    }
    id
}

fn read_currency(value: &Value, pointer: &str, errors: &mut Errors) -> Option<Currency> {
    let currency = value.as_str().and_then(Currency::from_code);
    if currency.is_none() {
        errors.add(pointer, "must be an ISO 4217 currency code, such as EUR");
    }
    currency
}

fn read_lines(value: Value, pointer: &str, errors: &mut Errors) -> Option<(Vec<OrderLine>, u64)> {
    let lines = match value {
        Value::Array(lines) if (1..=MAX_LINES).contains(&lines.len()) => lines,
        _ => {
            errors.add(
                pointer,
                format!("must be an array of 1 to {MAX_LINES} lines"),
            );
            return None;
        }
    };
    let mut read = Some(Vec::with_capacity(lines.len()));
    let mut total = 0;
    for (at, line) in lines.into_iter().enumerate() {
        match read_line(line, &format!("{pointer}/{at}"), errors) {
            Some((line, amount)) => {
                // Each is below 2^53, so a thousand of them cannot overflow 64 bits.
                total += amount;
                if let Some(lines) = &mut read {
                    lines.push(line);
                }
            }
            None => read = None,
        }
    }
    if total > MAX_INTEGER {
        errors.add(
            pointer,
            format!("must not cost more than {MAX_INTEGER} in total"),
        );
    }
    read.map(|lines| (lines, total))
}

fn read_line(value: Value, pointer: &str, errors: &mut Errors) -> Option<(OrderLine, u64)> {
    let mut members = Members::of(value, pointer, errors)?;
    let sku = members.required("sku", errors, |v, p, e| text(v, 64, p, e).map(Sku));
    let description = members.optional("description", errors, |v, p, e| text(v, 512, p, e));
    let quantity = members.required("quantity", errors, |v, p, e| integer(&v, 1, p, e));
    let unit_price = members.required("unit_price", errors, |v, p, e| integer(&v, 0, p, e));
    members.close(errors);
    let (quantity, unit_price) = (quantity?, unit_price?);
    let amount = quantity
        .checked_mul(unit_price)
        .filter(|amount| *amount <= MAX_INTEGER);
    if amount.is_none() {
        errors.add(
            pointer,
            format!("quantity × unit_price must be at most {MAX_INTEGER}"),
        );
    }
    let line = OrderLine {
        description,
        quantity,
        sku: sku?,
        unit_price,
    };
    Some((line, amount?))
}

fn read_ship_to(value: Value, pointer: &str, errors: &mut Errors) -> Option<ShipTo> {
    let mut members = Members::of(value, pointer, errors)?;
    let mut field = |name| members.optional(name, errors, |v, p, e| text(v, 256, p, e));
    let ship_to = ShipTo {
        city: field("city"),
        country: field("country"),
        line1: field("line1"),
        line2: field("line2"),
        name: field("name"),
        postal_code: field("postal_code"),
        region: field("region"),
    };
    members.close(errors);
    Some(ship_to)
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
