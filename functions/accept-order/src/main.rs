//! The Lambda function `accept-order`: wiring only.
#![recursion_limit = "256"] // The types of nested futures are deep.

use std::sync::Arc;

use accept_order::{AcceptOrder, PUBLISH, SnsPublisher};
use lambda_runtime::{Context, Error};
use sluice_api::{ApiRequest, ApiResponse};
use sluice_order::SystemClock;
use sluice_runtime::aws;
use sluice_telemetry::{Calls, TraceContext};
use tracing::Span;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    sluice_runtime::run(async || {
        let topic = sluice_runtime::required("ORDERS_TOPIC_ARN")?;
        let secrets = sluice_runtime::secrets()?;
        let hot_skus = sluice_runtime::optional("HOT_SKUS")?;
        let config = aws_sdk_sns::config::Builder::from(&aws::config(PUBLISH).await)
            .interceptor(Calls::to("SNS", &topic))
            .build();
        let publisher = SnsPublisher::new(config, topic);
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
