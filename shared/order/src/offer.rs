//! Offers: the prices at which a customer may order.
//!
//! A customer's browser says what it likes, so nothing that it says of a price counts. The shop signs an *offer* for a product, and
//! the customer's order carries it. Nothing has to be looked up: the signature says that the price is the shop's.
//!
//! An offer is a JSON Web Token (RFC 7519) in the compact form of a JSON Web Signature (RFC 7515). Any library for them makes one:
//!
//! - header: `{"alg": "HS256", "typ": "offer+jwt", "kid": "1"}`. `kid` is the number of the secret. The algorithm is fixed, and so is the
//!   type: no other token of the shop passes for an offer (RFC 8725, sections 3.1 and 3.11).
//! - claims: `sku`, `unit_price` and `currency`, as in an order; `exp`, in Unix seconds. `description` and `max_quantity` are optional.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    CustomerId, FieldError, Order, Secrets, Timestamp, fields::MAX_ERRORS, json as unambiguous,
};

/// The longest offer, in bytes.
const MAX_OFFER: usize = 4 * 1024;

const ALGORITHM: &str = "HS256";
const TYPE: &str = "offer+jwt";

/// What an offer's header says, whatever it says beside.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
    /// Extensions that a reader must understand (RFC 7515, section 4.1.11). None is understood here.
    crit: Option<Value>,
}

/// What an offer says.
#[derive(Deserialize)]
struct Claims {
    sku: String,
    unit_price: u64,
    currency: String,
    exp: i64,
    description: Option<String>,
    max_quantity: Option<u64>,
}

/// Why a customer's order is refused.
#[derive(PartialEq, Eq, Debug)]
pub enum Refused {
    /// It names another customer.
    OtherCustomer,
    /// These fields break a rule.
    Fields(Vec<FieldError>),
}

/// Reads a customer's order. Its products and prices are those of its offers, and it is `customer`'s. What it says of them itself must
/// be the same, or absent.
///
/// # Errors
/// Why it is refused; for the client.
pub fn read_order(
    mut value: Value,
    customer: &CustomerId,
    secrets: &Secrets,
    now: Timestamp,
) -> Result<Order, Refused> {
    // What is no object is refused as any other order.
    if let Value::Object(order) = &mut value {
        if !is_or_becomes(order, "customer_id", customer.as_str().into()) {
            return Err(Refused::OtherCustomer);
        }
        price(order, secrets, now).map_err(Refused::Fields)?;
    }
    Order::from_json(value).map_err(Refused::Fields)
}

