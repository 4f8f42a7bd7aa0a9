//! Lines on standard error.

use std::io::{self, Write};

/// Writes a line. If it cannot be written, as on a full disk, the program goes on.
pub(crate) fn log(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
