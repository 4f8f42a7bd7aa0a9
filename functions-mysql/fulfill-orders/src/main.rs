//! The Lambda function `fulfill-orders` on MySQL: wiring only.
#![recursion_limit = "256"] // The types of nested futures are deep.

use lambda_runtime::Error;
use sluice_mysql::MysqlStore;
use sluice_runtime::{SettingError, required};

/// Where the database is.
const URL: &str = "DATABASE_URL";

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    fulfill_orders::run("fulfill_orders", async |https, queue| {
        sluice_runtime::built_for("mysql")?;
        let url = required(URL)?;
        let store = MysqlStore::from_url(&url).map_err(|why| SettingError::invalid(URL, why))?;
        // A database that is away is met again by the first batch, which is then held.
        let opened = tokio::join!(https.open(async || queue.warm().await), store.warm()).1;
        if let Err(error) = opened {
            tracing::warn!(%error, "no connection to the database at the start");
        }
        Ok(store)
    })
    .await
}
