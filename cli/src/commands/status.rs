//! `sluice status`: where one order stands.

use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde_json::Value;
use sluice_order::OrderId;
use tokio::time::Instant;

use crate::{
    deployment::{api::Api, aws::Aws, problem::Problem, rate::bounded, stack::Stack},
    terminal::{
        failure::{Exit, Failure},
        output::{self, aligned, tame},
        parse::{order_id, seconds_or_time},
    },
};

/// How often `--wait` asks again.
const POLL: Duration = Duration::from_secs(1);

/// Show where an order stands
///
/// ACCEPTED means that it waits in the buffer, IN_FULFILLMENT that it is stored, REJECTED that it was not stored, for the
/// reason given (exits 1).
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
#[expect(clippy::doc_markdown, reason = "a help text for a terminal")]
pub(crate) struct StatusArguments {
    /// The order's id, from the answer to its post; the Location of that answer, or the order's address, will do
    #[arg(value_name = "ID", value_parser = order_id)]
    id: OrderId,
    /// Ask again for so long (60 or 2m), until it is no longer ACCEPTED; exits 1 if it still is
    #[arg(long, value_name = "TIME", value_parser = seconds_or_time)]
    wait: Option<f64>,
    /// Print the service's answer as JSON
    #[arg(long)]
    json: bool,
}

/// The service's answer, as far as it is shown.
#[derive(Deserialize, Debug)]
struct View {
    order_id: String,
    status: String,
    reason: Option<String>,
    customer_id: Option<String>,
    currency: Option<String>,
    total: Option<u64>,
    accepted_at: Option<String>,
    stored_at: Option<String>,
    #[serde(default)]
    lines: Vec<Line>,
    ship_to: Option<ShipTo>,
}

/// Where it goes, in the order in which an address is written.
#[derive(Deserialize, Debug)]
struct ShipTo {
    name: Option<String>,
    line1: Option<String>,
    line2: Option<String>,
    city: Option<String>,
    region: Option<String>,
    postal_code: Option<String>,
    country: Option<String>,
}

#[derive(Deserialize, Debug)]
struct Line {
    sku: String,
    description: Option<String>,
    quantity: u64,
    unit_price: u64,
}

pub(crate) async fn run(stack: &str, arguments: &StatusArguments) -> Result<Exit, Failure> {
    let aws = Aws::from_environment().await?;
    let stack = Stack::find(&aws, stack).await?;
    let api = Api::of(&stack, &aws)?;
    let end = Instant::now() + bounded(arguments.wait.unwrap_or_default());
    loop {
        let answer = api.get_order(&arguments.id).await?;
        if answer.status != 200 {
            output::say(Problem::of(&answer).readable());
            return Ok(Exit::Wrong);
        }
        let unreadable = |error: serde_json::Error| {
            Failure::wrong(
                format!("the service's answer is not what it should be: {error}"),
                "compare the versions of the command and the stack",
            )
        };
        let json: Value = serde_json::from_slice(&answer.body).map_err(unreadable)?;
        let view = View::deserialize(&json).map_err(unreadable)?;
        if view.status == "ACCEPTED" && Instant::now() + POLL <= end {
            tokio::time::sleep(POLL).await;
            continue;
        }
        if arguments.json {
            output::print_json(&json);
        } else {
            output::print(&view.readable());
        }
        return Ok(view.exit(arguments.wait.is_some()));
    }
}

impl View {
    /// Being in the buffer is fine, unless it was waited for.
    fn exit(&self, waited: bool) -> Exit {
        match self.status.as_str() {
            "IN_FULFILLMENT" => Exit::Fine,
            "ACCEPTED" if !waited => Exit::Fine,
            _ => Exit::Wrong,
        }
    }

    fn readable(&self) -> String {
        let mut rows = vec![
            ("order_id".to_owned(), tame(&self.order_id)),
            ("status".to_owned(), tame(&self.status)),
        ];
        let currency = self.currency.as_deref().unwrap_or_default();
        let total = self
            .total
            .map(|total| format!("{total} {currency}, in the minor unit"));
        for (name, value) in [
            ("reason", &self.reason),
            ("customer_id", &self.customer_id),
            ("total", &total),
            ("accepted_at", &self.accepted_at),
            ("stored_at", &self.stored_at),
        ] {
            if let Some(value) = value {
                rows.push((name.to_owned(), tame(value)));
            }
        }
        for (at, line) in self.lines.iter().enumerate() {
            let name = if at == 0 { "lines" } else { "" };
            let description = line.description.as_deref().unwrap_or_default();
            let text = format!(
                "{} × {}  {}  {}",
                line.quantity,
                line.unit_price,
                tame(&line.sku),
                tame(description)
            );
            rows.push((name.to_owned(), text));
        }
        for (at, part) in self.ship_to.iter().flat_map(ShipTo::parts).enumerate() {
            let name = if at == 0 { "ship_to" } else { "" };
            rows.push((name.to_owned(), tame(part)));
        }
        aligned(&rows)
    }
}

impl ShipTo {
    fn parts(&self) -> impl Iterator<Item = &str> {
        let parts = [
            &self.name,
            &self.line1,
            &self.line2,
            &self.city,
            &self.region,
            &self.postal_code,
            &self.country,
        ];
        parts.into_iter().filter_map(|part| part.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn view(json: Value) -> View {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_stored_order_is_shown_with_its_lines() {
        let stored = view(json!({
            "order_id": "ord_x", "status": "IN_FULFILLMENT", "customer_id": "c-1", "currency": "GBP", "total": 1530,
            "lines": [{"sku": "85123A", "description": "HOLDER ", "quantity": 6, "unit_price": 255}],
            "accepted_at": "2026-11-27T08:00:00.000Z", "stored_at": "2026-11-27T08:00:00.040Z",
        }));
        assert_eq!(
            stored.readable(),
            "order_id     ord_x\nstatus       IN_FULFILLMENT\ncustomer_id  c-1\
             \ntotal        1530 GBP, in the minor unit\naccepted_at  2026-11-27T08:00:00.000Z\
             \nstored_at    2026-11-27T08:00:00.040Z\nlines        6 × 255  85123A  HOLDER"
        );
        assert_eq!(stored.exit(true), Exit::Fine);
    }

    #[test]
    fn the_address_is_shown_as_far_as_there_is_one() {
        let stored = view(json!({
            "order_id": "ord_x", "status": "IN_FULFILLMENT",
            "ship_to": {"name": "A.\u{1b} Shopper", "line1": "1 High Street", "line2": null, "country": "GB", "new": 1},
        }));
        assert!(
            stored
                .readable()
                .ends_with("\nship_to   A.\\u{1b} Shopper\n          1 High Street\n          GB"),
            "{}",
            stored.readable()
        );
        let none = view(json!({"order_id": "ord_x", "status": "ACCEPTED", "ship_to": null}));
        assert!(!none.readable().contains("ship_to"));
    }

    #[test]
    fn a_buffered_order_is_fine_until_it_was_waited_for() {
        let buffered = view(json!({"order_id": "ord_x", "status": "ACCEPTED"}));
        assert_eq!(buffered.exit(false), Exit::Fine);
        assert_eq!(buffered.exit(true), Exit::Wrong);
    }

    #[test]
    fn a_rejected_order_is_wrong_and_says_why() {
        let rejected =
            view(json!({"order_id": "ord_x", "status": "REJECTED", "reason": "KEY_REUSED"}));
        assert!(rejected.readable().ends_with("reason    KEY_REUSED"));
        assert_eq!(rejected.exit(false), Exit::Wrong);
    }
}
