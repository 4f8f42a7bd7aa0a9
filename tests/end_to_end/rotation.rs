//! `sluice secret rotate` while orders come in.

use std::collections::BTreeSet;

use sluice_order::OrderId;
use sluice_testing::{orders::orders, stack::Stack, wait_for};

use crate::command::{command, sluice};

/// How many orders are posted at a time.
const AT_ONCE: u32 = 10;

/// The number of the secret that an id was sealed with.
fn secret_of(id: &str) -> u8 {
    id.parse::<OrderId>().unwrap().secret_number()
}

/// P2, P3: every order that is posted meanwhile is accepted, found at once, and stored; and ids from before stay good. A repeat
/// after it is the same order.
#[tokio::test]
async fn a_secret_is_rotated_under_load_and_nothing_is_rejected() {
    let stack = Stack::take().await;
    let before = stack.place(orders("rotation-", 0..1).remove(0)).await;
    let old = secret_of(&before.order_id);
    let mut rotation = command(&["secret", "rotate"]).spawn().unwrap();

    let mut accepted = vec![before];
    let mut numbers = 1_u32..;
    let mut sealed = BTreeSet::new();
    // Until all that is new is sealed with the new secret: for longer than the functions keep one, seconds here.
    let mut of_the_new_in_a_row = 0;
    wait_for("the new secret to seal every id", async || {
        let number = numbers.next().unwrap() * AT_ONCE;
        let placed = orders("rotation-", number..number + AT_ONCE);
        let placed = stack.place_all(placed, AT_ONCE as usize, |_| {}).await;
        for one in &placed {
            let found = stack.get(&format!("/orders/{}", one.order_id)).await;
            assert_eq!(found.status, 200, "{found:?}");
            let secret = secret_of(&one.order_id);
            sealed.insert(secret);
            of_the_new_in_a_row = if secret > old {
                of_the_new_in_a_row + 1
            } else {
                0
            };
        }
        accepted.extend(placed);
        of_the_new_in_a_row >= 20 * AT_ONCE
    })
    .await;
    assert!(rotation.wait().unwrap().success());
    assert_eq!(sealed, BTreeSet::from([old, old + 1]));

    let first = &accepted[0];
    let again = stack.post(Some(&first.key), &first.order).await;
    assert_eq!(again.status, 202, "{again:?}");
    let again = again.body["order_id"].as_str().unwrap();
    assert_eq!(secret_of(again), old + 1);
    for id in [first.order_id.as_str(), again] {
        stack.wait_for_status(id, "IN_FULFILLMENT").await;
    }
    stack.assert_all_stored_once("rotation-", &accepted).await;

    let (code, told, error) = sluice(&["secret", "list"]);
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(
        told,
        format!(
            "{old:>3}  verifies ids that it sealed\n{:>3}  seals new ids\n",
            old + 1
        )
    );
    let (code, _, error) = sluice(&["secret", "retire", &old.to_string()]);
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("with --yes if somebody else"), "{error}");
}
