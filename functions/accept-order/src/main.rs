//! The Lambda function `accept-order`: wiring only.

use std::sync::Arc;

use accept_order::{AcceptOrder, PUBLISH, SnsPublisher};
use lambda_runtime::{Context, Error};
use sluice_api::{ApiRequest, ApiResponse};
use sluice_order::SystemClock;
use sluice_runtime::aws;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    sluice_runtime::run(async || {
        let topic = sluice_runtime::required("ORDERS_TOPIC_ARN")?;
        let secrets = sluice_runtime::secrets()?;
        let hot_skus = sluice_runtime::optional("HOT_SKUS")?;
        let publisher = SnsPublisher::new(&aws::config(PUBLISH).await, topic);
        let accept = Arc::new(AcceptOrder::new(publisher, SystemClock, secrets, hot_skus));
        Ok(
            async move |request: ApiRequest, context: Context| -> ApiResponse {
                accept
                    .handle(&request, context.xray_trace_id.as_deref())
                    .await
            },
        )
    })
    .await
}
