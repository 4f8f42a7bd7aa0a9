//! The sales file: each row is a product on an invoice, and each invoice becomes one order.
//!
//! What the service has to judge is sent as it stands: no customer, a negative quantity, half a penny. Only a file that
//! cannot be read as sales at all stops the command, before anything is posted.

use std::{collections::HashMap, io::Read};

use csv::{ReaderBuilder, StringRecord};
use jiff::{civil, tz::TimeZone};
use serde_json::{Value, json};
use sluice_order::{IdempotencyKey, Order, OrderKey, Timestamp};

use super::{
    header::{Column, Layout},
    price::unit_price,
};
use crate::terminal::{input::decoded, parse::quoted};

/// One invoice, as an order to post.
#[derive(Clone, Debug)]
pub struct Invoice {
    /// `InvoiceNo`, and the `Idempotency-Key`.
    pub number: String,
    /// The line of the file that it begins in.
    pub line: u64,
    /// `InvoiceDate` of that line.
    pub date: String,
    /// `CustomerID`; empty where the file has none.
    pub customer_id: String,
    /// What is posted.
    pub body: Value,
    /// The order and its key, worked out here and not taken from the service; `None` for what is no valid
    /// order, which the service must refuse.
    pub fit: Option<(OrderKey, Order)>,
}

/// The invoices of a file, in the order in which they begin.
///
/// # Errors
/// The file cannot be read as sales. The text says what is wrong with it, and names the line, the column and its value.
pub fn read(mut file: impl Read) -> Result<Vec<Invoice>, String> {
    let mut bytes = Vec::new();
    let read = file.read_to_end(&mut bytes);
    read.map_err(|error| error.to_string())?;
    of_text(&decoded(bytes)?)
}

/// The invoices of a text.
///
/// # Errors
/// As [`read`].
pub(crate) fn of_text(text: &str) -> Result<Vec<Invoice>, String> {
    let layout = Layout::of(text)?;
    let mut reader = ReaderBuilder::new()
        .delimiter(layout.separator)
        .from_reader(layout.table.as_bytes());
    let mut invoices: Vec<Draft> = Vec::new();
    let mut by_number: HashMap<String, usize> = HashMap::new();
    let mut lines = Lines::of(&layout);
    for record in reader.records() {
        let record = record.map_err(|e| bad_row(&mut lines, &e))?;
        let line = lines.at(record.position());
        let row = Row::of(&layout, &record);
        let at = if let Some(at) = by_number.get(row.invoice_no) {
            *at
        } else {
            by_number.insert(row.invoice_no.to_owned(), invoices.len());
            invoices.push(Draft::begin(line, &row)?);
            invoices.len() - 1
        };
        invoices[at].add(line, &row)?;
    }
    if invoices.is_empty() {
        return Err("it has no rows".to_owned());
    }
    Ok(invoices.into_iter().map(Draft::finish).collect())
}

/// Counts lines as an editor does. The reader's own count is one less where lines end with CR and LF.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn of(layout: &Layout<'a>) -> Self {
        Self {
            text: layout.table.as_bytes(),
            at: 0,
            line: layout.lines_before + 1,
        }
    }

    /// The line of a row, which comes after those asked for before. The end of the line before may belong to its position.
    fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let begin = position.map_or(0, csv::Position::byte);
        while let Some(byte) = self.text.get(self.at) {
            let is_end = matches!(byte, b'\r' | b'\n');
            if self.at as u64 >= begin && !is_end {
                break;
            }
            let is_half = *byte == b'\r' && self.text.get(self.at + 1) == Some(&b'\n');
            self.line += u64::from(is_end && !is_half);
            self.at += 1;
        }
        self.line
    }
}

/// A row of the file, as it stands there.
struct Row<'a> {
    invoice_no: &'a str,
    stock_code: &'a str,
    description: &'a str,
    quantity: &'a str,
    invoice_date: &'a str,
    unit_price: &'a str,
    customer_id: &'a str,
    country: &'a str,
}

