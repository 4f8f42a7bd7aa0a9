//! The command, run as a user would on the stack that the environment names.

use std::{
    io::Write,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// How long any wait may last.
const PATIENCE: Duration = Duration::from_secs(75);

/// Posts an order of this customer, and returns its id.
pub(crate) fn submit(customer: &str) -> String {
    let order = json!({
        "customer_id": customer, "currency": "GBP",
        "lines": [{"sku": "s", "quantity": 2, "unit_price": 250}],
    });
    let mut child = command(&["submit", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let body = order.to_string();
    let mut input = child.stdin.take().unwrap();
    input.write_all(body.as_bytes()).unwrap();
    drop(input);
    let answer = child.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    answer["order_id"].as_str().unwrap().to_owned()
}

/// Runs the command. Returns its exit code, its output, and what it told beside it.
pub(crate) fn sluice(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = command(arguments).stdin(Stdio::null()).output().unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn command(arguments: &[&str]) -> Command {
    assert!(
        std::env::var("SLUICE_STACK").is_ok(),
        "run this by `make end-to-end`"
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.args(arguments);
    command
}

/// Waits until the condition holds.
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        sleep(Duration::from_millis(200));
    }
}
