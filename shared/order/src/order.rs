//! An order: what a customer wants, as the storefront sends it.

use std::{borrow::Cow, collections::BTreeSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    Currency, FieldError, Sku, currency,
    fields::{Errors, Field, MAX_INTEGER, STRING, broken_ascii_rule},
    sku::MAX_SKU,
    smoke,
};

/// The most lines an order has.
pub const MAX_LINES: usize = 1_000;

/// A customer, by an id that is unique within a deployment: 1 to 128 visible ASCII characters.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct CustomerId(String);

impl CustomerId {
    /// The id, if it keeps the rule.
    pub fn new(id: String) -> Option<Self> {
        Self::checked(id).ok()
    }

    /// The id.
    ///
    /// # Errors
    /// The rule that it breaks, as the rest of a sentence that starts with the field; for the client.
    pub fn checked(id: String) -> Result<Self, String> {
        match broken_ascii_rule(&id, 128) {
            Some(rule) => Err(rule),
            None => Ok(Self(id)),
        }
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

/// Where an order goes. All fields are free text of up to 256 characters; an empty one is absent.
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
    /// Reads a new order, with every rule checked.
    ///
    /// # Errors
    /// One entry for each field that breaks a rule (at most [`crate::fields::MAX_ERRORS`]); for the client.
    pub fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        Self::new(value, false)
    }

    /// Reads a new smoke order ([`crate::smoke`]), with every rule checked.
    ///
    /// # Errors
    /// As [`Self::from_json`]; another customer than the reserved one too.
    pub fn smoke_from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        Self::new(value, true)
    }

    fn new(value: Value, is_smoke: bool) -> Result<Self, Vec<FieldError>> {
        let order = Self::read(value, Currency::from_code)?;
        if order.is_smoke() == is_smoke {
            return Ok(order);
        }
        Err(vec![FieldError {
            pointer: "/customer_id".to_owned(),
            message: smoke::RESERVED.to_owned(),
        }])
    }

    fn read(value: Value, currencies: Currencies) -> Result<Self, Vec<FieldError>> {
        let mut errors = Errors::default();
        let order = read_order(Field::root(value, &mut errors), currencies);
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

    /// Where it goes, if the order says so.
    pub fn ship_to(&self) -> Option<&ShipTo> {
        self.ship_to.as_ref()
    }

    /// The sum over all lines of quantity × unit price, in the currency's minor unit; at most 2^53 − 1.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The different products in the order, as they were sent.
    pub fn skus(&self) -> BTreeSet<&Sku> {
        self.lines.iter().map(OrderLine::sku).collect()
    }

    /// The names under which storage finds the order by product: each as it was sent and, where that differs, in its plain form
    /// ([`Sku::plain`]).
    pub fn product_names(&self) -> BTreeSet<Cow<'_, str>> {
        let mut names = BTreeSet::new();
        for sku in self.lines.iter().map(OrderLine::sku) {
            names.insert(Cow::Borrowed(sku.as_str()));
            if let Some(plain) = sku.other_plain() {
                names.insert(plain);
            }
        }
        names
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

    /// Reads an order that was accepted once, maybe in a currency that is not in use any more.
    fn try_from(value: Value) -> Result<Self, Self::Error> {
        Self::read(value, Currency::from_any_code).map_err(|errors| {
            errors
                .iter()
                .map(FieldError::without_content)
                .collect::<Vec<_>>()
                .join("; ")
        })
    }
}

/// Finds a currency by its code.
type Currencies = fn(&str) -> Option<Currency>;

fn read_order(field: Field<'_>, currencies: Currencies) -> Option<Order> {
    let mut members = field.object()?;
    let customer_id = members.required("customer_id", read_customer_id);
    let currency = members.required("currency", |field| read_currency(field, currencies));
    let lines = members.required("lines", read_lines);
    let ship_to = members.optional("ship_to", read_ship_to);
    members.close();
    let (lines, total) = lines?;
    Some(Order {
        currency: currency?,
        customer_id: customer_id?,
        lines,
        ship_to,
        total,
    })
}

fn read_customer_id(field: Field<'_>) -> Option<CustomerId> {
    let Some(id) = field.value.as_str() else {
        return field.refuse_type(STRING);
    };
    match CustomerId::checked(id.to_owned()) {
        Ok(id) => Some(id),
        Err(rule) => field.refuse(rule),
    }
}

fn read_currency(field: Field<'_>, currencies: Currencies) -> Option<Currency> {
    let Some(code) = field.value.as_str() else {
        return field.refuse_type(STRING);
    };
    let rule = match currencies(code) {
        Some(currency) => return Some(currency),
        None => currency::refusal(code),
    };
    field.refuse(rule)
}

fn read_lines(mut field: Field<'_>) -> Option<(Vec<OrderLine>, u64)> {
    let lines = match field.value.take() {
        Value::Array(lines) => lines,
        other => {
            field.value = other;
            return field.refuse_type("an array");
        }
    };
    if lines.is_empty() {
        return field.refuse("must hold at least 1 line");
    }
    if lines.len() > MAX_LINES {
        return field.refuse(format!("must hold at most {MAX_LINES} lines"));
    }
    let mut read = Some(Vec::with_capacity(lines.len()));
    let mut total = 0;
    for (at, line) in lines.into_iter().enumerate() {
        match read_line(field.child(at, line)) {
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
        return field.refuse(format!("must not cost more than {MAX_INTEGER} in total"));
    }
    read.map(|lines| (lines, total))
}

/// What to say where an amount is a fraction.
const MINOR_UNIT: &str = "; an amount counts the currency's minor unit: 255, not 2.55";

fn read_line(field: Field<'_>) -> Option<(OrderLine, u64)> {
    let mut members = field.object()?;
    let sku = members.required("sku", |field| field.text(MAX_SKU).map(Sku::of_checked));
    let description = members.optional("description", |field| field.text(512));
    let quantity = members.required("quantity", |field| field.integer(1, ""));
    let unit_price = members.required("unit_price", |field| field.integer(0, MINOR_UNIT));
    let line = members.close();
    let (quantity, unit_price) = (quantity?, unit_price?);
    let amount = quantity
        .checked_mul(unit_price)
        .filter(|amount| *amount <= MAX_INTEGER)
        .or_else(|| {
            line.refuse(format!(
                "quantity × unit_price must be at most {MAX_INTEGER}"
            ))
        });
    let line = OrderLine {
        description,
        quantity,
        sku: sku?,
        unit_price,
    };
    Some((line, amount?))
}

fn read_ship_to(field: Field<'_>) -> Option<ShipTo> {
    let mut members = field.object()?;
    let mut text = |name| members.optional(name, |field| field.text(256));
    let ship_to = ShipTo {
        city: text("city"),
        country: text("country"),
        line1: text("line1"),
        line2: text("line2"),
        name: text("name"),
        postal_code: text("postal_code"),
        region: text("region"),
    };
    members.close();
    Some(ship_to)
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
