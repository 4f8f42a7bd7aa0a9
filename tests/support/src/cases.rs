//! One event a case, and what is expected of it. `make events` writes them to `events/`.
//!
//! The cases run in this order against one storage: orders are accepted, batches fulfilled, and then read.
//! So the same files serve the handlers in this process and `sam local` against a stack.

mod accepting;
mod fulfilling;
mod reading;

pub use fulfilling::DEAD_LETTERS;

use serde_json::{Value, json};
use sluice_order::{CustomerId, OrderAccepted, Secrets, Timestamp, testing::Sample};

/// The secrets that the ids in the events are sealed with. They seal nothing anywhere else.
pub const SECRETS: &str = r#"{"1":"for-the-events-in-this-folder-and-nothing-else"}"#;

/// One case.
#[derive(Debug)]
pub struct Case {
    /// The function's folder.
    pub function: &'static str,
    /// The file's name, without its ending.
    pub name: &'static str,
    /// What Lambda hands to the function.
    pub event: Value,
    /// What it answers, as [`crate::matching`] compares it.
    pub answer: Value,
}

impl Case {
    /// Where its event lies in the project.
    pub fn path(&self) -> String {
        format!("events/{}/{}.json", self.function, self.name)
    }

    /// Where its answer lies in the project.
    pub fn answer_path(&self) -> String {
        format!("events/{}/{}.answer.json", self.function, self.name)
    }
}

/// Every case, in the order in which they run.
pub fn all() -> Vec<Case> {
    [accepting::cases(), fulfilling::cases(), reading::cases()]
        .into_iter()
        .flatten()
        .collect()
}

/// What `sam local` is given with `--env-vars`, so that the functions know the secrets.
pub fn settings() -> Value {
    let secrets = json!({"ORDER_ID_SECRETS": SECRETS});
    let functions = ["AcceptOrder", "ReadOrders", "FulfillStandard", "FulfillHot"];
    functions
        .into_iter()
        .map(|name| (name.to_owned(), secrets.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn secrets() -> Secrets {
    Secrets::from_json(SECRETS).unwrap()
}

/// The orders that the cases are about: of one customer, named by their key.
fn accepted(key: &str, order: Value) -> OrderAccepted {
    Sample::of(order)
        .key(key)
        .accepted_at(Timestamp::from_millis(1_795_766_400_050))
        .traceparent("00-6a1b2c3d0123456789abcdef01234567-53995c3f42cd8ad8-01")
        .message(&secrets())
}

fn order(customer: &str, skus: &[&str]) -> Value {
    let lines: Vec<_> = skus
        .iter()
        .map(|sku| json!({"sku": sku, "description": "WHITE HANGING HEART T-LIGHT HOLDER", "quantity": 6, "unit_price": 255}))
        .collect();
    json!({"customer_id": customer, "currency": "GBP", "lines": lines, "ship_to": {"country": "United Kingdom"}})
}

fn customer(id: &str) -> CustomerId {
    CustomerId::new(id.to_owned()).unwrap()
}

fn problem(status: u16, name: &str, errors: Value) -> Value {
    let mut body = json!({
        "type": format!("urn:sluice:problem:{name}"),
        "status": status,
        "title": "*",
        "detail": "*",
        "request_id": "*",
    });
    if !errors.is_null() {
        body["errors"] = errors;
    }
    json!({
        "statusCode": status,
        "headers": {"content-type": "application/problem+json", "cache-control": "no-store"},
        "body": body,
    })
}
