//! The machine, and the one processor on which host and programs take turns.

use std::{fs, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// Keeps this process and all that it starts on one processor. Says how, or why not.
pub(crate) fn pin() -> String {
    match try_to_pin() {
        Ok(processor) => format!("host and programs share processor {processor}"),
        Err(error) => format!("host and programs run on any processor: {error:#}"),
    }
}

fn try_to_pin() -> Result<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let allowed = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let allowed = allowed.context("no list of processors")?.trim();
    // The last: interrupts rather meet the first.
    let last = allowed
        .rsplit([',', '-'])
        .next()
        .unwrap_or(allowed)
        .to_owned();
    let id = std::process::id().to_string();
    let done = Command::new("taskset")
        .args(["-a", "-c", "-p", &last, &id])
        .output();
    let done = done.context("there is no taskset")?;
    ensure!(done.status.success(), "taskset refuses");
    Ok(last)
}

/// What figures depend on.
pub(crate) fn describe() -> Value {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models: Vec<_> = processors
        .lines()
        .filter_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map(|(_, model)| model)
        .collect();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    json!({
        "processor": models.first(),
        "processors": models.len(),
        "architecture": std::env::consts::ARCH,
        "kernel": kernel.trim(),
    })
}
