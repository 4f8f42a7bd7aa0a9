//! Currencies by their ISO 4217 code.

use serde::Serialize;

/// A currency in use, by its ISO 4217 alphabetic code. Amounts beside it are in its minor unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Currency(&'static str);

impl Currency {
    /// The currency with this code, in capitals as the standard writes it.
    pub fn from_code(code: &str) -> Option<Self> {
        CODES.binary_search(&code).ok().map(|at| Self(CODES[at]))
    }

    /// The three letters.
    pub fn code(self) -> &'static str {
        self.0
    }
}

/// ISO 4217, list one as published on 2026-01-01, without the codes for funds, metals, units of account and tests; and `BGN`, which
/// that edition dropped. A code is added when the standard has a new one and never taken out: orders with it are stored and waiting.
#[rustfmt::skip]
const CODES: [&str; 157] = [
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP",
    "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR",
    "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF",
    "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW",
    "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD",
    "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK",
    "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB",
    "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC",
    "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD",
    "UYU", "UYW", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER",
    "ZAR", "ZMW", "ZWG",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_every_code_is_found() {
        assert!(CODES.is_sorted_by(|a, b| a < b));
        assert!(
            CODES
                .iter()
                .all(|code| Currency::from_code(code).map(Currency::code) == Some(code))
        );
    }

    #[test]
    fn what_is_no_code_is_not_found() {
        // XXX is ISO 4217's own code for "no currency", XAU its code for gold: neither has a minor unit to count in.
        for code in ["", "gbp", "GB", "GBPP", "XXX", "XAU", "£", "ZZZ"] {
            assert_eq!(Currency::from_code(code), None, "{code}");
        }
    }
}
