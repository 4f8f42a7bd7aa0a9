//! Writes `events/`: one event a case, and beside it what the function answers.

use std::{fs, io, path::Path};

use serde_json::{Value, json};
use sluice_tests::{cases, project};

fn main() -> io::Result<()> {
    let events = project().join("events");
    for case in cases::all() {
        fs::create_dir_all(events.join(case.function))?;
        write(&project().join(case.path()), &case.event)?;
        write(&project().join(case.answer_path()), &case.answer)?;
    }
    let secrets = json!({"ORDER_ID_SECRETS": cases::SECRETS});
    let functions = ["AcceptOrder", "ReadOrders", "FulfillStandard", "FulfillHot"];
    let settings: serde_json::Map<_, _> = functions
        .into_iter()
        .map(|name| (name.to_owned(), secrets.clone()))
        .collect();
    write(&events.join("env.json"), &Value::Object(settings))
}

fn write(path: &Path, value: &Value) -> io::Result<()> {
    fs::write(path, format!("{value:#}\n"))
}
