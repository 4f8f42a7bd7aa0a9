//! Real sales through the whole path, by the command itself.

use serde_json::{Value, json};
use sluice_testing::stack::Stack;

use crate::command::sluice;

/// Replays the sales. Returns the exit code, the report, and what was said on standard error.
fn replay(arguments: &[&str]) -> (Option<i32>, Value, String) {
    let sales = ["replay", "data/online-retail-2010-12.csv", "--json"];
    let (code, report, told) = sluice(&[&sales, arguments].concat());
    let report = serde_json::from_str(&report).unwrap_or_default();
    (code, report, told)
}

/// P2, P3.
#[tokio::test]
async fn every_fit_invoice_is_stored_once_and_a_second_run_adds_none() {
    let _stack = Stack::take().await;
    let (code, part, told) = replay(&["--limit", "100"]);
    assert_eq!(code, Some(0), "{part:#}\n{told}");
    let stored_before = part["stored"].as_u64().unwrap();
    for already_stored in [stored_before, 401] {
        let (code, report, told) = replay(&[]);
        assert_eq!(code, Some(0), "{report:#}\n{told}");
        for (name, expected) in [
            ("invoices", json!(512)),
            ("accepted", json!(401)),
            (
                "refused",
                json!({
                    "invalid-order /customer_id": 38,
                    "invalid-order /customer_id /lines/*/quantity": 30,
                    "invalid-order /lines/*/quantity": 43,
                }),
            ),
            ("stored", json!(401)),
            ("already_stored", json!(already_stored)),
            ("missing", json!(0)),
            ("duplicates", json!(0)),
            ("wrong_content", json!(0)),
            ("unexpected", json!(0)),
            ("unanswered", json!({})),
        ] {
            assert_eq!(report[name], expected, "{name} in {report:#}");
        }
    }
}
