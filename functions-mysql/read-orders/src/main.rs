//! The Lambda function `read-orders` on MySQL: wiring only.
#![recursion_limit = "256"] // The types of nested futures are deep.

use lambda_runtime::Error;
use sluice_mysql::MysqlStore;
use sluice_rds::{Login, settings};
use sluice_runtime::SettingError;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    read_orders::run("read_orders", async |https, secrets| {
        sluice_runtime::built_for("mysql")?;
        let settings = settings(Login::Functions, https)?;
        let store = MysqlStore::new(settings).map_err(SettingError::unfit)?;
        // Of AWS this function calls nothing but the secret.
        let open = https.open(async || secrets.ready().await.is_ok());
        if let Err(error) = tokio::join!(open, store.warm()).1 {
            tracing::warn!(%error, "no connection to the database at the start");
        }
        Ok(store)
    })
    .await
}
