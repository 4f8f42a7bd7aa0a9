//! The last steps before a program: into its control group, note the time, become it.
//!
//! So a start is timed from the moment at which the program takes over, whatever came before, and none of it is unthrottled.

use std::{
    ffi::OsString,
    fs,
    io::Write,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};

/// The word that asks for this instead of a measurement.
pub(crate) const WORD: &str = "enter";

/// Replaces this process: the arguments are the file that names a group's processes, or nothing, and the command.
pub(crate) fn become_program(mut arguments: impl Iterator<Item = OsString>) -> Result<()> {
    let group = arguments.next().context("no group")?;
    let mut command = Command::new(arguments.next().context("no command")?);
    command.args(arguments).stdout(Stdio::null());
    if !group.is_empty() {
        fs::write(group, std::process::id().to_string())?;
    }
    // The kernel counts at ticks, and when a thread goes to sleep.
    std::thread::sleep(Duration::from_micros(1));
    let used = fs::read_to_string("/proc/self/schedstat")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    // What this process was on a processor is counted as the program's.
    let used = used.split(' ').next().unwrap_or_default();
    std::io::stdout().write_all(format!("{now} {used}\n").as_bytes())?;
    bail!(command.exec())
}
