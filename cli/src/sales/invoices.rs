//! The sales file: rows of products, grouped into one order an invoice.
//!
//! Whatever the service has to judge is sent as it stands: no customer, a negative quantity, half a penny.
//! Only what cannot be read as sales at all stops the command, before anything is posted.

use std::{collections::HashMap, io::Read};

use csv::{ReaderBuilder, StringRecord};
use serde_json::{Value, json};
use sluice_order::{IdempotencyKey, Order, OrderKey};

use super::price::unit_price;
use crate::Failure;

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
pub fn read(file: impl Read) -> Result<Vec<Invoice>, Failure> {
    let mut rows = ReaderBuilder::new().from_reader(file);
    let columns = Columns::of(rows.headers().map_err(|e| bad_row(&e))?)?;
    let mut invoices: Vec<Draft> = Vec::new();
    let mut by_number: HashMap<String, usize> = HashMap::new();
    for row in rows.records() {
        let row = row.map_err(|e| bad_row(&e))?;
        let row = Row {
            line: row.position().map_or(0, csv::Position::line),
            columns: &columns,
            fields: &row,
        };
        let number = row.get(INVOICE_NO);
        let at = if let Some(at) = by_number.get(number) {
            *at
        } else {
            by_number.insert(number.to_owned(), invoices.len());
            invoices.push(Draft::begin(&row)?);
            invoices.len() - 1
        };
        invoices[at].add(&row)?;
    }
    if invoices.is_empty() {
        return Err(unusable("it has no rows"));
    }
    Ok(invoices.into_iter().map(Draft::finish).collect())
}

const INVOICE_NO: usize = 0;
const STOCK_CODE: usize = 1;
const DESCRIPTION: usize = 2;
const QUANTITY: usize = 3;
const INVOICE_DATE: usize = 4;
const UNIT_PRICE: usize = 5;
const CUSTOMER_ID: usize = 6;
const COUNTRY: usize = 7;

/// Where each of [`COLUMNS`] is in the file.
struct Columns([usize; 8]);

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, Failure> {
        let mut places = [0; 8];
        let mut missing = Vec::new();
        for (place, name) in places.iter_mut().zip(COLUMNS) {
            match header.iter().position(|column| column == name) {
                Some(at) => *place = at,
                None => missing.push(name),
            }
        }
        if missing.is_empty() {
            Ok(Self(places))
        } else {
            Err(unusable(format!(
                "line 1 does not name the column {}",
                missing.join(", ")
            )))
        }
    }
}

struct Row<'a> {
    line: u64,
    columns: &'a Columns,
    fields: &'a StringRecord,
}

impl Row<'_> {
    fn get(&self, column: usize) -> &str {
        self.fields.get(self.columns.0[column]).unwrap_or_default()
    }

    fn unusable(&self, column: usize, rule: &str) -> Failure {
        let (line, name, value) = (self.line, COLUMNS[column], self.get(column));
        unusable(format!("line {line}: {name} {value:?} {rule}"))
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
    fn begin(row: &Row<'_>) -> Result<Self, Failure> {
        let number = row.get(INVOICE_NO);
        if IdempotencyKey::new(number.to_owned()).is_none() {
            let rule = "is no Idempotency-Key: 1 to 255 visible ASCII characters";
            return Err(row.unusable(INVOICE_NO, rule));
        }
        Ok(Self {
            number: number.to_owned(),
            line: row.line,
            date: row.get(INVOICE_DATE).to_owned(),
            customer_id: row.get(CUSTOMER_ID).to_owned(),
            country: row.get(COUNTRY).to_owned(),
            lines: Vec::new(),
        })
    }

    fn add(&mut self, row: &Row<'_>) -> Result<(), Failure> {
        for (column, first) in [(CUSTOMER_ID, &self.customer_id), (COUNTRY, &self.country)] {
            if row.get(column) != first {
                let rule = format!(
                    "differs from {first:?} in line {}, of the same invoice",
                    self.line
                );
                return Err(row.unusable(column, &rule));
            }
        }
        let quantity: i64 = row
            .get(QUANTITY)
            .parse()
            .map_err(|_| row.unusable(QUANTITY, "is no integer"))?;
        let price = unit_price(row.get(UNIT_PRICE))
            .ok_or_else(|| row.unusable(UNIT_PRICE, "is no decimal number"))?;
        let mut line = json!({
            "sku": row.get(STOCK_CODE), "quantity": quantity, "unit_price": price,
        });
        if !row.get(DESCRIPTION).is_empty() {
            line["description"] = row.get(DESCRIPTION).into();
        }
        self.lines.push(line);
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

pub(crate) fn unusable(why: impl std::fmt::Display) -> Failure {
    Failure::environment(
        format!("the file cannot be replayed: {why}"),
        "correct the file; nothing was posted",
    )
}

#[cfg(test)]
#[path = "sales_tests.rs"]
mod tests;
