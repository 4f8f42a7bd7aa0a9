//! A place in what a database holds: first come the orders by their keys, then the rejections by theirs.

use std::{fmt, str::FromStr};

use sluice_order::OrderKey;
use sluice_store::{Found, Part, ReadError, StoreError};

/// How many records are read at once. An order has up to 255 KiB, so a part has up to 5 MiB. MySQL gives it 2 s
/// (`session.rs` of `sluice-mysql`), and so does PostgreSQL if the functions' role reads it.
pub const PART: usize = 20;

/// The key of a row. As a mark it says where to go on: behind it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// The order with this key; the first order is behind the empty text.
    Orders(String),
    /// The rejection with this key, fingerprint and hash; the first one is behind three empty texts.
    Rejections(String, String, String),
}

impl Place {
    /// The place that a mark names; the beginning if there is none.
    ///
    /// # Errors
    /// [`ReadError::NoPlace`].
    pub fn of(mark: Option<&str>) -> Result<Self, ReadError> {
        mark.map_or(Ok(Self::Orders(String::new())), str::parse)
    }

    /// Before the first rejection.
    pub fn first_rejection() -> Self {
        Self::Rejections(String::new(), String::new(), String::new())
    }

    fn key(&self) -> &str {
        match self {
            Self::Orders(key) | Self::Rejections(key, ..) => key,
        }
    }

    /// The row's name for whoever has to mend it.
    fn row(&self) -> String {
        match self {
            Self::Orders(key) => format!("the row of orders with order_key {key:?}"),
            Self::Rejections(key, fingerprint, hash) => format!(
                "the row of rejections with order_key {key:?}, fingerprint {fingerprint:?} and content_hash {hash:?}"
            ),
        }
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
    type Err = ReadError;

    fn from_str(mark: &str) -> Result<Self, ReadError> {
        let parts: Vec<&str> = mark.split(',').collect();
        let place = match parts[..] {
            ["orders", key] => Self::Orders(key.to_owned()),
            ["rejections", key, fingerprint, hash] => {
                let [key, fingerprint, hash] = [key, fingerprint, hash].map(str::to_owned);
                Self::Rejections(key, fingerprint, hash)
            }
            _ => return Err(ReadError::NoPlace),
        };
        let key = place.key();
        if !key.is_empty() && key.parse::<OrderKey>().is_err() {
            return Err(ReadError::NoPlace);
        }
        Ok(place)
    }
}

/// A part, from rows of one table: the key of each, and what was read of it. Behind a part that is not full comes `rest`.
///
/// # Errors
/// [`ReadError::Foreign`]: a row cannot be read, or is under another key than its own.
pub fn part(
    rows: Vec<(Place, Result<Found, StoreError>)>,
    rest: Option<Place>,
) -> Result<Part, ReadError> {
    let last = rows.last().filter(|_| rows.len() >= PART);
    let next = last.map(|(place, _)| place.clone()).or(rest);
    let records = rows.into_iter().map(|(place, found)| {
        let found = found.ok();
        let ours = found.filter(|found| found.order_id().key().to_string() == place.key());
        ours.ok_or_else(|| ReadError::Foreign(place.row()))
    });
    Ok(Part {
        records: records.collect::<Result<_, _>>()?,
        next: next.map(|place| place.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::rejection;

    const KEY: &str = "AQEBAQEBAQEBAQEB";
    const ID: &str = "ord_AQEBAQEBAQEBAQEBAAAAAAAAAAAAAAAA";

    #[test]
    fn a_place_is_read_as_it_was_shown() {
        for mark in [
            "orders,",
            &format!("orders,{KEY}"),
            "rejections,,,",
            &format!("rejections,{KEY},00ff,v1:x"),
        ] {
            assert_eq!(Place::of(Some(mark)).unwrap().to_string(), mark);
        }
        assert_eq!(Place::of(None).unwrap(), Place::Orders(String::new()));
        for mark in [
            "",
            "orders",
            "orders,a,b",
            "orders,no-key",
            "letters,a",
            "rejections,no-key,,",
            &format!("{KEY} order"),
        ] {
            let no_place = matches!(Place::of(Some(mark)), Err(ReadError::NoPlace));
            assert!(no_place, "{mark}");
        }
    }

    #[test]
    fn a_row_that_is_not_ours_is_named() {
        let found = |reason| {
            let read = rejection(ID, reason, sluice_order::Timestamp::MIN, None);
            read.map(Box::new).map(Found::Rejection)
        };
        let place = |key: &str| Place::Rejections(key.to_owned(), "00".to_owned(), String::new());
        let whole = part(vec![(place(KEY), found("PANIC"))], None).unwrap();
        assert_eq!((whole.records.len(), whole.next), (1, None));
        for (key, reason) in [(KEY, "no reason"), ("another-key", "PANIC")] {
            let rows = vec![(place(KEY), found("PANIC")), (place(key), found(reason))];
            let why = part(rows, None).unwrap_err();
            assert!(matches!(why, ReadError::Foreign(_)), "{why}");
            let named = format!("the row of rejections with order_key {key:?}");
            assert!(why.to_string().starts_with(&named), "{why}");
        }
    }
}