impl<'a> Row<'a> {
    fn of(layout: &Layout<'_>, record: &'a StringRecord) -> Self {
        let cell = |column| record.get(layout.place(column)).unwrap_or_default();
        Self {
            invoice_no: cell(Column::InvoiceNo),
            stock_code: cell(Column::StockCode),
            description: cell(Column::Description),
            quantity: cell(Column::Quantity),
            invoice_date: cell(Column::InvoiceDate),
            unit_price: cell(Column::UnitPrice),
            customer_id: cell(Column::CustomerId),
            country: cell(Column::Country),
        }
    }
}

/// An invoice that may get further lines.
struct Draft {
    number: String,
    line: u64,
    date: String,
    customer_id: String,
    country: String,
    lines: Vec<Value>,
}

impl Draft {
    fn begin(line: u64, row: &Row<'_>) -> Result<Self, String> {
        let number = row.invoice_no.to_owned();
        if IdempotencyKey::new(number.clone()).is_none() {
            let rule = "is no Idempotency-Key: 1 to 255 visible ASCII characters";
            return Err(bad_value(line, "InvoiceNo", &number, rule));
        }
        Ok(Self {
            number,
            line,
            date: row.invoice_date.to_owned(),
            customer_id: row.customer_id.to_owned(),
            country: row.country.to_owned(),
            lines: Vec::new(),
        })
    }

    fn add(&mut self, line: u64, row: &Row<'_>) -> Result<(), String> {
        for (name, value, first) in [
            ("CustomerID", row.customer_id, &self.customer_id),
            ("Country", row.country, &self.country),
        ] {
            if value != first {
                let rule = format!(
                    "differs from {first:?} in line {}, of the same invoice",
                    self.line
                );
                return Err(bad_value(line, name, value, &rule));
            }
        }
        let quantity: i64 = row
            .quantity
            .parse()
            .map_err(|_| bad_value(line, "Quantity", row.quantity, "is no integer"))?;
        let price = unit_price(row.unit_price).ok_or_else(|| {
            let rule = "is no decimal number, such as 2.55";
            bad_value(line, "UnitPrice", row.unit_price, rule)
        })?;
        let mut item = json!({
            "sku": row.stock_code, "quantity": quantity, "unit_price": price,
        });
        if !row.description.is_empty() {
            item["description"] = row.description.into();
        }
        self.lines.push(item);
        Ok(())
    }

    fn finish(self) -> Invoice {
        let mut body = json!({
            "currency": "GBP", "lines": self.lines, "ship_to": {"country": self.country},
        });
        if !self.customer_id.is_empty() {
            body["customer_id"] = self.customer_id.as_str().into();
        }
        let order = Order::from_json(body.clone()).ok();
        let key = IdempotencyKey::new(self.number.clone());
        let fit = order
            .zip(key)
            .map(|(order, key)| (OrderKey::derived(order.customer_id(), &key), order));
        Invoice {
            number: self.number,
            line: self.line,
            date: self.date,
            customer_id: self.customer_id,
            body,
            fit,
        }
    }
}

impl Invoice {
    /// When the invoice was made. A time without a zone, as most files have it, is read as UTC: only the time between two
    /// invoices is ever used.
    ///
    /// # Errors
    /// Its date is no time. The text names the line and the value.
    pub fn time(&self) -> Result<Timestamp, String> {
        let Self { line, date, .. } = self;
        let read = date
            .parse()
            .or_else(|error| without_zone(date).ok_or(error));
        read.map_err(|error| format!("line {line}: InvoiceDate {} {error}", quoted(date)))
    }
}

/// A time such as `2009-12-01 07:45:00`. A date alone says no time.
fn without_zone(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let time: civil::DateTime = text.parse().ok().filter(|_| text.contains(':'))?;
    let time = TimeZone::UTC.to_timestamp(time).ok()?;
    Some(Timestamp::from_millis(time.as_millisecond()))
}

fn bad_value(line: u64, column: &str, value: &str, rule: &str) -> String {
    format!("line {line}: {column} {} {rule}", quoted(value))
}

fn bad_row(lines: &mut Lines<'_>, error: &csv::Error) -> String {
    let line = lines.at(error.position());
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!("line {line}: it has {len} fields, and the header {expected_len}")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
#[path = "invoices_tests.rs"]
mod tests;
