//! The Lambda function `fulfill-orders` on MySQL: wiring only. With `JOB=administer` it is
//! the function that makes the schema.
#![recursion_limit = "256"] // The types of nested futures are deep.

mod administer;

use administer::Database;
use lambda_runtime::Error;
use sluice_mysql::MysqlStore;
use sluice_rds::{Login, settings};
use sluice_runtime::{SettingError, optional};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if optional::<String>("JOB")?.as_str() == "administer" {
        return sluice_rds::administer("fulfill_orders_mysql", "mysql", Database).await;
    }
    fulfill_orders::run("fulfill_orders", async |https, queue| {
        sluice_runtime::built_for("mysql")?;
        let settings = settings(Login::Functions, https)?;
        let store = MysqlStore::new(settings).map_err(SettingError::unfit)?;
        // A database that is away is met again by the first batch, which is then held.
        let opened = tokio::join!(https.open(async || queue.warm().await), store.warm()).1;
        if let Err(error) = opened {
            tracing::warn!(%error, "no connection to the database at the start");
        }
        Ok(store)
    })
    .await
}
