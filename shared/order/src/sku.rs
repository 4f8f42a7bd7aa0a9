//! Products: how they are written, and when two texts mean the same one.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::fields::broken_rule;

/// The most characters that a stock keeping unit has.
pub(crate) const MAX_SKU: usize = 64;

/// A product, by its stock keeping unit: 1 to 64 characters. It is kept as it was sent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Sku(String);

impl Sku {
    /// The unit, if it keeps the rule.
    pub fn new(sku: String) -> Option<Self> {
        Self::checked(sku).ok()
    }

    /// The unit.
    ///
    /// # Errors
    /// The rule that it breaks, as the rest of a sentence that starts with the field; for the client.
    pub fn checked(sku: String) -> Result<Self, String> {
        match broken_rule(&sku, MAX_SKU) {
            Some(rule) => Err(rule),
            None => Ok(Self(sku)),
        }
    }

    /// A text that was found to keep the rule.
    pub(crate) fn of_checked(sku: String) -> Self {
        Self(sku)
    }

    /// The unit as text, as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two texts of one product are the same: without what nobody sees at the ends, and in Unicode's form NFC.
    /// Upper and lower case still differ.
    pub fn plain(&self) -> Cow<'_, str> {
        self.other_plain().unwrap_or(Cow::Borrowed(&self.0))
    }

    /// The plain form, where it is another text.
    pub(crate) fn other_plain(&self) -> Option<Cow<'_, str>> {
        let bytes = self.0.as_bytes();
        let visible = |end: Option<&u8>| end.is_none_or(u8::is_ascii_graphic);
        // Nearly every product.
        if visible(bytes.first()) && visible(bytes.last()) && bytes.is_ascii() {
            return None;
        }
        let trimmed = trimmed(&self.0);
        // A product of nothing visible is that.
        let trimmed = if trimmed.is_empty() { &self.0 } else { trimmed };
        if is_nfc_quick(trimmed.chars()) == IsNormalized::Yes {
            return (trimmed.len() < self.0.len()).then_some(Cow::Borrowed(trimmed));
        }
        let plain: String = trimmed.nfc().collect();
        (plain != self.0).then_some(Cow::Owned(plain))
    }
}

/// A text without what nobody sees at its ends.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(is_invisible)
}

/// White space, control characters, and the format characters that have neither width nor ink: soft hyphen, zero-width space and
/// joiners, marks and overrides of direction, word joiner, byte order mark.
/// <https://www.unicode.org/Public/UCD/latest/ucd/extracted/DerivedGeneralCategory.txt> (Cc and Cf)
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sku(text: &str) -> Sku {
        Sku::new(text.to_owned()).unwrap()
    }

    #[test]
    fn what_nobody_sees_makes_no_other_product() {
        for (sent, plain) in [
            ("85123A", "85123A"),
            ("85123A ", "85123A"),
            (" 85123A", "85123A"),
            ("\t85123A\r\n", "85123A"),
            ("\u{a0}85123A\u{3000}", "85123A"),
            ("\u{200b}85123A", "85123A"),
            ("\u{feff}85123A\u{200e}", "85123A"),
            ("cafe\u{301}", "café"),
            ("café", "café"),
            (" cafe\u{301}\u{2060} ", "café"),
            ("\u{212b}", "\u{c5}"),
            ("a b", "a b"),
            ("a\u{200d}b", "a\u{200d}b"),
            ("85123a", "85123a"),
            ("①", "①"),
            (" ", " "),
        ] {
            assert_eq!(sku(sent).plain(), plain, "{sent:?}");
            assert_eq!(sku(sent).as_str(), sent);
            assert_eq!(sku(sent).other_plain().is_some(), sent != plain, "{sent:?}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_form_is_its_own(text in r"([ -~]|\PC|[\u{200b}\u{301}\u{a0}]){1,20}") {
            if let Some(sku) = Sku::new(text) {
                let plain = Sku(sku.plain().into_owned());
                prop_assert_eq!(plain.plain(), plain.as_str());
            }
        }
    }
}
