//! The store on a real server, which these tests start and end. Without a server they say what to install.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what goes wrong here fails the test"
)]

mod access;
mod contract;
mod cuts;
mod database;
mod errors;
mod lists;
mod outages;
mod races;
mod schema;
mod timeouts;
mod trips;

use sluice_store::{PutOutcome, StoreError};

/// What a call was told that may work later.
fn unavailable<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Unavailable(why)) => why,
        other => panic!("not unavailable: {other:?}"),
    }
}

/// A write that must have stored the order.
fn assert_stored(result: Result<PutOutcome, StoreError>) {
    assert_eq!(result.unwrap(), PutOutcome::Stored);
}
