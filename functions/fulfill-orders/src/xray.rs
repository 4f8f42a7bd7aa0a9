//! X-Ray's API, as the other way for the segments of the orders' own traces.

use std::{str::FromStr, time::Duration};

use aws_sdk_xray::Client;
use futures::{StreamExt, stream};
use tokio::time::timeout;

/// How many documents one call takes: as many as X-Ray's own daemon sends.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>
const DOCUMENTS: usize = 50;

/// How many calls are under way at once: a batch may have 10,000 orders.
const CALLS_AT_ONCE: usize = 16;

/// The answer waits for no trace longer than this. The consumer leaves a second for it.
const PATIENCE: Duration = Duration::from_millis(500);

/// How the segments of the orders' own traces are sent.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum TraceExport {
    /// By UDP through X-Ray's daemon, which Lambda runs beside the function. AWS documents it for the invocation's own trace only.
    #[default]
    Daemon,
    /// By X-Ray's API, `PutTraceSegments`, before the batch is answered for.
    Api,
}

impl FromStr for TraceExport {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "daemon" => Ok(Self::Daemon),
            "api" => Ok(Self::Api),
            _ => Err("it is neither daemon nor api"),
        }
    }
}

/// Sends segment documents. What does not arrive is logged and forgotten: traces are no promise to a customer.
pub async fn put_segments(client: &Client, documents: &[String]) {
    let calls = documents.chunks(DOCUMENTS).map(async |some| {
        let call = client
            .put_trace_segments()
            .set_trace_segment_documents(Some(some.to_vec()));
        match call.send().await {
            Ok(answer) => {
                let refused = answer.unprocessed_trace_segments();
                let first = refused.first().and_then(|first| first.error_code());
                (refused.len(), first.map(str::to_owned))
            }
            Err(error) => (some.len(), Some(sluice_aws::failure(&error).to_owned())),
        }
    });
    let calls: Vec<_> = calls.collect();
    let mut answers = stream::iter(calls).buffer_unordered(CALLS_AT_ONCE);
    let (mut lost, mut why) = (0, None);
    let all = async {
        while let Some((refused, error)) = answers.next().await {
            lost += refused;
            why = why.take().or(error);
        }
    };
    if timeout(PATIENCE, all).await.is_err() {
        tracing::warn!("X-Ray does not answer in time: traces are lost");
    } else if lost > 0 {
        tracing::warn!(traces.lost = lost, why, "X-Ray did not take every trace");
    }
}
