//! When the orders of a sales file arrive.

use std::{collections::BTreeMap, path::Path};

use crate::{
    sales::invoices::{self, Invoice},
    terminal::{failure::Failure, input, units::count},
};

const MINUTE: i64 = 60_000;

/// The orders of a sales file, by the minute. Only invoices that make valid orders count.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Arrivals {
    /// The orders of each minute that has any, with the number of the minute since 1970.
    pub(crate) minutes: Vec<(i64, usize)>,
    /// Lines of an order, on average.
    pub(crate) lines: f64,
}

impl Arrivals {
    /// Reads a file.
    pub(crate) async fn open(path: &Path) -> Result<Self, Failure> {
        let text = input::text(path).await;
        let arrivals = text
            .and_then(|text| invoices::of_text(&text))
            .and_then(|invoices| Self::of(&invoices));
        arrivals.map_err(|why| {
            Failure::environment(
                format!("{} gives the plan no timing: {why}", input::name(path)),
                "correct the file, or plan without --sales, with --shape and --for",
            )
        })
    }

    /// The orders among some invoices. The error says why they give no timing.
    pub(crate) fn of(invoices: &[Invoice]) -> Result<Self, String> {
        let mut minutes = BTreeMap::<i64, usize>::new();
        let (mut orders, mut lines) = (0, 0);
        for invoice in invoices {
            if invoice.fit.is_none() {
                continue;
            }
            let date = invoice.time()?;
            *minutes
                .entry(date.as_millis().div_euclid(MINUTE))
                .or_default() += 1;
            orders += 1;
            lines += invoice.body["lines"].as_array().map_or(0, Vec::len);
        }
        if orders == 0 {
            return Err("none of its invoices makes a valid order".to_owned());
        }
        Ok(Self {
            minutes: minutes.into_iter().collect(),
            lines: count(lines) / count(orders),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

    fn arrivals(rows: &[&str]) -> Result<Arrivals, String> {
        let file = [&[HEADER], rows].concat().join("\n");
        Arrivals::of(&invoices::read(file.as_bytes()).unwrap())
    }

    #[test]
    fn fit_invoices_are_counted_by_the_minute() {
        let arrivals = arrivals(&[
            "1,A,X,1,1970-01-01T00:01:30Z,1,1,UK",
            "1,B,X,1,1970-01-01T00:01:30Z,1,1,UK",
            "2,A,X,1,1970-01-01T00:01:00Z,1,1,UK",
            "3,A,X,1,1970-01-01T00:05:59Z,1,1,UK",
            "4,A,X,-1,1970-01-01T00:05:00Z,1,1,UK",
            "5,A,X,1,1970-01-01T00:05:00Z,1,,UK",
        ]);
        let Arrivals { minutes, lines } = arrivals.unwrap();
        assert_eq!(minutes, [(1, 2), (5, 1)]);
        assert!((lines - 4.0 / 3.0).abs() < 1e-9);
    }

    #[tokio::test]
    async fn what_gives_no_timing_is_named() {
        let failure = arrivals(&["1,A,X,1,01/12/2010,1,1,UK"]).unwrap_err();
        assert!(
            failure.contains("line 2: InvoiceDate \"01/12/2010\""),
            "{failure}"
        );
        let failure = arrivals(&["1,A,X,-1,1970-01-01T00:05:00Z,1,1,UK"]).unwrap_err();
        assert!(
            failure.contains("none of its invoices makes a valid"),
            "{failure}"
        );
        let failure = Arrivals::open(Path::new("no such file")).await;
        let failure = failure.unwrap_err().to_string();
        assert!(
            failure.contains("no such file gives the plan no timing: there is no such file"),
            "{failure}"
        );
        // It posts nothing, and says nothing of it.
        assert!(
            !failure.contains("post") && !failure.contains("replay"),
            "{failure}"
        );
    }

    #[test]
    fn the_real_file_has_its_401_orders() {
        let file = include_bytes!("../../../../data/online-retail-2010-12.csv");
        let Arrivals { minutes, lines } =
            Arrivals::of(&invoices::read(&file[..]).unwrap()).unwrap();
        assert_eq!(minutes.iter().map(|(_, orders)| orders).sum::<usize>(), 401);
        assert!((15.0..30.0).contains(&lines), "{lines}");
    }
}
