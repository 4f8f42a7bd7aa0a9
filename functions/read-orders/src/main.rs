//! The Lambda function `read-orders`: wiring only.
#![recursion_limit = "256"] // The types of nested futures are deep.

use std::time::Duration;

use aws_sdk_dynamodb::{Client, config::Builder};
use lambda_http::Error;
use sluice_runtime::{
    Opening,
    aws::{self, Budget},
    is_open,
};
use sluice_store::DynamoStore;
use sluice_telemetry::Calls;

/// One answer needs at most two calls and a look at the secrets of 2 s, and must be out before the function's timeout of 10 s.
const READ: Budget = Budget {
    attempts: 3,
    attempt: Duration::from_millis(1_500),
    total: Duration::from_secs(3),
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    read_orders::run(env!("CARGO_CRATE_NAME"), async |https, _| {
        sluice_runtime::built_for("dynamodb")?;
        let table = sluice_runtime::required("ORDERS_TABLE")?;
        let config = Builder::from(&aws::config(READ, https)?)
            .interceptor(Calls::to("DynamoDB", &table))
            .build();
        let store = DynamoStore::new(Client::from_conf(config), table);
        https
            .open(async || is_open(&store.warm(Opening).await))
            .await;
        Ok(store)
    })
    .await
}
