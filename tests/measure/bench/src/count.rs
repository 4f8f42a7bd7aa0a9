//! Instructions and system calls of an invocation, counted by other programs where the machine has them.
//!
//! Such a count is of a whole process, so there are two, with more invocations and with fewer: the difference is theirs.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{
    figures::float,
    process::{Running, Setup, Signal},
    program::Program,
    tracing::{Daemon, Sampling},
};

/// Invocations before those that are counted.
const FEWER: u64 = 5;

/// A way to count.
#[derive(Clone, Copy)]
pub(crate) enum Counter {
    /// Instructions outside of the kernel, by valgrind.
    Instructions,
    /// System calls, by strace.
    SystemCalls,
}

impl Counter {
    pub(crate) const ALL: [Self; 2] = [Self::Instructions, Self::SystemCalls];

    pub(crate) fn figure(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::SystemCalls => "system_calls",
        }
    }

    pub(crate) fn tool(self) -> &'static str {
        match self {
            Self::Instructions => "valgrind",
            Self::SystemCalls => "strace",
        }
    }

    /// Whether the machine has it.
    pub(crate) fn is_here(self) -> bool {
        let version = Command::new(self.tool()).arg("--version").output();
        version.is_ok_and(|version| version.status.success())
    }

    /// The count of an invocation with one order of so many lines: the mean of so many.
    pub(crate) async fn count(
        self,
        program: &Program,
        daemon: &Daemon,
        folder: &Path,
        lines: u64,
        invocations: u64,
    ) -> Result<f64> {
        let fewer = self.count_all(program, daemon, folder, lines, FEWER);
        let fewer = fewer.await?;
        let more = self.count_all(program, daemon, folder, lines, FEWER + invocations);
        Ok((more.await? - fewer) / float(invocations))
    }

    async fn count_all(
        self,
        program: &Program,
        daemon: &Daemon,
        folder: &Path,
        lines: u64,
        invocations: u64,
    ) -> Result<f64> {
        let file = folder.join(format!("{}-{}", program.name, self.tool()));
        let name = file.display().to_string();
        let mut setup = Setup::new(Sampling::Off, daemon);
        setup.under = match self {
            Self::Instructions => vec![
                "valgrind".into(),
                "--quiet".into(),
                "--tool=callgrind".into(),
                format!("--callgrind-out-file={name}"),
                // What a program says at its end is nothing to us.
                format!("--log-file={name}.log"),
            ],
            Self::SystemCalls => [
                "strace",
                "--follow-forks",
                "--summary-only",
                "--output",
                &name,
            ]
            .map(str::to_owned)
            .to_vec(),
        };
        let mut running = Running::start(program, &setup).await?;
        running.lines = lines;
        for _ in 0..invocations {
            running.invoke(1).await?;
        }
        // Valgrind writes at a signal that it can take; strace when what it follows is gone.
        running
            .end(match self {
                Self::Instructions => Signal::Terminate,
                Self::SystemCalls => Signal::Kill,
            })
            .await?;
        let report = fs::read_to_string(&file)
            .with_context(|| format!("{} wrote no {name}", self.tool()))?;
        let count = match self {
            Self::Instructions => instructions(&report),
            Self::SystemCalls => system_calls(&report),
        };
        count.with_context(|| format!("no count in {name}"))
    }
}

fn instructions(report: &str) -> Option<f64> {
    report
        .lines()
        .find_map(|line| line.strip_prefix("totals: "))?
        .trim()
        .parse()
        .ok()
}

fn system_calls(report: &str) -> Option<f64> {
    let total = report.lines().find(|line| line.ends_with(" total"))?;
    // % time, seconds, usecs/call, calls, and errors where there are any.
    total.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read() {
        let report = "events: Ir\nsummary: 7\nfn=(1) x\n1 7\ntotals: 123456\n";
        assert_eq!(instructions(report), Some(123_456.0));
        for (errors, total) in [("", ""), ("         2 sendto", "         2 total")] {
            let report = format!(
                "% time     seconds  usecs/call     calls    errors syscall\n\
                 100.00    0.001203          33        36{errors}\n\
                 ------ ----------- ----------- --------- --------- ----------------\n\
                 100.00    0.001203          33        36{}\n",
                if total.is_empty() {
                    "           total"
                } else {
                    total
                }
            );
            assert_eq!(system_calls(&report), Some(36.0), "{report}");
        }
        assert_eq!((instructions(""), system_calls("")), (None, None));
    }
}
