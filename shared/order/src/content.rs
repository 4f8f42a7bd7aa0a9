//! What an order says: its canonical bytes, and 32 bytes that stand for them.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::{Order, hash::tagged_sha256};

/// An order in canonical form: the bytes that are hashed, and the same bytes that travel in its message.
///
/// An order cannot fail to be written: its keys are text, its numbers integers.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Canonical(Box<RawValue>);

impl Canonical {
    /// The canonical form of an order.
    pub fn of(order: &Order) -> Self {
        Self(to_raw_value(order).unwrap_or_default())
    }

    /// The form as text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The hash of these bytes.
    pub fn hash(&self) -> ContentHash {
        let bytes = self.as_str().as_bytes();
        ContentHash(tagged_sha256("sluice.order.content.v1", &[bytes]))
    }
}

impl PartialEq for Canonical {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// SHA-256 over the order's canonical content, version 1.
///
/// The content is RFC 8785 (JSON Canonicalization Scheme) over the parsed order: absent fields
/// omitted, lines in the order sent, strings unchanged. The version is part of the hashed bytes and of
/// the text form `v1:…`, so that a later form cannot be taken for this one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The hash of an order's content.
    pub fn of(order: &Order) -> Self {
        Canonical::of(order).hash()
    }

    /// The start of the hash, which the order id carries.
    pub fn fingerprint(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.0;
        [a, b, c, d]
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1:{}", URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ContentHash {
    type Err = NotAContentHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix("v1:")
            .and_then(|digits| URL_SAFE_NO_PAD.decode(digits).ok())
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or(NotAContentHash)
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for ContentHash {
    type Error = NotAContentHash;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// The text is no content hash of a version that is known here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a content hash of a known version")]
pub struct NotAContentHash;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn order(value: Value) -> Order {
        Order::from_json(value).unwrap()
    }

    /// Golden vectors. If one changes, orders that clients repeat across the deploy become conflicts:
    /// never change them, add a version.
    #[test]
    fn golden_vectors() {
        let small = order(json!({
            "customer_id": "c-1", "currency": "GBP",
            "lines": [{"sku": "85123A", "quantity": 6, "unit_price": 255}],
        }));
        assert_eq!(
            Canonical::of(&small).as_str(),
            r#"{"currency":"GBP","customer_id":"c-1","lines":[{"quantity":6,"sku":"85123A","unit_price":255}]}"#
        );
        assert_eq!(
            ContentHash::of(&small).to_string(),
            "v1:SudxmcfgqDSFAcRruqiKxF4J6sDi4aKwvj1kYrpAfsw"
        );
        let full = order(json!({
            "customer_id": "c-1", "currency": "JPY",
            "lines": [
                {"sku": "b\"\\/", "description": "tab\tline\u{2028}é😀 ", "quantity": 1, "unit_price": 9_007_199_254_740_991u64},
                {"sku": "a", "quantity": 2, "unit_price": 0},
            ],
            "ship_to": {"name": "n", "line1": "1", "line2": "2", "city": "c", "region": "r", "postal_code": "p", "country": "JP"},
        }));
        assert_eq!(
            ContentHash::of(&full).to_string(),
            "v1:Pimo9vTT6Zgk9GiTfsT-hvGhpa2nMbQ6gX4gQ0VfdvY"
        );
    }

    #[test]
    fn text_reads_back_and_other_versions_are_refused() {
        let hash = ContentHash([7; 32]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for text in [
            "",
            "v1:",
            "v2:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc",
            "v1:BwcH",
        ] {
            assert_eq!(text.parse::<ContentHash>(), Err(NotAContentHash), "{text}");
        }
    }

    fn any_order() -> impl Strategy<Value = Order> {
        let text = |most: usize| {
            prop::collection::vec(any::<char>(), 1..=most).prop_map(|chars| {
                chars
                    .into_iter()
                    .map(|c| {
                        if c < ' ' || ('\u{fffd}'..'\u{10000}').contains(&c) {
                            '\n'
                        } else {
                            c
                        }
                    })
                    .collect::<String>()
            })
        };
        let line = (text(8), prop::option::of(text(20)), 1u64..1000, 0u64..1_000_000).prop_map(
            |(sku, description, quantity, unit_price)| json!({"sku": sku, "description": description, "quantity": quantity, "unit_price": unit_price}),
        );
        let ship_to = (prop::option::of(text(9)), prop::option::of(text(9)))
            .prop_map(|(name, city)| json!({"name": name, "city": city}));
        ("[!-~]{1,20}", prop::collection::vec(line, 1..5), prop::option::of(ship_to)).prop_map(
            |(customer_id, lines, ship_to)| order(json!({"customer_id": customer_id, "currency": "EUR", "lines": lines, "ship_to": ship_to})),
        )
    }

    proptest! {
        #[test]
        fn what_is_hashed_is_rfc_8785(order in any_order()) {
            let expected = serde_json_canonicalizer::to_string(&order).unwrap();
            let canonical = Canonical::of(&order);
            prop_assert_eq!(canonical.as_str(), expected);
        }

        #[test]
        fn an_order_written_and_read_has_the_same_hash(order in any_order()) {
            let read: Order = serde_json::from_str(Canonical::of(&order).as_str()).unwrap();
            prop_assert_eq!(ContentHash::of(&read), ContentHash::of(&order));
            prop_assert_eq!(read, order);
        }
    }
}
