//! When each order is posted.

use std::time::Duration;

use sluice_order::Timestamp;
use tokio::time::Instant;

use super::sales::{Invoice, unusable};
use crate::Failure;

/// The times at which orders are posted.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Pace {
    /// As fast as answers come.
    Unlimited,
    /// Never two closer together than this. What was held up is not caught up with: the rate is a limit.
    Spaced(Duration),
    /// Each so long after the first. What was held up is sent at once: the file's own peaks are the point.
    At(Vec<Duration>),
}

impl Pace {
    pub(crate) fn spaced(rate: f64) -> Self {
        Self::Spaced(seconds(1.0 / rate))
    }

    /// The file's own timing, so many times as fast.
    pub(crate) fn of_file(invoices: &[Invoice], speed: f64) -> Result<Self, Failure> {
        let mut first = None;
        let mut latest = Duration::ZERO;
        let mut due = Vec::with_capacity(invoices.len());
        for invoice in invoices {
            let time: Timestamp = invoice.date.parse().map_err(|error| {
                let Invoice { line, date, .. } = invoice;
                unusable(format!("line {line}: InvoiceDate {date:?} {error}"))
            })?;
            let first = *first.get_or_insert(time);
            // Whoever stands later in the file is not posted earlier.
            let after = time.as_millis().saturating_sub(first.as_millis());
            let after = Duration::from_millis(u64::try_from(after).unwrap_or(0));
            latest = latest.max(seconds(after.as_secs_f64() / speed));
            due.push(latest);
        }
        Ok(Self::At(due))
    }

    /// When the order at this place goes out, given when the one before did.
    pub(crate) fn due(
        &self,
        at: usize,
        start: Instant,
        before: Option<Instant>,
    ) -> Option<Instant> {
        match self {
            Self::Unlimited => None,
            Self::Spaced(distance) => before?.checked_add(*distance),
            Self::At(due) => start.checked_add(*due.get(at)?),
        }
    }
}

/// A duration that a clock can still be moved by; ten years are for ever.
fn seconds(seconds: f64) -> Duration {
    const FOR_EVER: Duration = Duration::from_hours(24 * 3_650);
    Duration::try_from_secs_f64(seconds).map_or(FOR_EVER, |duration| duration.min(FOR_EVER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::sales;

    fn invoices(dates: &[&str]) -> Vec<Invoice> {
        let header =
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
        let rows = dates.iter().enumerate();
        let rows = rows.map(|(number, date)| format!("{number},A,X,1,{date},1,1,UK"));
        let file: Vec<String> = [header.to_owned()].into_iter().chain(rows).collect();
        sales::read(file.join("\n").as_bytes()).unwrap()
    }

    #[test]
    fn the_file_s_timing_is_scaled_and_never_goes_back() {
        let dates = [
            "2010-12-01T08:00:00Z",
            "2010-12-01T08:01:00Z",
            "2010-12-01T07:00:00Z",
            "2010-12-01T09:00:00Z",
        ];
        let due = [0, 1, 1, 60].map(Duration::from_secs).to_vec();
        assert_eq!(Pace::of_file(&invoices(&dates), 60.0), Ok(Pace::At(due)));
    }

    #[test]
    fn a_bad_date_is_named_by_its_line() {
        let dates = ["2010-12-01T08:00:00Z", "01/12/2010"];
        let failure = Pace::of_file(&invoices(&dates), 1.0).unwrap_err();
        assert!(
            failure
                .to_string()
                .contains("line 3: InvoiceDate \"01/12/2010\"")
        );
    }

    #[test]
    fn a_rate_is_a_distance_from_the_order_before() {
        let pace = Pace::spaced(4.0);
        let start = Instant::now();
        let late = start + Duration::from_secs(9);
        assert_eq!(pace.due(0, start, None), None);
        let next = late + Duration::from_millis(250);
        assert_eq!(pace.due(1, start, Some(late)), Some(next));
        let hardly_ever = Pace::spaced(1e-300).due(1, start, Some(start));
        assert!(hardly_ever > Some(start + Duration::from_hours(24)));
    }
}
