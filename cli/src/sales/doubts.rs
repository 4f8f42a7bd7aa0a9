//! What in a sales file can be read but is hardly meant: ids that a program has changed on the way.
//!
//! They are sent as they stand, since only the operator knows. But a customer `17850.0` is another one than `17850`.

use super::invoices::Invoice;
use crate::terminal::parse::quoted;

/// What programs write where there is nothing.
const NOTHING: [&str; 8] = [
    "nan",
    "null",
    "none",
    "na",
    "n/a",
    "#n/a",
    "nil",
    "undefined",
];

/// A column of ids: its name, its value in an invoice, and what follows from a number with decimals in it.
type Ids = (&'static str, fn(&Invoice) -> &str, &'static str);

const IDS: [Ids; 2] = [
    (
        "CustomerID",
        |invoice| &invoice.customer_id,
        "another customer's",
    ),
    (
        "InvoiceNo",
        |invoice| &invoice.number,
        "another Idempotency-Key, so another order,",
    ),
];

/// Warnings for the operator, one a line.
pub(crate) fn doubts(invoices: &[Invoice]) -> Vec<String> {
    let mut warnings = Vec::new();
    for (column, value, other) in IDS {
        let decimals = having(invoices, |invoice| has_decimals(value(invoice)));
        if let Some((count, first)) = decimals {
            let text = value(first);
            let whole = text.split('.').next().unwrap_or(text);
            warnings.push(format!(
                "Warning: the {column} of {count} is a number with decimals, such as {} in line {}. It is sent as it stands: that is \
                 {other} than {} would be.",
                quoted(text),
                first.line,
                quoted(whole)
            ));
        }
        let nothing = having(invoices, |invoice| is_nothing(value(invoice)));
        if let Some((count, first)) = nothing {
            warnings.push(format!(
                "Warning: the {column} of {count} is {}, first in line {}. It is sent as it stands: it is the same for all of them.",
                quoted(value(first)),
                first.line
            ));
        }
    }
    warnings
}

/// How many invoices are so, in words, and the first of them.
fn having(invoices: &[Invoice], is_so: impl Fn(&Invoice) -> bool) -> Option<(String, &Invoice)> {
    let mut found = invoices.iter().filter(|invoice| is_so(invoice));
    let first = found.next()?;
    let count = match found.count() {
        0 => "1 invoice".to_owned(),
        more => format!("{} invoices", more + 1),
    };
    Some((count, first))
}

fn has_decimals(text: &str) -> bool {
    text.contains('.') && text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn is_nothing(text: &str) -> bool {
    NOTHING
        .iter()
        .any(|nothing| nothing.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sales::invoices::read;

    fn warnings(rows: &str) -> Vec<String> {
        let header =
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
        doubts(&read(format!("{header}\n{rows}").as_bytes()).unwrap())
    }

    #[test]
    fn ids_that_a_program_changed_are_told_with_their_number_and_an_example() {
        let told = warnings(
            "1,A,X,1,d,1,17850.0,UK\n2,A,X,1,d,1,17850,UK\n3,A,X,1,d,1,13047.0,UK\n\
             4,A,X,1,d,1,nan,UK\n5.0,A,X,1,d,1,c,UK\n6,A,X,1,d,1,,UK\n7,A,X,1,d,1,v1.0,UK\n",
        );
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(
            told[0].contains("2 invoices") && told[0].contains("CustomerID"),
            "{}",
            told[0]
        );
        assert!(told[0].contains("\"17850.0\" in line 2"), "{}", told[0]);
        assert!(told[0].contains("than \"17850\""), "{}", told[0]);
        assert!(
            told[1].contains("1 invoice") && told[1].contains("is \"nan\", first in line 5"),
            "{}",
            told[1]
        );
        assert!(told[2].contains("such as \"5.0\" in line 6"), "{}", told[2]);
    }

    #[test]
    fn ids_as_they_should_be_give_no_warning() {
        assert!(
            warnings("1,A,X,1,d,1,17850,UK\nC2,A,X,1,d,1,,UK\n3,A,X,1,d,1,Nancy,UK\n").is_empty()
        );
    }
}
