//! The Lambda function `fulfill-orders`: wiring only.
#![recursion_limit = "256"] // The types of nested futures are deep.

use std::time::Duration;

use lambda_runtime::Error;
use sluice_runtime::{
    Https, Opening, SettingError,
    aws::{self, Budget},
    custom_resource, is_open, required,
};
use sluice_store::DynamoStore;
use sluice_telemetry::Calls;

/// A write is tried once: the queue is the retry, and every attempt counts against the pace.
const WRITE: Budget = Budget {
    attempts: 1,
    attempt: Duration::from_secs(3),
    total: Duration::from_secs(3),
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // A stack with a database, and a build without one: CloudFormation is told at once.
    if required("JOB").is_ok_and(|job| job == "administer") {
        let store = required("STORE").unwrap_or_default();
        let why = format!(
            "the functions are built for DynamoDB: build with STORE={store}, and deploy again"
        );
        return custom_resource::refuse(env!("CARGO_CRATE_NAME"), &why).await;
    }
    fulfill_orders::run(env!("CARGO_CRATE_NAME"), async |https, queue| {
        sluice_runtime::built_for("dynamodb")?;
        let store = store(https)?;
        let open = async || {
            // Most batches need no queue, so only storage decides.
            let (storage, _) = tokio::join!(store.warm(Opening), queue.warm());
            is_open(&storage)
        };
        https.open(open).await;
        Ok(store)
    })
    .await
}

fn store(https: &Https) -> Result<DynamoStore, SettingError> {
    let table = required("ORDERS_TABLE")?;
    let config = aws_sdk_dynamodb::config::Builder::from(&aws::config(WRITE, https)?)
        .interceptor(Calls::to("DynamoDB", &table))
        .build();
    Ok(DynamoStore::new(
        aws_sdk_dynamodb::Client::from_conf(config),
        table,
    ))
}
