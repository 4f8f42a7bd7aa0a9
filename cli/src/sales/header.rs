//! The header of a sales file: what separates its columns, and which one is which.
//!
//! Files of this form come from several programs. A spreadsheet of a country that writes decimals with a comma separates by
//! `;`, and the data set has two editions whose names differ. What can mean only one thing is taken; anything else is refused,
//! with what the header does name.

use csv::ReaderBuilder;

use crate::terminal::parse::quoted;

/// A column that a file must have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    InvoiceNo,
    StockCode,
    Description,
    Quantity,
    InvoiceDate,
    UnitPrice,
    CustomerId,
    Country,
}

/// Each column, and its names: the first is its own, the others are those of Online Retail II, the later edition of the data
/// set (<https://archive.ics.uci.edu/dataset/502/online+retail+ii>). Its `Customer ID` differs by a space only.
const NAMES: [(Column, &[&str]); 8] = [
    (Column::InvoiceNo, &["InvoiceNo", "Invoice"]),
    (Column::StockCode, &["StockCode"]),
    (Column::Description, &["Description"]),
    (Column::Quantity, &["Quantity"]),
    (Column::InvoiceDate, &["InvoiceDate"]),
    (Column::UnitPrice, &["UnitPrice", "Price"]),
    (Column::CustomerId, &["CustomerID"]),
    (Column::Country, &["Country"]),
];

const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The most characters of a header that an error repeats.
const SHOWN: usize = 200;

/// How the rows of a file are read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Layout<'a> {
    /// The file from its header on.
    pub(super) table: &'a str,
    /// How many lines of the file come before that.
    pub(super) lines_before: u64,
    pub(super) separator: u8,
    /// Where each column is, in the order of [`NAMES`].
    places: [usize; 8],
}

impl<'a> Layout<'a> {
    /// The layout of a file.
    ///
    /// # Errors
    /// Its header does not name each column once, whatever separates them.
    pub(super) fn of(text: &'a str) -> Result<Self, String> {
        let (said, table) = separator_line(text);
        let lines_before = u64::from(said.is_some());
        let separators = said.map_or(SEPARATORS.to_vec(), |separator| vec![separator]);
        let headers = separators.iter().map(|s| (*s, names(table, *s)));
        let headers: Vec<_> = headers.collect();
        for (separator, names) in &headers {
            if let Ok(places) = places(names) {
                return Ok(Self {
                    table,
                    lines_before,
                    separator: *separator,
                    places,
                });
            }
        }
        // The separator that finds most of the names is most likely meant, or else the one that finds most columns.
        let best = headers
            .iter()
            .rev()
            .max_by_key(|(_, names)| (8 - missing(names).len(), names.len()));
        let names = best.map_or(&[][..], |(_, names)| names);
        Err(refusal(lines_before + 1, names))
    }

    /// Where a column is.
    pub(super) fn place(&self, column: Column) -> usize {
        self.places[column as usize]
    }
}

/// Excel's line `sep=;` in front of the header: what it says, and the rest of the file.
fn separator_line(text: &str) -> (Option<u8>, &str) {
    let (first, rest) = text.split_once(['\n', '\r']).unwrap_or((text, ""));
    let first = first.trim_matches('"').trim_end_matches('\r');
    let said = first
        .get(..4)
        .filter(|begin| begin.eq_ignore_ascii_case("sep="));
    match (said, first.as_bytes()) {
        (Some(_), [_, _, _, _, separator]) => (Some(*separator), rest.trim_start_matches('\n')),
        _ => (None, text),
    }
}

fn names(table: &str, separator: u8) -> Vec<String> {
    let mut reader = ReaderBuilder::new()
        .delimiter(separator)
        .from_reader(table.as_bytes());
    let header = reader.headers();
    header.map_or_else(
        |_| Vec::new(),
        |names| names.iter().map(str::to_owned).collect(),
    )
}

/// Where each column is, if each is named once.
fn places(names: &[String]) -> Result<[usize; 8], ()> {
    let mut places = [0; 8];
    for (place, (_, of_column)) in places.iter_mut().zip(NAMES) {
        *place = match found(names, of_column)[..] {
            [at] => at,
            _ => return Err(()),
        };
    }
    Ok(places)
}

/// The places that a column may be at: those that have its own name or, if there are none, those with a name that is like
/// one of its names. Case, spaces and signs make no difference to that.
fn found(names: &[String], of_column: &[&str]) -> Vec<usize> {
    let at = |is_it: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let places = names.iter().enumerate();
        places
            .filter(|(_, name)| is_it(name))
            .map(|(at, _)| at)
            .collect()
    };
    let own = at(&|name| name == of_column[0]);
    if !own.is_empty() {
        return own;
    }
    at(&|name| of_column.iter().any(|column| plain(column) == plain(name)))
}

/// The letters and digits of a name.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

fn missing(names: &[String]) -> Vec<&'static str> {
    let columns = NAMES.iter().filter(|(_, of)| found(names, of).is_empty());
    columns.map(|(_, of)| of[0]).collect()
}

/// Why a header is refused: what it lacks or names twice, and what it does name.
fn refusal(line: u64, names: &[String]) -> String {
    let missing = missing(names);
    let twice = NAMES.iter().find(|(_, of)| found(names, of).len() > 1);
    let lack = match (&missing[..], twice) {
        ([], Some((_, of))) => format!("names the column {} more than once", of[0]),
        (missing, _) => format!("does not name the column {}", missing.join(", ")),
    };
    let shown = quoted(&names.join(", ").chars().take(SHOWN).collect::<String>());
    let count = match names.len() {
        1 => "1 column".to_owned(),
        count => format!("{count} columns"),
    };
    let hint = if names
        .first()
        .is_some_and(|name| name.starts_with(['{', '[']))
    {
        ". It looks like JSON: `sluice submit` posts one order"
    } else if names.len() == 1 {
        ". Columns are separated by a comma, a semicolon, a tab or |"
    } else {
        ""
    };
    format!("line {line} {lack}; it names {count}: {shown}{hint}")
}
