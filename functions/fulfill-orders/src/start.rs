//! What every consumer does at its start, whichever storage it writes to.

use std::{sync::Arc, time::Duration};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Context, Error};
use sluice_consumer::{Pace, SqsQueue};
use sluice_order::{
    Lane, LaneSettings, SystemClock,
    lane_settings::{GATHERED_PER_SECOND, NEEDED_SHARE, share},
};
use sluice_runtime::{
    Https, LiveSecrets, SettingError,
    aws::{self, Budget},
    number, required,
};
use sluice_store::OrderStore;
use sluice_telemetry::{Calls, Segments};

use crate::{
    consumer,
    xray::{TraceExport, put_segments},
};

/// A dead letter, or a change of visibility.
const QUEUE: Budget = Budget {
    attempts: 3,
    attempt: Duration::from_secs(1),
    total: Duration::from_secs(3),
};

/// Runs the function on the storage that `open` gives it. `open` opens the connections too, to storage and to the lane's queues.
///
/// # Errors
/// The Runtime API is out of reach.
pub async fn run<S: OrderStore + 'static>(
    crate_name: &'static str,
    open: impl AsyncFnOnce(&Https, &SqsQueue) -> Result<S, SettingError>,
) -> Result<(), Error> {
    let export: Result<TraceExport, _> = sluice_runtime::optional("TRACE_EXPORT");
    let by_api = export
        .as_ref()
        .is_ok_and(|export| *export == TraceExport::Api);
    let segments = by_api.then(Segments::default);
    sluice_runtime::run_with(crate_name, segments.clone(), async || {
        export?;
        let (lane, pace) = (lane()?, pace()?);
        let https = Https::new();
        let secrets = LiveSecrets::from_env(&https)?;
        let queue = queue(&https)?;
        let store = secrets.read_while(open(&https, &queue)).await?;
        let consumer = consumer(store, queue, SystemClock, secrets.clone(), lane, pace);
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

fn queue(https: &Https) -> Result<SqsQueue, SettingError> {
    let queue_url = required("QUEUE_URL")?;
    let dead_letter_url = required("DEAD_LETTER_QUEUE_URL")?;
    let config = aws_sdk_sqs::config::Builder::from(&aws::config(QUEUE, https)?)
        .interceptor(Calls::to("SQS", &queue_url))
        .build();
    let client = aws_sdk_sqs::Client::from_conf(config);
    Ok(SqsQueue::new(client, queue_url, dead_letter_url))
}
