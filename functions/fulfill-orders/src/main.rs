//! The Lambda function `fulfill-orders`: wiring only.
#![recursion_limit = "256"] // The types of nested futures are deep.

use std::{sync::Arc, time::Duration};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use fulfill_orders::xray::{TraceExport, put_segments};
use lambda_runtime::{Context, Error};
use sluice_consumer::{Pace, SqsQueue};
use sluice_order::{
    Lane, LaneSettings, SystemClock,
    lane_settings::{GATHERED_PER_SECOND, NEEDED_SHARE, share},
};
use sluice_runtime::{
    Https, LiveSecrets, Opening, SettingError,
    aws::{self, Budget},
    is_open, number, required,
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
    let by_api = export
        .as_ref()
        .is_ok_and(|export| *export == TraceExport::Api);
    let segments = by_api.then(Segments::default);
    sluice_runtime::run_with(env!("CARGO_CRATE_NAME"), segments.clone(), async || {
        export?;
        let (lane, pace) = (lane()?, pace()?);
        let https = Https::new();
        let secrets = LiveSecrets::from_env(&https)?;
        let store = store(&https)?;
        let queue = queue(&https)?;
        let opening = https.open(async || {
            // Most batches need no queue, so only storage decides.
            let (storage, _) = tokio::join!(store.warm(Opening), queue.warm());
            is_open(&storage)
        });
        secrets.read_while(opening).await;
        let consumer =
            fulfill_orders::consumer(store, queue, SystemClock, secrets.clone(), lane, pace);
        let consumer = Arc::new(consumer);
        let config = aws::config(QUEUE, &https)?;
        let xray = segments.map(|segments| (aws_sdk_xray::Client::new(&config), segments));
        Ok(
            async move |event: SqsEvent, context: Context| -> SqsBatchResponse {
                secrets.refresh().await;
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

fn lane() -> Result<Lane, SettingError> {
    let lane = required("LANE")?.parse();
    lane.map_err(|error| SettingError::invalid("LANE", error))
}

fn pace() -> Result<Pace, SettingError> {
    let writes = number("WRITES_PER_SECOND")?;
    let (concurrency, batch) = (number("CONCURRENCY")?, number("BATCH_SIZE")?);
    let settings =
        LaneSettings::fitting(writes, concurrency, batch).map_err(SettingError::unfit)?;
    let share = share(writes, concurrency, batch, GATHERED_PER_SECOND);
    if share < NEEDED_SHARE {
        tracing::warn!(
            share,
            "the lane may not reach its pace, because its batches are too short: raise CONCURRENCY (`sluice plan` says how far)"
        );
    }
    Ok(Pace::of(&settings))
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

fn queue(https: &Https) -> Result<SqsQueue, SettingError> {
    let queue_url = required("QUEUE_URL")?;
    let dead_letter_url = required("DEAD_LETTER_QUEUE_URL")?;
    let config = aws_sdk_sqs::config::Builder::from(&aws::config(QUEUE, https)?)
        .interceptor(Calls::to("SQS", &queue_url))
        .build();
    let client = aws_sdk_sqs::Client::from_conf(config);
    Ok(SqsQueue::new(client, queue_url, dead_letter_url))
}
