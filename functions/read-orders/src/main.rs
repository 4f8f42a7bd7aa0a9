//! The Lambda function `read-orders`: wiring only.
#![recursion_limit = "256"] // The types of nested futures are deep.

use std::{sync::Arc, time::Duration};

use lambda_runtime::{Context, Error};
use read_orders::ReadOrders;
use sluice_api::{ApiRequest, ApiResponse};
use sluice_runtime::{
    Https, Opening,
    aws::{self, Budget},
    is_open,
};
use sluice_store::DynamoStore;
use sluice_telemetry::Calls;

/// One answer needs at most two calls, and must be out before the function's timeout of 10 s.
const READ: Budget = Budget {
    attempts: 3,
    attempt: Duration::from_millis(1_500),
    total: Duration::from_secs(4),
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    sluice_runtime::run(async || {
        let table = sluice_runtime::required("ORDERS_TABLE")?;
        let secrets = sluice_runtime::secrets()?;
        let https = Https::new();
        let client = aws_sdk_dynamodb::config::Builder::from(&aws::config(READ, &https)?)
            .interceptor(Calls::to("DynamoDB", &table))
            .build();
        let client = aws_sdk_dynamodb::Client::from_conf(client);
        https
            .open(async || {
                let get = client.get_item().table_name(&table).customize();
                is_open(&get.interceptor(Opening).send().await)
            })
            .await;
        let read = Arc::new(ReadOrders::new(DynamoStore::new(client, table), secrets));
        Ok(
            async move |request: ApiRequest, _: Context| -> ApiResponse {
                read.handle(&request).await
            },
        )
    })
    .await
}
