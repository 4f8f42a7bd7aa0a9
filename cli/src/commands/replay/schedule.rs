//! When each order is posted.

use std::time::Duration;

use tokio::time::{Instant, Interval, sleep_until};

use crate::{
    deployment::rate::{at_most, bounded},
    sales::invoices::Invoice,
};

/// When orders are posted.
#[derive(Debug)]
pub(crate) enum Schedule {
    /// As fast as answers come.
    Unlimited,
    /// At a limited rate. Lost time is not made up for.
    Limited(Interval),
    /// Each at its own time after the start. An order that was held up is sent at once, to keep the file's own peaks.
    At(Vec<Duration>),
}

impl Schedule {
    /// At most `rate` orders a second.
    pub(crate) fn limited(rate: f64) -> Self {
        Self::Limited(at_most(rate))
    }

    /// The file's own timing, `speed` times as fast.
    ///
    /// # Errors
    /// The date of an invoice is no time.
    pub(crate) fn of_file(invoices: &[Invoice], speed: f64) -> Result<Self, String> {
        let mut first = None;
        let mut latest = Duration::ZERO;
        let mut due = Vec::with_capacity(invoices.len());
        for invoice in invoices {
            let time = invoice.time()?;
            let first = *first.get_or_insert(time);
            // An invoice that stands later in the file is not posted earlier.
            let after = time.as_millis().saturating_sub(first.as_millis());
            let after = Duration::from_millis(u64::try_from(after).unwrap_or(0));
            latest = latest.max(bounded(after.as_secs_f64() / speed));
            due.push(latest);
        }
        Ok(Self::At(due))
    }

    /// Waits until the order at this place of the file is due. Posting began at `start`.
    pub(crate) async fn wait(&mut self, at: usize, start: Instant) {
        match self {
            Self::Unlimited => {}
            Self::Limited(limit) => {
                limit.tick().await;
            }
            Self::At(due) => {
                let due = due.get(at).and_then(|due| start.checked_add(*due));
                if let Some(due) = due {
                    sleep_until(due).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sales;

    fn invoices(dates: &[&str]) -> Vec<Invoice> {
        let header =
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
        let rows = dates.iter().enumerate();
        let rows = rows.map(|(number, date)| format!("{number},A,X,1,{date},1,1,UK"));
        let file: Vec<String> = [header.to_owned()].into_iter().chain(rows).collect();
        sales::invoices::read(file.join("\n").as_bytes()).unwrap()
    }

    #[test]
    fn the_file_s_timing_is_scaled_and_never_goes_back() {
        let dates = [
            "2010-12-01T08:00:00Z",
            "2010-12-01T08:01:00Z",
            "2010-12-01T07:00:00Z",
            "2010-12-01T09:00:00Z",
        ];
        let Ok(Schedule::At(due)) = Schedule::of_file(&invoices(&dates), 60.0) else {
            panic!("no times");
        };
        assert_eq!(due, [0, 1, 1, 60].map(Duration::from_secs));
    }

    #[test]
    fn a_bad_date_is_named_by_its_line() {
        let dates = ["2010-12-01T08:00:00Z", "01/12/2010"];
        let failure = Schedule::of_file(&invoices(&dates), 1.0).unwrap_err();
        assert!(
            failure.contains("line 3: InvoiceDate \"01/12/2010\""),
            "{failure}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_waits_for_its_time_and_one_that_is_late_for_nothing() {
        let mut schedule = Schedule::At([0, 60].map(Duration::from_secs).to_vec());
        let start = Instant::now();
        schedule.wait(1, start).await;
        assert_eq!(start.elapsed(), Duration::from_mins(1));
        schedule.wait(0, start).await;
        assert_eq!(start.elapsed(), Duration::from_mins(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_a_distance_from_the_order_before() {
        let mut schedule = Schedule::limited(4.0);
        let start = Instant::now();
        for at in 0..3 {
            schedule.wait(at, start).await;
        }
        assert_eq!(start.elapsed(), Duration::from_millis(500));
    }
}
