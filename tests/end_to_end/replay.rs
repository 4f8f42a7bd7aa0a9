//! Real sales data through the operator's command.

use std::process::{Command, Output, Stdio};

use serde_json::Value;
use sluice_tests::project;

use crate::stack::Stack;

fn replay() -> (Output, Value) {
    let output = Command::new(env!("CARGO"))
        .args([
            "run",
            "--quiet",
            "-p",
            "sluice",
            "--",
            "replay",
            "data/online-retail-2010-12.csv",
            "--json",
        ])
        .current_dir(project())
        .stdin(Stdio::null())
        .output()
        .expect("cargo runs");
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output, report)
}

#[tokio::test]
async fn every_fit_invoice_is_stored_once_and_a_second_run_adds_none() {
    let _stack = Stack::take().await;
    for run in ["first", "second"] {
        let (output, report) = replay();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{run} run: {report:#}\n{told}");
        for (name, expected) in [
            ("invoices", 512),
            ("accepted", 401),
            ("stored", 401),
            ("missing", 0),
            ("duplicates", 0),
            ("unanswered", 0),
        ] {
            assert_eq!(report[name], expected, "{run} run, {name}: {report:#}");
        }
        assert_eq!(
            report["already_stored"],
            if run == "first" { 0 } else { 401 },
            "{run} run"
        );
    }
}