/// Signs an offer with these claims, as the shop does. Any other library for JSON Web Tokens makes the same.
pub fn sign(claims: &Value, secrets: &Secrets) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let kid = secrets.current().to_string();
    let header = json!({"alg": ALGORITHM, "typ": TYPE, "kid": kid});
    let signed = format!("{}.{}", part(&header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(secrets.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// The number of a secret that one of the order's offers was signed with and that is not among these.
pub fn unknown_secret(order: &Value, secrets: &Secrets) -> Option<u8> {
    let lines = order.get("lines")?.as_array()?;
    let offers = lines.iter().filter_map(|line| line.get("offer")?.as_str());
    let numbers = offers.filter_map(|offer| Some(Parts::of(offer)?.secret_number));
    numbers.into_iter().find(|number| !secrets.knows(*number))
}

/// Takes the offers out of the lines, and puts in what they say.
fn price(
    order: &mut Map<String, Value>,
    secrets: &Secrets,
    now: Timestamp,
) -> Result<(), Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut currencies = BTreeSet::new();
    let mut most = BTreeMap::new();
    let lines = order.get_mut("lines").and_then(Value::as_array_mut);
    let mut ordered: BTreeMap<String, u64> = BTreeMap::new();
    for (at, line) in lines.into_iter().flatten().enumerate() {
        // What is no object is refused as any other line.
        let Value::Object(line) = line else { continue };
        let mut refuse = |member: &str, message: String| {
            errors.push(FieldError {
                pointer: format!("/lines/{at}/{member}"),
                message,
            });
        };
        let claims = match line.remove("offer") {
            Some(Value::String(offer)) => open(&offer, secrets, now),
            Some(Value::Null) | None => Err("is required: a customer orders at the shop's price"),
            Some(_) => Err("must be a string"),
        };
        let claims = match claims {
            Ok(claims) => claims,
            Err(rule) => {
                refuse("offer", rule.to_owned());
                continue;
            }
        };
        let said: [(&str, Value); 3] = [
            ("sku", claims.sku.as_str().into()),
            ("unit_price", claims.unit_price.into()),
            ("description", claims.description.into()),
        ];
        for (member, value) in said {
            if !is_or_becomes(line, member, value) {
                refuse(member, "must be the offer's: leave it out".to_owned());
            }
        }
        // Several lines of one product count together.
        let quantity = line.get("quantity").and_then(Value::as_u64);
        let sum = ordered.entry(claims.sku.clone()).or_default();
        *sum = sum.saturating_add(quantity.unwrap_or_default());
        if let Some(max) = claims.max_quantity {
            let max = *most
                .entry(claims.sku)
                .and_modify(|m: &mut u64| *m = max.min(*m))
                .or_insert(max);
            if *sum > max {
                refuse(
                    "quantity",
                    format!("must be at most {max} in all of an order"),
                );
            }
        }
        currencies.insert(claims.currency);
    }
    let refuse = |message: &str| FieldError {
        pointer: "/currency".to_owned(),
        message: message.to_owned(),
    };
    if currencies.len() > 1 {
        errors.push(refuse("must be one: the offers have several"));
    } else if let Some(currency) = currencies.pop_first()
        && !is_or_becomes(order, "currency", currency.into())
    {
        errors.push(refuse("must be the offers': leave it out"));
    }
    errors.truncate(MAX_ERRORS);
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

/// Whether a member has this value. Where it is absent, it gets it; `null` as a value means that it must be absent.
fn is_or_becomes(object: &mut Map<String, Value>, name: &str, value: Value) -> bool {
    match object.get(name) {
        None | Some(Value::Null) => {
            object.remove(name);
            if !value.is_null() {
                object.insert(name.to_owned(), value);
            }
            true
        }
        Some(Value::String(text)) if text.is_empty() && value.is_null() => true,
        Some(found) => *found == value,
    }
}

/// What an offer says.
///
/// # Errors
/// What is wrong with it, as the rest of a sentence that starts with the offer; for the client.
fn open(offer: &str, secrets: &Secrets, now: Timestamp) -> Result<Claims, &'static str> {
    const FOREIGN: &str = "is not an offer of this shop";
    let parts = Parts::of(offer).ok_or(FOREIGN)?;
    if !secrets.signed(
        parts.secret_number,
        parts.signed.as_bytes(),
        &parts.signature,
    ) {
        return Err(FOREIGN);
    }
    // It is the shop's, so what is wrong now is the shop's mistake.
    let claims: Claims =
        part(parts.claims).ok_or("lacks a claim of an offer: the shop made it wrong")?;
    if claims.exp.saturating_mul(1_000) <= now.as_millis() {
        return Err("has ended: load the product's page again");
    }
    Ok(claims)
}

/// An offer, taken apart.
struct Parts<'a> {
    secret_number: u8,
    signed: &'a str,
    claims: &'a str,
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    /// `None` for what is no offer, whoever signed it.
    fn of(offer: &'a str) -> Option<Self> {
        if offer.len() > MAX_OFFER {
            return None;
        }
        let (signed, signature) = offer.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = part(header)?;
        if header.alg != ALGORITHM || header.typ != TYPE || header.crit.is_some() {
            return None;
        }
        Some(Self {
            secret_number: header.kid.parse().ok()?,
            signed,
            claims,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }
}

/// One part of a token: JSON in base64url, no member of it twice.
fn part<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    serde_json::from_value(unambiguous::parse(&bytes).ok()?).ok()
}

#[cfg(test)]
#[path = "offer_tests.rs"]
mod tests;
