//! Orders, messages and secrets for tests. The feature `testing` has them, which no function switches on.

use serde_json::{Value, json};

use crate::{IdempotencyKey, Order, OrderAccepted, OrderKey, Secrets, Timestamp};

/// Secrets as the setting `ORDER_ID_SECRETS` holds them. They seal ids in tests only.
pub const SECRETS: &str = r#"{"1":"11111111111111111111111111111111"}"#;

/// [`SECRETS`], read.
#[expect(clippy::expect_used, reason = "the text above is a constant")]
#[expect(clippy::missing_panics_doc, reason = "the text above is a constant")]
pub fn secrets() -> Secrets {
    Secrets::from_json(SECRETS).expect("the secrets are usable")
}

/// An offer with these claims, signed with [`SECRETS`].
pub fn offer(claims: &Value) -> String {
    crate::offer::sign(claims, &secrets())
}

/// An order, and all that becomes of it until it is a message. A test names what matters to it:
/// `Order::sample().customer("c-7").sku("85123A").message(&secrets())`.
#[derive(Clone, Debug)]
pub struct Sample {
    order: Value,
    key: String,
    accepted_at: Timestamp,
    traceparent: Option<String>,
}

impl Order {
    /// An order that keeps every rule: customer `c-1`, two pieces of product `s` at 250 pence.
    pub fn sample() -> Sample {
        Sample::of(json!({
            "customer_id": "c-1",
            "currency": "GBP",
            "lines": [{"sku": "s", "description": "a thing ", "quantity": 2, "unit_price": 250}],
        }))
    }
}

impl Sample {
    /// This order, posted under the key `k` on 2026-11-27 at 08:00 UTC, without a trace.
    pub fn of(order: Value) -> Self {
        Self {
            order,
            key: "k".to_owned(),
            accepted_at: Timestamp::from_millis(1_795_766_400_000),
            traceparent: None,
        }
    }

    /// Of this customer.
    #[must_use]
    pub fn customer(self, id: &str) -> Self {
        self.with("customer_id", id)
    }

    /// With this product in its line.
    #[must_use]
    pub fn sku(self, sku: &str) -> Self {
        self.skus(&[sku])
    }

    /// With one line for each of these products.
    #[must_use]
    pub fn skus(mut self, skus: &[&str]) -> Self {
        let first = self.order["lines"][0].take();
        let lines = skus.iter().map(|sku| {
            let mut line = first.clone();
            line["sku"] = json!(sku);
            line
        });
        self.order["lines"] = lines.collect();
        self
    }

    /// With this value for a member, such as `ship_to`.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.order[member] = value.into();
        self
    }

    /// With this value for a member of each line, such as `quantity`.
    #[must_use]
    pub fn with_in_lines(mut self, member: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        for line in self.order["lines"].as_array_mut().into_iter().flatten() {
            line[member] = value.clone();
        }
        self
    }

    /// Posted under this `Idempotency-Key`.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key);
        self
    }

    /// Accepted at this time.
    #[must_use]
    pub fn accepted_at(mut self, at: Timestamp) -> Self {
        self.accepted_at = at;
        self
    }

    /// In the trace that this W3C `traceparent` names.
    #[must_use]
    pub fn traceparent(mut self, traceparent: &str) -> Self {
        self.traceparent = Some(traceparent.to_owned());
        self
    }

    /// The body of the request that posts it.
    pub fn json(&self) -> Value {
        self.order.clone()
    }

    /// The order.
    ///
    /// # Panics
    /// If what the test named breaks a rule.
    #[expect(clippy::expect_used, reason = "a wrong sample fails its test")]
    pub fn order(&self) -> Order {
        Order::from_json(self.json()).expect("the sample keeps the rules of an order")
    }

    /// The key that names it, made of its customer and its `Idempotency-Key`.
    ///
    /// # Panics
    /// If what the test named breaks a rule.
    #[expect(clippy::expect_used, reason = "a wrong sample fails its test")]
    pub fn order_key(&self) -> OrderKey {
        let key = IdempotencyKey::new(self.key.clone()).expect("a usable Idempotency-Key");
        OrderKey::derived(self.order().customer_id(), &key)
    }

    /// What `accept-order` publishes for it.
    ///
    /// # Panics
    /// If what the test named breaks a rule.
    pub fn message(&self, secrets: &Secrets) -> OrderAccepted {
        OrderAccepted::new(
            self.order(),
            self.order_key(),
            self.accepted_at,
            self.traceparent.clone(),
            secrets,
        )
    }
}
