//! The secrets that order ids are sealed with.

use std::{collections::BTreeMap, fmt};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::{ContentHash, CustomerId, OrderId, OrderKey, json};

/// The shortest secret: as long as the hash (RFC 2104, section 3).
const MIN_SECRET: usize = 32;

/// The numbered secrets. New ids are sealed with the current one; all others keep verifying.
pub struct Secrets {
    by_number: BTreeMap<u8, Hmac<Sha256>>,
    current: u8,
}

impl Secrets {
    /// Reads `{"1": "…", "2": "…", "current": 1}`: numbers from 1 to 255, texts of at least 32 bytes. Without `current`, the
    /// highest number is the current one.
    ///
    /// # Errors
    /// What is wrong, without any part of a secret; for the operator.
    pub fn from_json(text: &str) -> Result<Self, BadSecrets> {
        let Ok(Value::Object(mut members)) = json::parse(text.as_bytes()) else {
            return Err(BadSecrets::NotAnObject);
        };
        let current = members.remove("current");
        let mut by_number = BTreeMap::new();
        for (number, secret) in members {
            let parsed = number
                .parse()
                .ok()
                .filter(|n: &u8| *n > 0 && n.to_string() == number)
                .ok_or_else(|| BadSecrets::BadNumber(number.chars().take(8).collect()))?;
            let mac = secret
                .as_str()
                .filter(|secret| secret.len() >= MIN_SECRET)
                .and_then(|secret| Hmac::new_from_slice(secret.as_bytes()).ok())
                .ok_or(BadSecrets::TooShort(parsed))?;
            by_number.insert(parsed, mac);
        }
        let newest = *by_number.last_key_value().ok_or(BadSecrets::NotAnObject)?.0;
        let current = match current {
            None => newest,
            Some(number) => number
                .as_u64()
                .and_then(|number| u8::try_from(number).ok())
                .filter(|number| by_number.contains_key(number))
                .ok_or(BadSecrets::NotCurrent)?,
        };
        Ok(Self { by_number, current })
    }

    /// The id of the order that `key` names and that holds `content` of `customer`, under the current secret.
    pub fn seal(&self, key: OrderKey, content: &ContentHash, customer: &CustomerId) -> OrderId {
        let secret = &self.by_number[&self.current];
        let mut id = OrderId {
            key,
            fingerprint: content.fingerprint(),
            customer_tag: Some(start(customer_mac(secret, key, customer))),
            secret_number: self.current,
            mac: [0; 7],
        };
        id.mac = start(seal_mac(secret, &id));
        id
    }

    /// An id of the first version, such as are still out there.
    #[cfg(any(test, feature = "testing"))]
    pub fn seal_first_version(&self, key: OrderKey, content: &ContentHash) -> OrderId {
        let secret = &self.by_number[&self.current];
        let mut id = OrderId {
            key,
            fingerprint: content.fingerprint(),
            customer_tag: None,
            secret_number: self.current,
            mac: [0; 7],
        };
        id.mac = start(seal_mac(secret, &id));
        id
    }

    /// Whether there is a secret with this number.
    pub fn knows(&self, number: u8) -> bool {
        self.by_number.contains_key(&number)
    }

    /// Whether the id was made with one of these secrets. Takes the same time for every wrong MAC.
    ///
    /// # Errors
    /// [`IdError::UnknownSecret`] and [`IdError::Forged`].
    pub fn verify(&self, id: &OrderId) -> Result<(), IdError> {
        seal_mac(self.of(id)?, id)
            .verify_truncated_left(&id.mac)
            .map_err(|_| IdError::Forged)
    }

    /// Whether the id was made with one of these secrets, and for this customer. An id of the first version does not say
    /// whose it is, and passes.
    ///
    /// A customer who tries ids of others passes with one of 16.7 million (2^24).
    ///
    /// # Errors
    /// As [`Self::verify`]; [`IdError::Forged`] for another customer's.
    pub fn verify_for(&self, id: &OrderId, customer: &CustomerId) -> Result<(), IdError> {
        self.verify(id)?;
        let Some(tag) = id.customer_tag else {
            return Ok(());
        };
        customer_mac(self.of(id)?, id.key, customer)
            .verify_truncated_left(&tag)
            .map_err(|_| IdError::Forged)
    }

    fn of(&self, id: &OrderId) -> Result<&Hmac<Sha256>, IdError> {
        self.by_number
            .get(&id.secret_number)
            .ok_or(IdError::UnknownSecret(id.secret_number))
    }

    /// The number of the current secret.
    pub(crate) fn current(&self) -> u8 {
        self.current
    }

    /// The current secret's signature of the data, by HMAC-SHA256.
    pub(crate) fn sign(&self, data: &[u8]) -> [u8; 32] {
        start(self.by_number[&self.current].clone().chain_update(data))
    }

