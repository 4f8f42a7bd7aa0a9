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

/// A customer comes back and buys the same again, the next day, from the next file.
#[tokio::test]
async fn equal_purchases_of_another_day_are_no_duplicates() {
    let _stack = Stack::take().await;
    for (number, others) in [("rc1", 0), ("rc2", 1), ("rc1", 1)] {
        let path = std::env::temp_dir().join(format!("sluice-sales-{}", std::process::id()));
        let header = "Invoice;StockCode;Description;Quantity;InvoiceDate;Price;Customer ID;Country";
        let row = format!("{number};85123A;HOLDER;1;2010-12-01 08:26:00;2.55;returning-1;UK");
        std::fs::write(&path, format!("{header}\n{row}\n")).unwrap();
        let (code, report, told) = sluice(&["replay", path.to_str().unwrap(), "--json"]);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(code, Some(0), "{report}\n{told}");
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["stored"], 1, "{report:#}");
        let of_others = report["other_orders"].as_u64().unwrap();
        // Other tests have customers of their own.
        assert!(of_others >= others, "{report:#}");
    }
}
