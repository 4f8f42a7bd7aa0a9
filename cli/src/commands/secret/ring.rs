//! The numbered secrets as they are kept: `{"1": "…", "2": "…", "current": 1}`.

use std::{cmp::Ordering, collections::BTreeMap, fmt};

use serde_json::{Map, Value};
use sluice_order::Secrets;
use uuid::Uuid;

use crate::terminal::failure::Failure;

const CURRENT: &str = "current";

/// The secrets and which of them seals new ids. Their texts are shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Ring {
    texts: BTreeMap<u8, String>,
    current: u8,
}

impl Ring {
    /// Reads what the functions could use too.
    ///
    /// # Errors
    /// They could not.
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        let unusable = |why: String| {
            Failure::wrong(
                format!("the secret of the order ids cannot be used: {why}"),
                "restore its last version in Secrets Manager (docs/OPERATIONS.md#rotate-the-secret-of-the-order-ids)",
            )
        };
        Secrets::from_json(text).map_err(|error| unusable(error.to_string()))?;
        let members: Map<String, Value> =
            serde_json::from_str(text).map_err(|_| unusable("it is no JSON object".to_owned()))?;
        let current = members.get(CURRENT).and_then(Value::as_u64);
        let texts: BTreeMap<u8, String> = members
            .iter()
            .filter_map(|(number, text)| Some((number.parse().ok()?, text.as_str()?.to_owned())))
            .collect();
        let newest = texts.keys().last().copied().unwrap_or_default();
        let current = current.and_then(|number| u8::try_from(number).ok());
        Ok(Self {
            current: current.unwrap_or(newest),
            texts,
        })
    }

    /// As it is kept.
    pub(super) fn to_json(&self) -> String {
        let texts = self.texts.iter();
        let mut members: Map<_, _> = texts
            .map(|(number, text)| (number.to_string(), Value::from(text.as_str())))
            .collect();
        members.insert(CURRENT.to_owned(), self.current.into());
        Value::Object(members).to_string()
    }

    /// The highest number.
    pub(super) fn newest(&self) -> u8 {
        self.texts.keys().last().copied().unwrap_or_default()
    }

    /// A secret that was added, and does not seal ids yet.
    pub(super) fn waiting(&self) -> Option<u8> {
        Some(self.newest()).filter(|newest| *newest > self.current)
    }

    /// With one secret more, under the next number. The current one stays.
    ///
    /// # Errors
    /// No number is left.
    pub(super) fn with_new(&self) -> Result<Self, Failure> {
        let number = self.newest().checked_add(1).ok_or_else(|| {
            Failure::wrong(
                "there is a secret with the number 255, which is the last one",
                "no rotation is possible on this stack",
            )
        })?;
        // Each has 122 random bits from the operating system.
        let random = || Uuid::new_v4().simple();
        let mut ring = self.clone();
        ring.texts
            .insert(number, format!("{}{}", random(), random()));
        Ok(ring)
    }

    /// The same, with new ids sealed by this one.
    pub(super) fn with_current(&self, number: u8) -> Self {
        Self {
            current: number,
            ..self.clone()
        }
    }

    /// Without one of them.
    ///
    /// # Errors
    /// It is the current one, or there is none with this number.
    pub(super) fn without(&self, number: u8) -> Result<Self, Failure> {
        if !self.texts.contains_key(&number) {
            return Err(Failure::wrong(
                format!("there is no secret {number}"),
                "see `sluice secret list`",
            ));
        }
        if number == self.current {
            return Err(Failure::wrong(
                format!("secret {number} seals new ids"),
                "run `sluice secret rotate` first",
            ));
        }
        let mut ring = self.clone();
        ring.texts.remove(&number);
        Ok(ring)
    }
}

/// The numbers, and what each is for.
impl fmt::Display for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for number in self.texts.keys() {
            let what = match number.cmp(&self.current) {
                Ordering::Less => "verifies ids that it sealed",
                Ordering::Equal => "seals new ids",
                Ordering::Greater => {
                    "is known, and seals no ids yet: `sluice secret rotate` goes on"
                }
            };
            writeln!(f, "{number:>3}  {what}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"1":"11111111111111111111111111111111"}"#;

    #[test]
    fn a_rotation_adds_first_and_uses_later() {
        let ring = Ring::read(ONE).unwrap();
        assert_eq!((ring.newest(), ring.current, ring.waiting()), (1, 1, None));
        let added = ring.with_new().unwrap();
        assert_eq!(
            (added.newest(), added.current, added.waiting()),
            (2, 1, Some(2))
        );
        let done = added.with_current(2);
        assert_eq!(done.waiting(), None);
        for (ring, sealing) in [(&ring, 1), (&added, 1), (&done, 2)] {
            // What is written is what functions read.
            assert_eq!(&Ring::read(&ring.to_json()).unwrap(), ring);
            let shown = format!("{:?}", Secrets::from_json(&ring.to_json()).unwrap());
            assert_eq!(shown, if ring.newest() == 1 { "{1}" } else { "{1, 2}" });
            assert_eq!(ring.current, sealing);
        }
        assert_eq!(done.texts[&1], added.texts[&1]);
        assert_ne!(
            ring.with_new().unwrap().texts[&2],
            added.texts[&2],
            "random"
        );
        assert_eq!(added.texts[&2].len(), 64);
    }

    #[test]
    fn only_a_secret_that_seals_no_more_can_be_removed() {
        let ring = Ring::read(ONE).unwrap();
        let added = ring.with_new().unwrap();
        let done = added.with_current(2);
        for (ring, number, why) in [
            (&ring, 1, "seals new ids"),
            (&added, 1, "seals new ids"),
            (&done, 2, "seals new ids"),
            (&done, 3, "no secret 3"),
        ] {
            let failure = ring.without(number).unwrap_err().to_string();
            assert!(failure.contains(why), "{failure}");
        }
        // One that seals nothing yet may go too: somebody may know it by now.
        assert_eq!(added.without(2).unwrap(), ring);
        let left = done.without(1).unwrap();
        assert_eq!(left.texts.keys().collect::<Vec<_>>(), [&2]);
        assert_eq!(left.current, 2);
    }

    #[test]
    fn what_no_function_could_use_is_not_rotated_and_no_text_is_shown() {
        for text in [
            "",
            "hunter2",
            "{}",
            r#"{"1":"hunter2"}"#,
            r#"{"1":"11111111111111111111111111111111","current":2}"#,
        ] {
            let failure = Ring::read(text).unwrap_err().to_string();
            assert!(!failure.contains("hunter2"), "{failure}");
        }
        let ring = Ring::read(ONE).unwrap().with_new().unwrap();
        let shown = format!("{ring}{ring:?}");
        assert!(!shown.contains("1111"), "{shown}");
        assert!(!shown.contains(&ring.texts[&2]), "{shown}");
    }

    #[test]
    fn the_last_number_is_255() {
        let text = ONE.replace("\"1\"", "\"255\"");
        let failure = Ring::read(&text).unwrap().with_new().unwrap_err();
        assert!(failure.to_string().contains("255"), "{failure}");
    }
}
