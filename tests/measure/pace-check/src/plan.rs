//! What `sluice plan` says: the command itself, not what it is made of.

use std::process::Command;

use serde_json::Value;
use sluice_order::Lane;
use sluice_testing::project;

/// A plan as JSON.
pub(crate) struct Plan(Value);

impl Plan {
    /// The plan for these arguments, in this lane.
    pub(crate) fn of(lane: Lane, arguments: &[&str]) -> Self {
        let command = std::env::current_exe()
            .expect("this has a path")
            .with_file_name("sluice");
        let output = Command::new(&command)
            .arg("plan")
            .args(arguments)
            .args(["--lane", lane.as_str(), "--json"])
            .current_dir(project())
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}; build it", command.display()));
        // 1 says that a limit is hit, of AWS or of the stack: none is here.
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{said}");
        Self(serde_json::from_slice(&output.stdout).expect("a plan is JSON"))
    }

    /// One of its figures.
    pub(crate) fn number(&self, at: &str) -> f64 {
        let value = self.0.pointer(at).and_then(Value::as_f64);
        value.unwrap_or_else(|| panic!("the plan has no number {at}"))
    }

    /// The parameters to deploy with, as the line for samconfig.toml has them.
    pub(crate) fn parameters(&self) -> &str {
        let line = self.0["parameter_overrides"].as_str();
        line.and_then(|line| {
            line.strip_prefix("parameter_overrides = \"")?
                .strip_suffix('"')
        })
        .unwrap_or_else(|| panic!("no line for samconfig.toml: {line:?}"))
    }
}
