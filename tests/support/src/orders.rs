//! Many orders at once: made, posted, noted, and looked for in storage.

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use sluice_order::{OrderAccepted, Secrets, testing::Sample};

use crate::{
    checker::{Accepted, Verdict, check},
    stack::Stack,
    wait_for,
};

/// An order that is to be posted under its key.
#[derive(Clone)]
pub struct Placed {
    /// Its `Idempotency-Key`.
    pub key: String,
    /// The body.
    pub order: Value,
}

impl Placed {
    /// What accept-order publishes for it.
    pub fn message(&self, secrets: &Secrets) -> OrderAccepted {
        let sample = Sample::of(self.order.clone()).key(&self.key);
        sample.message(secrets)
    }
}

/// Orders with these numbers, no two with the same content, of customers whose names begin with the prefix.
pub fn orders(prefix: &str, numbers: std::ops::Range<u32>) -> Vec<Placed> {
    let line = |n: u32, line: u32| {
        let (sku, price) = (format!("{prefix}{n}/{line}"), (n * 7 + line) % 1_000);
        json!({"sku": sku, "description": "a thing", "quantity": 1 + n % 5, "unit_price": price})
    };
    numbers
        .map(|n| {
            let lines: Vec<_> = (0..=n % 3).map(|l| line(n, l)).collect();
            let customer = format!("{prefix}{}", n % 37);
            let mut order = json!({"customer_id": customer, "currency": "GBP", "lines": lines});
            if n.is_multiple_of(4) {
                order["ship_to"] = json!({"name": format!("N° {n}"), "city": "Zürich"});
            }
            Placed {
                key: format!("key-{n}"),
                order,
            }
        })
        .collect()
}

impl Stack {
    /// Posts one. It has to be accepted.
    pub async fn place(&self, placed: Placed) -> Accepted {
        let answer = self.post(Some(&placed.key), &placed.order).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        Accepted {
            order_id: answer.body["order_id"].as_str().expect("an id").to_owned(),
            key: placed.key,
            order: placed.order,
        }
    }

    /// Posts all of them, so many at a time. `after_each` is told how many are accepted.
    pub async fn place_all(
        &self,
        placed: Vec<Placed>,
        at_once: usize,
        mut after_each: impl FnMut(usize),
    ) -> Vec<Accepted> {
        let mut answers = stream::iter(placed)
            .map(|placed| self.place(placed))
            .buffer_unordered(at_once);
        let mut accepted = Vec::new();
        while let Some(one) = answers.next().await {
            accepted.push(one);
            after_each(accepted.len());
        }
        accepted
    }

    /// Waits until nothing is in the buffer; then each accepted order has to be stored exactly once, as it was
    /// sent, none else, and none may be a dead letter.
    pub async fn assert_all_stored_once(&self, prefix: &str, accepted: &[Accepted]) {
        wait_for("the queues to drain", async || self.waiting().await == 0).await;
        let verdict = self.verdict(prefix, accepted).await;
        assert!(verdict.is_clean(), "of {}: {verdict}", accepted.len());
        let letters = self.all_dead(&format!("\"{prefix}")).await;
        assert!(letters.is_empty(), "{letters:?}");
    }

    /// What the checker says now.
    pub async fn verdict(&self, prefix: &str, accepted: &[Accepted]) -> Verdict {
        check(prefix, accepted, &self.table().await)
    }
}
