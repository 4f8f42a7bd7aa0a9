//! The Lambda function `read-orders`: wiring only.
#![recursion_limit = "256"] // The types of nested futures are deep.

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::{Client, config::Builder};
use lambda_http::{Context, Error};
use read_orders::ReadOrders;
use sluice_api::{ProxyRequest, ProxyResponse};
use sluice_runtime::{
    Https, LiveSecrets, Opening,
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
    sluice_runtime::run(env!("CARGO_CRATE_NAME"), async || {
        let table = sluice_runtime::required("ORDERS_TABLE")?;
        let https = Https::new();
        let secrets = LiveSecrets::from_env(&https)?;
        let config = Builder::from(&aws::config(READ, &https)?)
            .interceptor(Calls::to("DynamoDB", &table))
            .build();
        let store = DynamoStore::new(Client::from_conf(config), table);
        secrets
            .read_while(https.open(async || is_open(&store.warm(Opening).await)))
            .await;
        let read = Arc::new(ReadOrders::new(store, secrets));
        Ok(
            async move |event: ProxyRequest, _: Context| -> ProxyResponse {
                read.handle(&event.into()).await.into()
            },
        )
    })
    .await
}
