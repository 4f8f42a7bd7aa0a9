//! Smoke orders: they try the whole path after a deploy, and nobody fulfills them.
//!
//! Each is of a customer that no other order may have. It goes through the lane that its product names, whatever products are
//! hot, and storage keeps it apart from the orders, for a day.

use serde_json::{Value, json};

use crate::{Lane, Order};

/// The customer of every smoke order, and of no other.
pub const CUSTOMER: &str = "sluice-smoke";

/// The value of the message attribute `event_type` of a smoke order, in place of [`crate::message::EVENT_TYPE`]: whoever subscribes to
/// accepted orders by that attribute gets none.
pub const EVENT_TYPE: &str = "sluice.order.smoke.v1";

/// What a client hears that names this customer.
pub(crate) const RESERVED: &str = "is reserved for orders that try the system: use another one";

/// For how many seconds storage keeps a smoke order: one day. A repeat after that would be a new one.
pub const KEPT_SECONDS: i64 = 24 * 60 * 60;

/// The product of a lane's smoke order.
fn sku(lane: Lane) -> &'static str {
    match lane {
        Lane::Standard => "smoke-standard",
        Lane::Hot => "smoke-hot",
    }
}

/// The body of a request that posts the smoke order of a lane: one piece for nothing.
pub fn body(lane: Lane) -> Value {
    json!({
        "customer_id": CUSTOMER,
        "currency": "EUR",
        "lines": [{"sku": sku(lane), "quantity": 1, "unit_price": 0}],
    })
}

impl Order {
    /// Whether it only tries the path.
    pub fn is_smoke(&self) -> bool {
        self.customer_id().as_str() == CUSTOMER
    }

    /// The lane that a smoke order is to try.
    pub(crate) fn smoke_lane(&self) -> Option<Lane> {
        let names = |lane: &Lane| {
            self.lines()
                .iter()
                .any(|line| line.sku().as_str() == sku(*lane))
        };
        self.is_smoke()
            .then(|| Lane::ALL.into_iter().find(names))
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HotSkus;

    #[test]
    fn each_lane_has_its_smoke_order_whatever_is_hot() {
        for hot in ["", "smoke-standard", "85123A"] {
            let hot: HotSkus = hot.parse().unwrap();
            for lane in Lane::ALL {
                let order = Order::smoke_from_json(body(lane)).unwrap();
                assert_eq!(hot.lane_of(&order), lane);
            }
        }
    }

    #[test]
    fn the_customer_is_reserved() {
        let refused = Order::from_json(body(Lane::Hot)).unwrap_err();
        assert_eq!(
            (refused[0].pointer.as_str(), refused.len()),
            ("/customer_id", 1)
        );
        assert_eq!(refused[0].message, RESERVED);
        let other = Order::sample().json();
        let refused = Order::smoke_from_json(other).unwrap_err();
        assert_eq!(refused[0].pointer, "/customer_id");
    }

    #[test]
    fn the_products_of_smoke_orders_are_free_for_others() {
        let hot = HotSkus::default();
        let order = Order::sample().skus(&["smoke-hot"]).order();
        assert_eq!(hot.lane_of(&order), Lane::Standard);
    }
}
