//! The Lambda function `accept-order`: wiring only.

use std::time::Duration;

use accept_order::{AcceptOrder, SnsPublisher};
use lambda_runtime::{Context, Error};
use sluice_api::{ApiRequest, ApiResponse};
use sluice_order::SystemClock;
use sluice_runtime::aws::{self, Budget};

/// A publish may be repeated (the consumers deduplicate), but the answer must be out before the
/// function's timeout of 10 s.
const PUBLISH: Budget = Budget {
    attempts: 3,
    attempt: Duration::from_millis(2_500),
    total: Duration::from_secs(7),
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    sluice_runtime::run(async || {
        let topic = sluice_runtime::required("ORDERS_TOPIC_ARN")?;
        let secrets = sluice_runtime::secrets()?;
        let publisher = SnsPublisher::new(&aws::config(PUBLISH).await, topic);
        let accept = std::sync::Arc::new(AcceptOrder::new(publisher, SystemClock, secrets));
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
