//! The share of a processor that Lambda gives a function: a control group's quota.

use std::{fs, io, path::PathBuf};

use anyhow::{Context, Result};

/// With so much memory a function has one processor; with less, so much less.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>
const WHOLE: u64 = 1_769;

/// In microseconds. In Linux's default of 100 ms a whole start fits into the quota of one.
const PERIOD: u64 = 20_000;

/// A control group, removed at the end.
pub(crate) struct Share(PathBuf);

impl Share {
    /// What a function with so many megabytes gets.
    pub(crate) fn of(megabytes: u64) -> Result<Self> {
        let quota = PERIOD * megabytes / WHOLE;
        let name = format!("sluice-bench-{}", std::process::id());
        let root = PathBuf::from("/sys/fs/cgroup");
        let controllers = fs::read_to_string(root.join("cgroup.controllers")).unwrap_or_default();
        let is_second = controllers.split_whitespace().any(|name| name == "cpu");
        let group = if is_second {
            root.clone()
        } else {
            root.join("cpu")
        }
        .join(name);
        let make = || -> io::Result<()> {
            if is_second {
                // Usually it is already so.
                let _ = fs::write(root.join("cgroup.subtree_control"), "+cpu");
            }
            fs::create_dir(&group)
        };
        make().with_context(|| format!("no control group can be made at {}", group.display()))?;
        let share = Self(group);
        if is_second {
            share.set("cpu.max", &format!("{quota} {PERIOD}"))?;
        } else {
            share.set("cpu.cfs_period_us", &PERIOD.to_string())?;
            share.set("cpu.cfs_quota_us", &quota.to_string())?;
        }
        Ok(share)
    }

    /// The file that names its processes.
    pub(crate) fn processes(&self) -> PathBuf {
        self.0.join("cgroup.procs")
    }

    fn set(&self, file: &str, value: &str) -> Result<()> {
        let file = self.0.join(file);
        fs::write(&file, value).with_context(|| format!("{} cannot be set", file.display()))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}
