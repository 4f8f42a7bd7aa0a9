//! How storage is read, and asked again.

use std::time::Duration;

use sluice_order::Order;
use sluice_store::{Part, ReadAll, ReadError, StoreError};
use tokio::time::sleep;

/// How often a read or a write is tried before the command gives up.
const ATTEMPTS: u32 = 6;

/// A part, without the rejections of smoke orders, which are no part of a shop.
pub(super) async fn read(from: &impl ReadAll, behind: Option<&str>) -> Result<Part, ReadError> {
    let mut part = again(async || from.read_all(behind).await).await?;
    part.records
        .retain(|record| !record.order().is_some_and(Order::is_smoke));
    Ok(part)
}

/// Tries it until it is done, or will never be, or was tried often enough.
pub(super) async fn again<T>(work: impl AsyncFn() -> Result<T, ReadError>) -> Result<T, ReadError> {
    let mut pause = Duration::from_millis(200);
    for _ in 1..ATTEMPTS {
        match work().await {
            Err(ReadError::Storage(StoreError::Unavailable(_) | StoreError::Throttled(_))) => {}
            done => return done,
        }
        sleep(pause).await;
        pause *= 2;
    }
    work().await
}
