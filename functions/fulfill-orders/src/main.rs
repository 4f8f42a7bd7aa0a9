//! The Lambda function `fulfill-orders`: wiring only.
#![recursion_limit = "256"] // The types of nested futures are deep.

use std::{sync::Arc, time::Duration};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use fulfill_orders::xray::{TraceExport, put_segments};
use lambda_runtime::{Context, Error};
use sluice_consumer::{Pace, SqsQueue};
use sluice_order::{Lane, LaneSettings, SystemClock};
use sluice_runtime::{
    Https, Opening, SettingError,
    aws::{self, Budget},
    is_open,
};
use sluice_store::DynamoStore;
use sluice_telemetry::{Calls, Segments};

/// A write is tried once: the queue is the retry, and every attempt counts against the pace.
const WRITE: Budget = Budget {
    attempts: 1,
    attempt: Duration::from_secs(3),
    total: Duration::from_secs(3),
};

/// A dead letter, or a change of visibility.
const QUEUE: Budget = Budget {
    attempts: 3,
    attempt: Duration::from_secs(1),
    total: Duration::from_secs(3),
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let export: Result<TraceExport, _> = sluice_runtime::optional("TRACE_EXPORT");
    let by_api = export.as_ref().is_ok_and(|way| *way == TraceExport::Api);
    let segments = by_api.then(Segments::default);
    sluice_runtime::run_with(segments.clone(), async || {
        export?;
        let table = sluice_runtime::required("ORDERS_TABLE")?;
        let queue_url = sluice_runtime::required("QUEUE_URL")?;
        let dead_letter_url = sluice_runtime::required("DEAD_LETTER_QUEUE_URL")?;
        let secrets = sluice_runtime::secrets()?;
        let lane: Lane = sluice_runtime::required("LANE")?
            .parse()
            .map_err(|error| SettingError::invalid("LANE", error))?;
        let settings = LaneSettings::fitting(
            sluice_runtime::number("WRITES_PER_SECOND")?,
            sluice_runtime::number("CONCURRENCY")?,
            sluice_runtime::number("BATCH_SIZE")?,
        )
        .map_err(SettingError::unfit)?;
        let https = Https::new();
        let config = aws::config(WRITE, &https)?;
        let client = aws_sdk_dynamodb::config::Builder::from(&config)
            .interceptor(Calls::to("DynamoDB", &table))
            .build();
        let storage = aws_sdk_dynamodb::Client::from_conf(client);
        let config = config
            .into_builder()
            .timeout_config(QUEUE.timeouts())
            .retry_config(QUEUE.retries())
            .build();
        let client = aws_sdk_sqs::config::Builder::from(&config)
            .interceptor(Calls::to("SQS", &queue_url))
            .build();
        let queues = aws_sdk_sqs::Client::from_conf(client);
        https
            .open(async || {
                let put = storage.put_item().table_name(&table);
                let to_storage = put.customize().interceptor(Opening);
                let send = queues.send_message().queue_url(&queue_url);
                let to_queues = send.customize().interceptor(Opening);
                let (storage, _) = tokio::join!(to_storage.send(), to_queues.send());
                // Most batches need no queue.
                is_open(&storage)
            })
            .await;
        let consumer = Arc::new(fulfill_orders::consumer(
            DynamoStore::new(storage, table),
            SqsQueue::new(queues, queue_url, dead_letter_url),
            SystemClock,
            secrets,
            lane,
            Pace::of(&settings),
        ));
        let xray = segments.map(|segments| (aws_sdk_xray::Client::new(&config), segments));
        Ok(
            async move |event: SqsEvent, context: Context| -> SqsBatchResponse {
                let answer = sluice_consumer::handle(&consumer, event, context.deadline).await;
                if let Some((client, segments)) = &xray {
                    put_segments(client, &segments.take()).await;
                }
                answer
            },
        )
    })
    .await
}
