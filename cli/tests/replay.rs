//! Real sales through the whole path, by the command itself, on the stack that the environment names.
//! `make end-to-end` runs this.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

/// Runs the command from the project's folder. Returns its exit code, its report, and what it told beside it.
fn replay(arguments: &[&str]) -> (Option<i32>, Value, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(["replay", "data/online-retail-2010-12.csv", "--json"])
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (
        output.status.code(),
        report,
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// P2, P3.
#[test]
fn every_fit_invoice_is_stored_once_and_a_second_run_adds_none() {
    assert!(
        std::env::var("SLUICE_STACK").is_ok(),
        "run this by `make end-to-end`"
    );
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
