//! The sales file: each row is a product on an invoice, and each invoice becomes one order.
//!
//! What the service has to judge is sent as it stands: no customer, a negative quantity, half a penny. Only a file that
//! cannot be read as sales at all stops the command, before anything is posted.

use std::{collections::HashMap, io::Read};

use csv::ReaderBuilder;
use serde::Deserialize;
use serde_json::{Value, json};
use sluice_order::{IdempotencyKey, Order, OrderKey, Timestamp};

use super::price::unit_price;
use crate::terminal::failure::Failure;

/// The columns that a file must have, in any order.
const COLUMNS: [&str; 8] = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
];

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
/// The file cannot be read as sales. The error names the line, the column and its value.
pub fn read(file: impl Read) -> Result<Vec<Invoice>, Failure> {
    let mut reader = ReaderBuilder::new().from_reader(file);
    let header = reader.headers().map_err(|e| bad_row(&e))?.clone();
    let is_missing = |name: &&str| header.iter().all(|column| column != *name);
    let missing: Vec<_> = COLUMNS.into_iter().filter(is_missing).collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Err(unusable(format!(
            "line 1 does not name the column {missing}"
        )));
    }
    let mut invoices: Vec<Draft> = Vec::new();
    let mut by_number: HashMap<String, usize> = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(|e| bad_row(&e))?;
        let line = record.position().map_or(0, csv::Position::line);
        let row: Row = record.deserialize(Some(&header)).map_err(|e| bad_row(&e))?;
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
        return Err(unusable("it has no rows"));
    }
    Ok(invoices.into_iter().map(Draft::finish).collect())
}

/// A row of the file, as it stands there.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row<'a> {
    invoice_no: &'a str,
    stock_code: &'a str,
    description: &'a str,
    quantity: &'a str,
    invoice_date: &'a str,
    unit_price: &'a str,
    #[serde(rename = "CustomerID")]
    customer_id: &'a str,
    country: &'a str,
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
    fn begin(line: u64, row: &Row<'_>) -> Result<Self, Failure> {
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

    fn add(&mut self, line: u64, row: &Row<'_>) -> Result<(), Failure> {
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
        let price = unit_price(row.unit_price)
            .ok_or_else(|| bad_value(line, "UnitPrice", row.unit_price, "is no decimal number"))?;
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
    /// When the invoice was made.
    ///
    /// # Errors
    /// Its date is no time. The text names the line and the value.
    pub fn time(&self) -> Result<Timestamp, String> {
        let Self { line, date, .. } = self;
        date.parse()
            .map_err(|error| format!("line {line}: InvoiceDate {date:?} {error}"))
    }
}

fn bad_value(line: u64, column: &str, value: &str, rule: &str) -> Failure {
    unusable(format!("line {line}: {column} {value:?} {rule}"))
}

fn bad_row(error: &csv::Error) -> Failure {
    let line = error.position().map_or(1, csv::Position::line);
    unusable(match error.kind() {
        csv::ErrorKind::Utf8 { .. } => format!("line {line}: it is not UTF-8"),
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!("line {line}: it has {len} fields, and the header {expected_len}")
        }
        _ => error.to_string(),
    })
}

/// The failure of a file that is no sales file.
pub(crate) fn unusable(why: impl std::fmt::Display) -> Failure {
    Failure::environment(
        format!("the file cannot be replayed: {why}"),
        "correct the file; nothing was posted",
    )
}

#[cfg(test)]
#[path = "invoices_tests.rs"]
mod tests;