    /// Whether the secret with this number signed the data, by HMAC-SHA256. Takes the same time for every wrong signature.
    pub(crate) fn signed(&self, number: u8, data: &[u8], signature: &[u8]) -> bool {
        self.by_number.get(&number).is_some_and(|mac| {
            mac.clone()
                .chain_update(data)
                .verify_slice(signature)
                .is_ok()
        })
    }

    /// A tag over any other data, with the number of the secret it was made with.
    pub(crate) fn tag(&self, purpose: &str, data: &[u8]) -> (u8, [u8; 8]) {
        let tag = start(tagged(&self.by_number[&self.current], purpose, data));
        (self.current, tag)
    }

    /// Whether a tag is ours.
    pub(crate) fn tag_is_ours(&self, purpose: &str, data: &[u8], number: u8, tag: &[u8]) -> bool {
        tag.len() == 8
            && self.by_number.get(&number).is_some_and(|mac| {
                tagged(mac, purpose, data)
                    .verify_truncated_left(tag)
                    .is_ok()
            })
    }
}

/// The MAC over what an id says; each version has its own tag.
fn seal_mac(secret: &Hmac<Sha256>, id: &OrderId) -> Hmac<Sha256> {
    let purpose = match id.customer_tag {
        None => "sluice.order.id.v1",
        Some(_) => "sluice.order.id.v2",
    };
    tagged(secret, purpose, &id.sealed())
}

/// Over the order's key too, so that two ids do not show that one customer has both.
fn customer_mac(secret: &Hmac<Sha256>, key: OrderKey, customer: &CustomerId) -> Hmac<Sha256> {
    tagged(secret, "sluice.order.customer.v1", key.as_bytes()).chain_update(customer.as_str())
}

fn start<const N: usize>(mac: Hmac<Sha256>) -> [u8; N] {
    let full = mac.finalize().into_bytes();
    std::array::from_fn(|at| full[at])
}

fn tagged(mac: &Hmac<Sha256>, purpose: &str, data: &[u8]) -> Hmac<Sha256> {
    // The purpose is one of our constants and no constant is the start of another.
    mac.clone().chain_update(purpose).chain_update(data)
}

/// Shows the numbers only.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_number.keys()).finish()
    }
}

/// Why the secrets cannot be used; for the operator.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecrets {
    /// Not an object with at least one member.
    #[error("must be a JSON object of numbered secrets, such as {{\"1\": \"…\"}}")]
    NotAnObject,
    /// A member name that is no number.
    #[error("{0:?} is not a number from 1 to 255")]
    BadNumber(String),
    /// `current` does not name one of the secrets.
    #[error("current must be the number of one of the secrets")]
    NotCurrent,
    /// A secret that is too short, or no text.
    #[error("secret {0} must be a text of at least {MIN_SECRET} bytes")]
    TooShort(u8),
}

