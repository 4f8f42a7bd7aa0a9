//! Currencies by their ISO 4217 code.

use serde::Serialize;

/// A currency, by its ISO 4217 alphabetic code. Amounts beside it are in its minor unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Currency(&'static str);

impl Currency {
    /// The currency in use with this code, in capitals as the standard writes it.
    pub fn from_code(code: &str) -> Option<Self> {
        CODES.binary_search(&code).ok().map(|at| Self(CODES[at]))
    }

    /// The currency with this code, in use or not any more: orders with it are stored and waiting.
    pub fn from_any_code(code: &str) -> Option<Self> {
        let former = || FORMER.into_iter().find(|(former, _)| *former == code);
        Self::from_code(code).or_else(|| former().map(|(code, _)| Self(code)))
    }

    /// The three letters.
    pub fn code(self) -> &'static str {
        self.0
    }
}

/// The edition of the standard that the codes are of: its last amendment that changed a code, since when that is in force, and
/// when the list was published.
pub const EDITION: (u32, &str, &str) = (180, "2026-01-01", "2026-09-17");

/// ISO 4217, list one of that edition, without the codes for funds, metals, units of account and tests: `iso-4217.csv` has all of
/// them. A code that the standard drops moves to [`FORMER`] and is never taken out.
#[rustfmt::skip]
const CODES: [&str; 155] = [
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD", "BIF",
    "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY",
    "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD",
    "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR",
    "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW",
    "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK",
    "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR",
    "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF",
    "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP",
    "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU",
    "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW",
    "ZWG",
];

/// Codes that were taken once, and what became of them; no new order is taken in them.
const FORMER: [(&str, &str); 2] = [
    ("BGN", "was replaced by EUR on 2026-01-01"),
    ("UYW", "is a fund's code, not a currency's"),
];

/// What to say of a text that is no currency in use.
pub(crate) fn refusal(code: &str) -> String {
    let in_capitals = code.trim().to_ascii_uppercase();
    let former = FORMER.into_iter().find(|(former, _)| *former == code);
    match (former, Currency::from_code(&in_capitals)) {
        (Some((code, why)), _) => format!("must be a currency in use: {code} {why}"),
        (None, Some(meant)) => format!("must be written as ISO 4217 does: {}", meant.code()),
        (None, None) => "must be the ISO 4217 code of a currency in use, such as EUR".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// The standard's list, as it was published.
    const LIST_ONE: &str = include_str!("../iso-4217.csv");

    #[test]
    fn the_codes_are_those_of_the_standard() {
        let (notes, rows) = LIST_ONE.split_once("code,kind\n").unwrap();
        let (amendment, since, published) = EDITION;
        for said in [
            format!("Last amendment that changed a code: {amendment}, in force since {since}."),
            format!("Published: {published}."),
        ] {
            assert!(notes.contains(&said), "{said}");
        }
        let kinds: BTreeMap<_, _> = rows.lines().filter_map(|row| row.split_once(',')).collect();
        assert_eq!(kinds.len(), 178);
        let in_use = kinds.iter().filter(|(_, kind)| **kind == "currency");
        let in_use: BTreeSet<_> = in_use.map(|(code, _)| *code).collect();
        assert_eq!(BTreeSet::from(CODES), in_use);
        for (code, _) in FORMER {
            assert_ne!(kinds.get(code), Some(&"currency"), "{code}");
        }
    }

    #[test]
    fn the_list_is_sorted_and_every_code_is_found() {
        assert!(CODES.is_sorted_by(|a, b| a < b));
        for code in CODES {
            assert_eq!(Currency::from_code(code).map(Currency::code), Some(code));
            assert_eq!(Currency::from_any_code(code), Currency::from_code(code));
        }
    }

    #[test]
    fn what_is_no_code_is_not_found() {
        // XXX is ISO 4217's own code for "no currency", XAU its code for gold: neither has a minor unit to count in.
        for code in ["", "gbp", "GB", "GBPP", "XXX", "XAU", "£", "ZZZ"] {
            assert_eq!(Currency::from_any_code(code), None, "{code}");
        }
    }

    /// What the amendments of the last years did.
    #[test]
    fn what_the_standard_dropped_is_not_taken_and_what_it_added_is() {
        for code in [
            "HRK", "ANG", "CUC", "SLL", "ZWL", "BYR", "BGN", "UYW", "XAD",
        ] {
            assert_eq!(Currency::from_code(code), None, "{code}");
        }
        for code in ["XCG", "SLE", "ZWG", "VED", "VES", "EUR"] {
            assert!(Currency::from_code(code).is_some(), "{code}");
        }
        for (code, _) in FORMER {
            assert_eq!(
                Currency::from_any_code(code).map(Currency::code),
                Some(code)
            );
        }
    }

    #[test]
    fn a_refusal_says_which_rule_was_broken() {
        for (code, said) in [
            ("BGN", "must be a currency in use: BGN was replaced by EUR"),
            ("gbp", "must be written as ISO 4217 does: GBP"),
            (" EUR ", "must be written as ISO 4217 does: EUR"),
            ("£", "must be the ISO 4217 code of a currency in use"),
        ] {
            assert!(refusal(code).starts_with(said), "{code}: {}", refusal(code));
        }
    }
}
