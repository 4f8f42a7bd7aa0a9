//! A place in what a database holds: first come the orders by their keys, then the rejections by theirs.

use std::{fmt, str::FromStr};

use sluice_order::OrderId;
use sluice_store::{Found, Part, Rejection, StoreError, StoredOrder};

use crate::row::{fingerprint, not_ours};

/// How many records are read at once. Each may have 400 KB.
pub const PART: u32 = 100;

/// Where to go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// Behind the order with this key; the first order is behind the empty text.
    Orders(String),
    /// Behind the rejection with this key, fingerprint and hash; the first one is behind three empty texts.
    Rejections(String, String, String),
}

impl Place {
    /// The place that a text names; the beginning if there is none.
    ///
    /// # Errors
    /// It names none.
    pub fn of(text: Option<&str>) -> Result<Self, StoreError> {
        text.map_or(Ok(Self::Orders(String::new())), str::parse)
    }
}

/// As the command shows it, and takes it again.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Orders(key) => write!(f, "orders,{key}"),
            Self::Rejections(key, fingerprint, hash) => {
                write!(f, "rejections,{key},{fingerprint},{hash}")
            }
        }
    }
}

impl FromStr for Place {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let parts: Vec<&str> = text.split(',').collect();
        match parts[..] {
            ["orders", key] => Ok(Self::Orders(key.to_owned())),
            ["rejections", key, fingerprint, hash] => {
                let [key, fingerprint, hash] = [key, fingerprint, hash].map(str::to_owned);
                Ok(Self::Rejections(key, fingerprint, hash))
            }
            _ => Err(not_ours(())),
        }
    }
}

fn is_full(records: usize) -> bool {
    records >= usize::try_from(PART).unwrap_or(usize::MAX)
}

fn key(id: &OrderId) -> String {
    id.key().to_string()
}

/// A part of the orders. Behind the last of them are the rejections.
pub fn part_of_orders(orders: Vec<StoredOrder>) -> Part {
    let last = orders.last().filter(|_| is_full(orders.len()));
    let next = match last {
        Some(last) => Place::Orders(key(&last.order_id)),
        None => Place::Rejections(String::new(), String::new(), String::new()),
    };
    Part {
        next: Some(next.to_string()),
        records: orders.into_iter().map(Box::new).map(Found::Order).collect(),
    }
}

/// A part of the rejections.
pub fn part_of_rejections(rejections: Vec<Rejection>) -> Part {
    let last = rejections.last().filter(|_| is_full(rejections.len()));
    let next = last.map(|last| {
        let hash = last.content.as_ref().map(|(_, hash, _)| hash.to_string());
        let (key, fingerprint) = (key(&last.order_id), fingerprint(&last.order_id));
        Place::Rejections(key, fingerprint, hash.unwrap_or_default()).to_string()
    });
    let records = rejections.into_iter().map(Box::new);
    Part {
        next,
        records: records.map(Found::Rejection).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_shown() {
        for text in [
            "orders,",
            "orders,AQEBAQEBAQEB",
            "rejections,,,",
            "rejections,AQ,00ff,v1:x",
        ] {
            assert_eq!(Place::of(Some(text)).unwrap().to_string(), text);
        }
        assert_eq!(Place::of(None).unwrap(), Place::Orders(String::new()));
        for text in ["", "orders", "orders,a,b", "letters,a"] {
            assert!(Place::of(Some(text)).is_err(), "{text}");
        }
    }
}
