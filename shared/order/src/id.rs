//! How an order is named.
//!
//! An [`OrderId`] is `ord_` and 27 bytes in base64url: 12 bytes name the order ([`OrderKey`]), 4 say
//! what it holds (the start of its [`ContentHash`]), 3 say whose it is, one numbers the secret, 7 are a MAC over the rest.
//! So an id can be given out before anything is stored, the same request gives the same order on every
//! instance, and a made-up id is refused without asking storage.
//!
//! The first version had 24 bytes, without the three of the customer. Its ids keep verifying, for ever.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{ContentHash, CustomerId, hash::tagged_sha256};

const PREFIX: &str = "ord_";

/// What a client repeats to say that it means the same order: 1 to 255 visible ASCII characters, opaque.
///
/// The `Idempotency-Key` header of draft-ietf-httpapi-idempotency-key-header-07. It never expires, and its
/// scope is the customer: sessions and roles differ between retries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key, if it keeps the rule.
    pub fn new(key: String) -> Option<Self> {
        ((1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()))
            .then_some(Self(key))
    }
}

/// Names one order: the key of storage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey([u8; 12]);

impl OrderKey {
    /// The same for the same customer and key, on any instance, across deploys and secrets.
    pub fn derived(customer: &CustomerId, key: &IdempotencyKey) -> Self {
        let hash = tagged_sha256(
            "sluice.order.key.v1",
            &[customer.as_str().as_bytes(), key.0.as_bytes()],
        );
        let mut start = [0; 12];
        start.copy_from_slice(&hash[..12]);
        Self(start)
    }

    /// For an order that came without a key: another one each time.
    ///
    /// # Errors
    /// The operating system gave no random bytes; to be repeated.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 12];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The 12 bytes.
    pub fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }
}

impl From<[u8; 12]> for OrderKey {
    fn from(bytes: [u8; 12]) -> Self {
        Self(bytes)
    }
}

impl FromStr for OrderKey {
    type Err = NotAnOrderId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or(NotAnOrderId)
    }
}

impl fmt::Display for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The id of an order, well formed. Whether its MAC is ours, only [`crate::Secrets::verify`] says.
///
/// Two ids of different secrets may name one order: compare the [`OrderKey`], never the text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct OrderId {
    pub(crate) key: OrderKey,
    pub(crate) fingerprint: [u8; 4],
    /// `None` in an id of the first version.
    pub(crate) customer_tag: Option<[u8; 3]>,
    pub(crate) secret_number: u8,
    pub(crate) mac: [u8; 7],
}

impl OrderId {
    /// The name of the order.
    pub fn key(&self) -> OrderKey {
        self.key
    }

    /// The start of the content hash: tells apart two contents that were sent under one key.
    pub fn fingerprint(&self) -> [u8; 4] {
        self.fingerprint
    }

    /// What the MAC is over.
    pub(crate) fn sealed(&self) -> Vec<u8> {
        let tag = self.customer_tag.as_ref().map_or(&[][..], |tag| tag);
        [&self.key.0[..], &self.fingerprint, tag].concat()
    }

    /// The number of the secret that it was sealed with.
    pub fn secret_number(&self) -> u8 {
        self.secret_number
    }

    /// Whether the id says whose it is, as ids do since the second version.
    pub fn says_whose(&self) -> bool {
        self.customer_tag.is_some()
    }

    /// Whether the id is one for this content.
    pub fn is_for(&self, content: &ContentHash) -> bool {
        self.fingerprint == content.fingerprint()
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.sealed(), &[self.secret_number][..], &self.mac].concat();
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl fmt::Debug for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for OrderId {
    type Err = NotAnOrderId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix(PREFIX).ok_or(NotAnOrderId)?;
        let bytes = URL_SAFE_NO_PAD.decode(digits).map_err(|_| NotAnOrderId)?;
        let (key, rest) = bytes.split_first_chunk().ok_or(NotAnOrderId)?;
        let (fingerprint, rest) = rest.split_first_chunk().ok_or(NotAnOrderId)?;
        let (rest, mac) = rest.split_last_chunk().ok_or(NotAnOrderId)?;
        let (customer_tag, secret_number) = match *rest {
            [number] => (None, number),
            [a, b, c, number] => (Some([a, b, c]), number),
            _ => return Err(NotAnOrderId),
        };
        Ok(Self {
            key: OrderKey(*key),
            fingerprint: *fingerprint,
            customer_tag,
            secret_number,
            mac: *mac,
        })
    }
}

impl From<OrderId> for String {
    fn from(id: OrderId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for OrderId {
    type Error = NotAnOrderId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// The text does not have the form of an order id.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an order id: `ord_` and 36 characters of base64url, or 32 in ids of the first version"
)]
pub struct NotAnOrderId;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn customer(id: &str) -> CustomerId {
        CustomerId::new(id.to_owned()).unwrap()
    }

    fn key(key: &str) -> IdempotencyKey {
        IdempotencyKey::new(key.to_owned()).unwrap()
    }

    /// A golden vector. If it changes, a repeat across the deploy makes a second order.
    #[test]
    fn the_same_customer_and_key_name_the_same_order_for_ever() {
        assert_eq!(
            OrderKey::derived(&customer("c-1"), &key("demo-1")).to_string(),
            "u9N1G90ywT_czvS0"
        );
    }

    #[test]
    fn the_scope_of_a_key_is_the_customer() {
        let name = |c, k| OrderKey::derived(&customer(c), &key(k));
        assert_ne!(name("c-1", "k"), name("c-2", "k"));
        assert_ne!(name("c-1", "k"), name("c-", "1k"));
        assert_ne!(name("c-1", "k"), name("c-1", "K"));
    }

    #[test]
    fn a_key_is_visible_ascii() {
        for bad in ["", "a b", "ä", "\n", &"k".repeat(256)] {
            assert_eq!(IdempotencyKey::new(bad.to_owned()), None, "{bad}");
        }
        assert!(IdempotencyKey::new("k".repeat(255)).is_some());
    }

    #[test]
    fn without_a_key_every_order_is_its_own() {
        assert_ne!(OrderKey::random().unwrap(), OrderKey::random().unwrap());
    }

    proptest! {
        #[test]
        fn an_id_reads_back(
            key: [u8; 12],
            fingerprint: [u8; 4],
            customer_tag: Option<[u8; 3]>,
            secret_number: u8,
            mac: [u8; 7],
        ) {
            let id = OrderId { key: OrderKey(key), fingerprint, customer_tag, secret_number, mac };
            let characters = if customer_tag.is_some() { 36 } else { 32 };
            prop_assert_eq!(id.to_string().len(), 4 + characters);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn any_text_is_an_id_or_refused(text in ".{0,44}|ord_[A-Za-z0-9_=+/-]{30,38}") {
            if let Ok(id) = text.parse::<OrderId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
