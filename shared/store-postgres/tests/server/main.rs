//! The store on a real server, which these tests start and end. Without a server they say what to install.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what goes wrong here fails the test"
)]

mod access;
mod contract;
mod database;
mod errors;
mod lists;
mod outages;
mod races;
mod rows;
mod schema;
mod steps;
#[path = "../../../database/tests/stores/mod.rs"]
mod stores;
#[path = "../../src/classify/table.rs"]
mod table;
mod timeouts;
