//! The secrets that order ids are sealed with.

use std::{collections::BTreeMap, fmt};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::{ContentHash, OrderId, OrderKey, json};

/// The shortest secret: as long as the hash (RFC 2104, section 3).
const MIN_SECRET: usize = 32;

/// The numbered secrets. New ids use the one with the highest number; all others keep verifying.
pub struct Secrets {
    by_number: BTreeMap<u8, Hmac<Sha256>>,
    newest: u8,
}

impl Secrets {
    /// Reads `{"1": "…", "2": "…"}`: numbers from 1 to 255, texts of at least 32 bytes.
    ///
    /// # Errors
    /// What is wrong, without any part of a secret; for the operator.
    pub fn from_json(text: &str) -> Result<Self, BadSecrets> {
        let Ok(Value::Object(members)) = json::parse(text.as_bytes()) else {
            return Err(BadSecrets::NotAnObject);
        };
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
        Ok(Self { by_number, newest })
    }

    /// The id of the order that `key` names and that holds `content`, under the newest secret.
    pub fn seal(&self, key: OrderKey, content: &ContentHash) -> OrderId {
        let mut id = OrderId {
            key,
            fingerprint: content.fingerprint(),
            secret_number: self.newest,
            mac: [0; 7],
        };
        let full = self.by_number[&self.newest]
            .clone()
            .chain_update(sealed_part(&id))
            .finalize()
            .into_bytes();
        id.mac.copy_from_slice(&full[..7]);
        id
    }

    /// Whether the id was made with one of these secrets. Takes the same time for every wrong MAC.
    ///
    /// # Errors
    /// [`IdError::UnknownSecret`] and [`IdError::Forged`].
    pub fn verify(&self, id: &OrderId) -> Result<(), IdError> {
        self.by_number
            .get(&id.secret_number)
            .ok_or(IdError::UnknownSecret(id.secret_number))?
            .clone()
            .chain_update(sealed_part(id))
            .verify_truncated_left(&id.mac)
            .map_err(|_| IdError::Forged)
    }

    /// A tag over any other data, with the number of the secret it was made with.
    pub(crate) fn tag(&self, purpose: &str, data: &[u8]) -> (u8, [u8; 8]) {
        let full = tagged(&self.by_number[&self.newest], purpose, data)
            .finalize()
            .into_bytes();
        let mut tag = [0; 8];
        tag.copy_from_slice(&full[..8]);
        (self.newest, tag)
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

fn sealed_part(id: &OrderId) -> Vec<u8> {
    [
        b"sluice.order.id.v1".as_slice(),
        id.key.as_bytes(),
        &id.fingerprint,
    ]
    .concat()
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
    /// A secret that is too short, or no text.
    #[error("secret {0} must be a text of at least {MIN_SECRET} bytes")]
    TooShort(u8),
}

/// Why an id does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The secret is not among ours: it was made up, or was sealed by a newer deploy, or the secret was removed.
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

    #[test]
    fn a_retired_secret_keeps_verifying_and_the_newest_seals() {
        let (old, new) = (secrets(ONE), secrets(BOTH));
        let key = OrderKey::from([9; 12]);
        let (before, after) = (old.seal(key, &content()), new.seal(key, &content()));
        assert_eq!(new.verify(&before), Ok(()));
        assert_eq!(new.verify(&after), Ok(()));
        assert_ne!(before, after);
        assert_eq!(before.key(), after.key());
        assert_eq!(old.verify(&after), Err(IdError::UnknownSecret(2)));
    }

    /// A golden vector: ids that are out there must verify for ever.
    #[test]
    fn golden_id() {
        let id = secrets(ONE).seal(OrderKey::from([9; 12]), &content());
        assert_eq!(id.to_string(), "ord_CQkJCQkJCQkJCQkJBwcHBwG4ErU0_WLp");
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
        ] {
            let error = Secrets::from_json(text).unwrap_err();
            assert!(!error.to_string().contains("hunter2"));
            assert_eq!(error, expected, "{text}");
        }
        assert_eq!(format!("{:?}", secrets(BOTH)), "{1, 2}");
    }

    proptest! {
        #[test]
        fn a_changed_id_does_not_verify(key: [u8; 12], bit in 0usize..192) {
            let secrets = secrets(ONE);
            let text = secrets.seal(OrderKey::from(key), &content()).to_string();
            let id: OrderId = text.parse().unwrap();
            prop_assert_eq!(secrets.verify(&id), Ok(()));
            let mut changed = id;
            let flip = 1u8 << (bit % 8);
            match bit / 8 {
                at @ 0..12 => { let mut k = *changed.key.as_bytes(); k[at] ^= flip; changed.key = k.into(); }
                at @ 12..16 => changed.fingerprint[at - 12] ^= flip,
                16 => changed.secret_number ^= flip,
                at => changed.mac[at - 17] ^= flip,
            }
            prop_assert!(secrets.verify(&changed).is_err());
        }
    }
}