/// Why an id does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The secret is not among ours: it was made up, or the secret was added since they were read, or was removed.
    #[error("the id was sealed with secret {0}, which is not known here")]
    UnknownSecret(u8),
    /// The MAC is wrong.
    #[error("the id was not made here")]
    Forged,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SECRETS as ONE;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    const BOTH: &str =
        r#"{"2":"22222222222222222222222222222222","1":"11111111111111111111111111111111"}"#;

    fn secrets(text: &str) -> Secrets {
        Secrets::from_json(text).unwrap()
    }

    fn content() -> ContentHash {
        "v1:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"
            .parse()
            .unwrap()
    }

    fn customer(id: &str) -> CustomerId {
        CustomerId::new(id.to_owned()).unwrap()
    }

    #[test]
    fn a_retired_secret_keeps_verifying_and_the_newest_seals() {
        let (old, new) = (secrets(ONE), secrets(BOTH));
        let key = OrderKey::from([9; 12]);
        let seal = |secrets: &Secrets| secrets.seal(key, &content(), &customer("c-1"));
        let (before, after) = (seal(&old), seal(&new));
        assert_eq!(new.verify(&before), Ok(()));
        assert_eq!(new.verify(&after), Ok(()));
        assert_ne!(before, after);
        assert_eq!(before.key(), after.key());
        assert_eq!(old.verify(&after), Err(IdError::UnknownSecret(2)));
    }

    /// A rotation adds a secret first, and uses it once every reader knows it.
    #[test]
    fn the_current_secret_seals_though_a_newer_one_verifies() {
        let with = |current: &str| BOTH.replace('{', &format!("{{\"current\":{current},"));
        let number = |secrets: &Secrets| {
            let id = secrets.seal(OrderKey::from([9; 12]), &content(), &customer("c-1"));
            assert_eq!(secrets.verify(&id), Ok(()));
            id.secret_number
        };
        let (before, after) = (secrets(&with("1")), secrets(&with("2")));
        assert_eq!((number(&before), number(&after)), (1, 2));
        assert_eq!(
            number(&secrets(BOTH)),
            2,
            "the highest, where none is named"
        );
        let id = after.seal(OrderKey::from([9; 12]), &content(), &customer("c-1"));
        assert_eq!(before.verify(&id), Ok(()));
        for unusable in ["3", "0", "\"1\"", "-1", "null", "257"] {
            let error = Secrets::from_json(&with(unusable)).unwrap_err();
            assert_eq!(error, BadSecrets::NotCurrent, "{unusable}");
        }
    }

    /// Golden vectors: ids that are out there must verify for ever.
    const FIRST_VERSION: &str = "ord_CQkJCQkJCQkJCQkJBwcHBwG4ErU0_WLp";
    const SECOND_VERSION: &str = "ord_CQkJCQkJCQkJCQkJBwcHB6SHkAEOPpfqJPI1";

    #[test]
    fn golden_ids() {
        let id = secrets(ONE).seal(OrderKey::from([9; 12]), &content(), &customer("c-1"));
        assert_eq!(id.to_string(), SECOND_VERSION);
        for golden in [FIRST_VERSION, SECOND_VERSION] {
            let id = golden.parse().unwrap();
            assert_eq!(secrets(ONE).verify(&id), Ok(()), "{golden}");
            assert_eq!(id.key(), OrderKey::from([9; 12]), "{golden}");
            assert!(id.is_for(&content()), "{golden}");
        }
    }

    #[test]
    fn an_id_says_whose_it_is_since_the_second_version() {
        let secrets = secrets(ONE);
        let verify = |id: &str, of: &str| secrets.verify_for(&id.parse().unwrap(), &customer(of));
        assert_eq!(verify(SECOND_VERSION, "c-1"), Ok(()));
        assert_eq!(verify(SECOND_VERSION, "c-2"), Err(IdError::Forged));
        assert_eq!(verify(FIRST_VERSION, "c-2"), Ok(()));
    }

    /// Else two ids would show that one customer has both.
    #[test]
    fn the_customer_s_bytes_differ_from_order_to_order() {
        let secrets = secrets(ONE);
        let tag = |key| {
            secrets
                .seal(OrderKey::from([key; 12]), &content(), &customer("c-1"))
                .customer_tag
        };
        assert_ne!(tag(1), tag(2));
    }

    /// Cutting the customer out makes no id of the first version.
    #[test]
    fn no_version_passes_for_the_other() {
        let secrets = secrets(ONE);
        let mut id = secrets.seal(OrderKey::from([9; 12]), &content(), &customer("c-1"));
        id.customer_tag = None;
        assert_eq!(secrets.verify(&id), Err(IdError::Forged));
    }

    #[test]
    fn unusable_secrets_are_told_apart_and_never_shown() {
        for (text, expected) in [
            ("", BadSecrets::NotAnObject),
            ("{}", BadSecrets::NotAnObject),
            ("[]", BadSecrets::NotAnObject),
            ("{{resolve:secretsmanager:x}}", BadSecrets::NotAnObject),
            (r#"{"1":"hunter2"}"#, BadSecrets::TooShort(1)),
            (r#"{"1":7}"#, BadSecrets::TooShort(1)),
            (r#"{"0":"x"}"#, BadSecrets::BadNumber("0".into())),
            (r#"{"01":"x"}"#, BadSecrets::BadNumber("01".into())),
            (r#"{"256":"x"}"#, BadSecrets::BadNumber("256".into())),
            (r#"{"current":1}"#, BadSecrets::NotAnObject),
        ] {
            let error = Secrets::from_json(text).unwrap_err();
            assert!(!error.to_string().contains("hunter2"));
            assert_eq!(error, expected, "{text}");
        }
        assert_eq!(format!("{:?}", secrets(BOTH)), "{1, 2}");
    }

    proptest! {
        #[test]
        fn a_changed_id_does_not_verify(key: [u8; 12], bit in 0usize..27 * 8) {
            let secrets = secrets(ONE);
            let text = secrets.seal(OrderKey::from(key), &content(), &customer("c-1")).to_string();
            prop_assert_eq!(secrets.verify(&text.parse().unwrap()), Ok(()));
            let mut bytes = URL_SAFE_NO_PAD.decode(&text["ord_".len()..]).unwrap();
            bytes[bit / 8] ^= 1u8 << (bit % 8);
            let changed = format!("ord_{}", URL_SAFE_NO_PAD.encode(bytes));
            prop_assert!(secrets.verify(&changed.parse().unwrap()).is_err());
        }
    }
}
