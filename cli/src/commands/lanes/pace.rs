//! `sluice pace`: how fast the lanes are, and when they will be drained.

use serde_json::json;
use sluice_order::{Clock, Lane, SystemClock};

use super::{
    arguments::PaceArguments,
    cloudwatch,
    lambda::Lambda,
    lane_row::{DeployedSettings, LaneRow},
    lane_table::text,
};
use crate::{
    deployment::{aws::Aws, counts::counts, stack::Stack},
    terminal::{
        failure::{Exit, Failure},
        output,
    },
};

pub(crate) async fn run(stack: &str, arguments: &PaceArguments) -> Result<Exit, Failure> {
    let aws = Aws::from_environment().await?;
    let stack = Stack::find(&aws, stack).await?;
    let mut sum = 0.0;
    for lane in Lane::ALL {
        sum += stack.number::<f64>(lane, WRITES)?;
    }
    let lanes = arguments.lane.map_or(Lane::ALL.to_vec(), |lane| vec![lane]);
    let queues: Result<Vec<_>, _> = lanes.iter().map(|lane| stack.queues(*lane)).collect();
    let queues = queues?;
    let lambda = Lambda::new(&aws);
    let sqs = aws_sdk_sqs::Client::new(&aws.config);
    let now = SystemClock.now().as_millis().div_euclid(1_000);
    let metrics = cloudwatch::queue_metrics(&aws, &queues, now).await?;
    let mut rows = Vec::new();
    for queues in &queues {
        let lane = queues.lane;
        let source = lambda.find(queues, stack.consumer(lane)?).await?;
        let set = DeployedSettings {
            writes_per_second: stack.number(lane, WRITES)?,
            concurrency: source.concurrency,
            batch_size: stack.number(lane, "BatchSize")?,
        };
        let counts = counts(&aws, &sqs, &queues.queue).await?;
        let metrics = metrics.get(&lane).cloned().unwrap_or_default();
        let metrics = metrics.since(source.changed);
        rows.push(LaneRow::of(lane, &source.state, set, counts, &metrics, now));
    }
    if arguments.json {
        output::print_json(&json!({"writes_per_second_of_all_lanes": sum, "lanes": rows}));
    } else {
        output::print(&text(&rows, sum));
    }
    Ok(Exit::Fine)
}

/// The parameter of a lane that sets its pace.
const WRITES: &str = "WritesPerSecond";
