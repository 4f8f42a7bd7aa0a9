//! Tests that are the same on every server. Each crate of a store includes them. What is its own server's is in the crate's own
//! file of the same name: the SQL, the codes, how its driver is called, and the tests that no other server has.

pub(crate) mod access;
mod codes;
mod contract;
mod cuts;
mod errors;
mod lists;
mod outages;
mod races;
mod steps;
mod timeouts;
mod trips;

use std::fmt::Debug;

use sluice_database::Settings;
use sluice_order::RejectReason;
use sluice_store::{PutOutcome, StoreError};
use sluice_testing::server::wire::Proxy;

use crate::database::Database;

/// What a call was told that may work later.
pub(crate) fn unavailable<T: Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Unavailable(why)) => why,
        other => panic!("not unavailable: {other:?}"),
    }
}

/// What a call was told of which there were too many.
pub(crate) fn throttled<T: Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Throttled(why)) => why,
        other => panic!("not throttled: {other:?}"),
    }
}

/// What a refusal says, which has the code and nothing of the row.
pub(crate) fn refused<T: Debug>(result: Result<T, StoreError>) -> (RejectReason, String) {
    match result {
        Err(StoreError::Refused { reason, message }) => (reason, message),
        other => panic!("not refused: {other:?}"),
    }
}

/// A write that must have stored the order.
pub(crate) fn assert_stored(result: Result<PutOutcome, StoreError>) {
    assert_eq!(result.unwrap(), PutOutcome::Stored);
}

/// A proxy before the database, and how the functions reach it there.
async fn behind_a_proxy(database: &Database) -> (Proxy, Settings) {
    let proxy = Proxy::before(database.server.port()).await;
    let settings = Settings {
        port: proxy.port(),
        ..database.settings()
    };
    (proxy, settings)
}
