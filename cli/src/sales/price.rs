//! Prices, from the decimal text of the file to pence. Never through a float: 0.29 × 100 is 28.999….

use serde_json::{Number, Value};

/// The `unit_price` for a price in pounds, or `None` where the text is no decimal number (or beyond 64 bits).
///
/// More than two decimals are not a whole number of pence. Such a price goes out as the number it is, so
/// that the service refuses the order; rounding would sell at another price.
pub(crate) fn unit_price(text: &str) -> Option<Value> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (pounds, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_number(pounds) || !is_number(decimals) {
        return None;
    }
    let decimals = decimals.trim_end_matches('0');
    if decimals.len() > 2 {
        // JSON knows no leading zeros.
        let pounds = pounds.trim_start_matches('0');
        let pounds = if pounds.is_empty() { "0" } else { pounds };
        let number: Number = serde_json::from_str(&format!("{sign}{pounds}.{decimals}")).ok()?;
        return Some(Value::Number(number));
    }
    let pence: i64 = format!("{sign}{pounds}{decimals:0<2}").parse().ok()?;
    Some(pence.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn pounds_become_pence_exactly() {
        for (text, pence) in [
            ("2.55", 255_i64),
            ("0.29", 29),
            ("1.1", 110),
            ("0", 0),
            ("0.0", 0),
            ("007", 700),
            ("4.950", 495),
            ("1.15", 115),
            ("-11062.06", -1_106_206),
            ("90071992547409.91", 9_007_199_254_740_991),
        ] {
            assert_eq!(unit_price(text), Some(json!(pence)), "{text}");
        }
    }

    #[test]
    fn a_fraction_of_a_penny_stays_one() {
        assert_eq!(unit_price("2.555").unwrap().to_string(), "2.555");
        assert_eq!(unit_price("-00.001").unwrap().to_string(), "-0.001");
        // Not even where a float cannot tell it from a whole number.
        let close = unit_price("3.00000000000000000000001").unwrap();
        assert!(close.as_u64().is_none(), "{close}");
    }

    #[test]
    fn what_is_no_decimal_number_is_refused() {
        for text in [
            "",
            "-",
            ".5",
            "5.",
            "1e3",
            "+1",
            " 1",
            "1,50",
            "£1",
            "NaN",
            "1.2.3",
            "--1",
            "١",
            "99999999999999999999",
        ] {
            assert_eq!(unit_price(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_penny_reads_back(pence in 0..=9_007_199_254_740_991_i64) {
            let text = format!("{}.{:02}", pence / 100, pence % 100);
            prop_assert_eq!(unit_price(&text), Some(json!(pence)));
        }
    }
}
