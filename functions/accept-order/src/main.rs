//! The Lambda function `accept-order`: wiring only.
#![recursion_limit = "256"] // The types of nested futures are deep.

use std::sync::Arc;

use accept_order::{AcceptOrder, PUBLISH, SnsPublisher};
use lambda_runtime::{Context, Error};
use sluice_api::{ApiRequest, ApiResponse};
use sluice_order::SystemClock;
use sluice_runtime::{Https, Opening, aws, is_open};
use sluice_telemetry::{Calls, TraceContext};
use tracing::Span;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    sluice_runtime::run(async || {
        let topic = sluice_runtime::required("ORDERS_TOPIC_ARN")?;
        let secrets = sluice_runtime::secrets()?;
        let hot_skus = sluice_runtime::optional("HOT_SKUS")?;
        let https = Https::new();
        let config = aws_sdk_sns::config::Builder::from(&aws::config(PUBLISH, &https)?)
            .interceptor(Calls::to("SNS", &topic))
            .build();
        let client = aws_sdk_sns::Client::from_conf(config);
        https
            .open(async || {
                is_open(
                    &client
                        .publish()
                        .customize()
                        .interceptor(Opening)
                        .send()
                        .await,
                )
            })
            .await;
        let publisher = SnsPublisher::new(client, topic);
        let accept = Arc::new(AcceptOrder::new(publisher, SystemClock, secrets, hot_skus));
        Ok(
            async move |request: ApiRequest, context: Context| -> ApiResponse {
                // Of this span where it is traced, else what Lambda says.
                let here = TraceContext::of_span(&Span::current()).map(|here| here.header());
                let header = here.or(context.xray_trace_id);
                accept.handle(&request, header.as_deref()).await
            },
        )
    })
    .await
}
