//! Two lanes: one waits, the other does not.

use sluice_order::{Lane, Order};
use sluice_testing::{lane, stack::Stack, wait_for};

/// What `make end-to-end` deploys as `HotSkus`.
const HOT: &str = "hot-1";

/// P7.
#[tokio::test]
async fn orders_of_a_hot_product_wait_and_no_other_does() {
    let stack = Stack::take().await;
    stack.deliver_in(Lane::Hot, false).await;
    let mut hot = Vec::new();
    // As it is listed, and as people write it.
    for (key, sku) in [
        ("1", HOT.to_owned()),
        ("2", format!("{HOT} ")),
        ("3", format!("\u{feff}{HOT}")),
    ] {
        let accepted = stack
            .post(
                Some(key),
                &Order::sample().customer("lanes-hot").sku(&sku).json(),
            )
            .await;
        assert_eq!(accepted.status, 202, "{accepted:?}");
        hot.push(accepted.body["order_id"].as_str().unwrap().to_owned());
    }
    wait_for("the hot orders to be in their queue", async || {
        stack.depth(lane::queue(Lane::Hot)).await == hot.len()
    })
    .await;
    for sku in ["hot-10", "hot", "Hot-1", "85123A"] {
        let accepted = stack
            .post(
                Some(sku),
                &Order::sample().customer("lanes-other").sku(sku).json(),
            )
            .await;
        let id = accepted.body["order_id"].as_str().unwrap();
        stack.wait_for_status(id, "IN_FULFILLMENT").await;
    }
    assert_eq!(stack.depth(lane::queue(Lane::Hot)).await, hot.len());
    for id in &hot {
        stack.wait_for_status(id, "ACCEPTED").await;
    }
    stack.deliver_in(Lane::Hot, true).await;
    for id in &hot {
        stack.wait_for_status(id, "IN_FULFILLMENT").await;
    }
    wait_for("the list of the product to hold all of them", async || {
        let list = format!("/orders?customer_id=lanes-hot&sku={HOT}");
        let page = stack.get(&list).await;
        page.body["orders"].as_array().map(Vec::len) == Some(hot.len())
    })
    .await;
}
