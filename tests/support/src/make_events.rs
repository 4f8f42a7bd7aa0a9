//! Writes `events/`, as `make events` calls it: one event a case, and beside it what the function answers.

use std::{fs, io, path::Path};

use serde_json::Value;
use sluice_testing::{cases, project};

fn main() -> io::Result<()> {
    let events = project().join("events");
    for case in cases::all() {
        fs::create_dir_all(events.join(case.function))?;
        write(&project().join(case.path()), &case.event)?;
        write(&project().join(case.answer_path()), &case.answer)?;
    }
    write(&events.join("env.json"), &cases::settings())
}

fn write(path: &Path, value: &Value) -> io::Result<()> {
    fs::write(path, format!("{value:#}\n"))
}
