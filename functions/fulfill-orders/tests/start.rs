//! The process at its start: settings that cannot be used are refused in one log line, before anything is received.
#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use std::{
    io::Read,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use sluice_order::testing::SECRETS;

const SETTINGS: [(&str, &str); 11] = [
    ("ORDERS_TABLE", "orders"),
    ("QUEUE_URL", "http://127.0.0.1:1/queue"),
    ("DEAD_LETTER_QUEUE_URL", "http://127.0.0.1:1/letters"),
    ("ORDER_ID_SECRETS", SECRETS),
    ("LANE", "standard"),
    ("WRITES_PER_SECOND", "100"),
    ("CONCURRENCY", "14"),
    ("BATCH_SIZE", "140"),
    ("AWS_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
];

/// All that the function writes when it is started with its settings, and with this one changed. Nobody answers at the address of the
/// Runtime API, so it always ends.
fn started_with(name: &str, value: Option<&str>) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fulfill-orders"));
    command
        .env_clear()
        .envs(SETTINGS)
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
        .env("AWS_LAMBDA_FUNCTION_NAME", "fulfill")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "l")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "l")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    match value {
        Some(value) => command.env(name, value),
        None => command.env_remove(name),
    };
    let mut process = command.spawn().unwrap();
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = process.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > Duration::from_secs(30) {
            process.kill().unwrap();
        }
        sleep(Duration::from_millis(5));
    };
    assert!(!status.success(), "{name}={value:?}");
    let mut said = String::new();
    process.stdout.unwrap().read_to_string(&mut said).unwrap();
    process.stderr.unwrap().read_to_string(&mut said).unwrap();
    said
}

#[test]
fn what_cannot_be_used_is_named_in_one_line() {
    for (name, value) in [
        ("LANE", "express"),
        ("WRITES_PER_SECOND", "fast"),
        ("WRITES_PER_SECOND", "0"),
        ("WRITES_PER_SECOND", "-5"),
        ("WRITES_PER_SECOND", "inf"),
        ("CONCURRENCY", "1"),
        ("CONCURRENCY", "1001"),
        ("CONCURRENCY", "2.5"),
        ("BATCH_SIZE", "10"),
        ("BATCH_SIZE", "10000"),
        ("BATCH_SIZE", ""),
        ("ORDER_ID_SECRETS", "{}"),
        ("ORDERS_TABLE", ""),
        ("TRACE_EXPORT", "collector"),
        ("AWS_USE_FIPS_ENDPOINT", "perhaps"),
        ("AWS_USE_FIPS_ENDPOINT", "True"),
    ] {
        refused(name, Some(value));
    }
    for (name, _) in SETTINGS {
        refused(name, None);
    }
}

fn refused(name: &str, value: Option<&str>) {
    let said = started_with(name, value);
    assert_eq!(said.lines().count(), 1, "{name}={value:?}: {said}");
    let line: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(line["message"], "the function cannot start");
    assert_eq!(
        (&line["level"], &line["function_name"]),
        (&"ERROR".into(), &"fulfill".into())
    );
    assert!(said.contains(name), "{name}={value:?}: {said}");
    assert!(!said.contains("111111"), "no secret is shown: {said}");
}

#[test]
fn settings_that_fit_are_not_refused() {
    for (name, value) in [
        ("LANE", "hot"),
        ("WRITES_PER_SECOND", "62.5"),
        ("AWS_USE_FIPS_ENDPOINT", "FALSE"),
    ] {
        let said = started_with(name, Some(value));
        assert!(!said.contains("cannot start"), "{said}");
    }
}
