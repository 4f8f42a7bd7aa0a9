//! The Lambda function `accept-order`: wiring only.
#![recursion_limit = "256"] // The types of nested futures are deep.

use std::sync::Arc;

use accept_order::{AcceptOrder, PUBLISH, SnsPublisher};
use aws_sdk_sns::{Client, config::Builder};
use lambda_http::{Context, Error};
use sluice_api::{ProxyRequest, ProxyResponse};
use sluice_order::SystemClock;
use sluice_runtime::{Https, LiveSecrets, aws};
use sluice_telemetry::{Calls, TraceContext};
use tracing::Span;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    sluice_runtime::run(env!("CARGO_CRATE_NAME"), async || {
        let topic = sluice_runtime::required("ORDERS_TOPIC_ARN")?;
        let hot_skus = sluice_runtime::optional("HOT_SKUS")?;
        let https = Https::new();
        let secrets = LiveSecrets::from_env(&https)?;
        let offers = LiveSecrets::of_offers(&https)?;
        let config = Builder::from(&aws::config(PUBLISH, &https)?)
            .interceptor(Calls::to("SNS", &topic))
            .build();
        let publisher = SnsPublisher::new(Client::from_conf(config), topic);
        let opening = https.open(async || publisher.warm().await);
        match &offers {
            Some(offers) => secrets.read_while(offers.read_while(opening)).await,
            None => secrets.read_while(opening).await,
        }
        let accept = AcceptOrder::new(publisher, SystemClock, secrets, hot_skus);
        let accept = Arc::new(accept.with_offers(offers));
        Ok(
            async move |event: ProxyRequest, context: Context| -> ProxyResponse {
                // Of this span where it is traced, else what Lambda says.
                let here = TraceContext::of_span(&Span::current()).map(|here| here.header());
                let header = here.or(context.xray_trace_id);
                accept.handle(&event.into(), header.as_deref()).await.into()
            },
        )
    })
    .await
}
