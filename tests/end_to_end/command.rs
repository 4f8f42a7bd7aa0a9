//! The command, run as a user would on the stack that the environment names.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::Value;
use sluice_order::Order;
use sluice_testing::project;

/// Posts an order of this customer, and returns its id.
pub(crate) fn submit(customer: &str) -> String {
    let mut child = command(&["submit", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let body = Order::sample().customer(customer).json().to_string();
    let mut input = child.stdin.take().unwrap();
    input.write_all(body.as_bytes()).unwrap();
    drop(input);
    let answer = child.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    answer["order_id"].as_str().unwrap().to_owned()
}

/// Status and reason of an order, by the API.
pub(crate) fn status(id: &str) -> (String, String) {
    let (_, answer, told) = sluice(&["status", id, "--json"]);
    let answer: Result<Value, _> = serde_json::from_str(&answer);
    assert!(answer.is_ok(), "{told}");
    let answer = answer.unwrap_or_default();
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"))
}

/// Runs the command. Returns its exit code, its output, and what it said on standard error.
pub(crate) fn sluice(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = command(arguments).output().unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// The command in the project's folder, with nothing on its standard input.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command
        .args(arguments)
        .current_dir(project())
        .stdin(Stdio::null());
    command
}
